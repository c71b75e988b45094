// `whereabouts keys`: the public side of a deployment's keys, as others need them. Never the secrets.
import { Command } from 'commander';
import { nobleGroup } from '../../../protocol/group-noble.ts';
import { formatVkey } from '../../../protocol/log/vkey.ts';
import { formatNoteKey } from '../../../protocol/note-key.ts';
import { formatBase64 } from '../../../protocol/wire.ts';
import { secretsOf } from '../../../server/config.ts';
import type { Keys } from '../../../server/keys.ts';
import { findCosigner } from '../../../server/witness-parts.ts';
import { loadKeys } from '../keys-file.ts';
import { readSetup } from './asking.ts';
import { EXIT } from './exit.ts';
import type { Terminal } from './program.ts';

const EXAMPLES = `
Examples:
  $ whereabouts keys --domain directory.example
  $ whereabouts keys --keys /etc/whereabouts/keys.json --json | jq .jwks

oprf    key id and public key of each evaluation key, as the directory's configuration lists them
jwks    for the \`jwks\` member of a description you serve yourself
log     verifier key of the directory's log, for witnesses and pinned policies (with --domain)
witness, auditor   verifier keys for those roles, for directories that ask them and policies that demand them`;

export function keysCommand(terminal: Terminal): Command {
  return new Command('keys')
    .summary('show the public side of the keys')
    .description('Shows key ids, the JWK set and the log’s verifier key. Secrets are never shown.')
    .option('--keys <file>', 'keys file')
    .option('--domain <domain>', 'domain of the deployment')
    .option('--config <file>', 'configuration file')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { keys?: string; domain?: string; config?: string; json?: true }) => {
      const { values, folders } = readSetup(terminal, options.config);
      const file = options.keys ?? values.keys ?? (values.signingKey === undefined ? folders.keys : undefined);
      const shown = formatKeys(await loadKeys(nobleGroup, file, secretsOf(values)), options.domain ?? values.domain);
      terminal.print(options.json === true ? JSON.stringify(shown.json) : shown.text);
      terminal.leave(EXIT.done);
    });
}

/** Public parts, for people and for programs. */
export function formatKeys(keys: Keys, domain: string | undefined): { text: string; json: object } {
  const oprf = keys.oprf.map(({ id, publicKey, until }) => ({
    id,
    publicKey: formatBase64(publicKey),
    ...(until === undefined ? {} : { until }),
  }));
  const log = domain === undefined ? undefined : formatNoteKey(`${domain}/whereabouts`, keys.log);
  const cosigning = (['witness', 'auditor'] as const).flatMap((role) => {
    const key = domain === undefined ? undefined : findCosigner(keys, domain, role)?.key;
    return key === undefined ? [] : [[role, formatVkey(key)] as const];
  });
  const lines = [
    ...oprf.map(
      ({ id, publicKey, until }) => `oprf  ${id} ${publicKey}${until === undefined ? '' : ` until ${until}`}`,
    ),
    `jwks  ${JSON.stringify(keys.jwks)}`,
    log === undefined ? 'log   (give --domain for the verifier key)' : `log   ${log}`,
    ...cosigning.map(([role, vkey]) => `${role} ${vkey}`),
  ];
  return {
    text: lines.join('\n'),
    json: { oprf, jwks: keys.jwks, ...(log === undefined ? {} : { log }), ...Object.fromEntries(cosigning) },
  };
}
