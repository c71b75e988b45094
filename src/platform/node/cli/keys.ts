// `whereabouts keys`: the public side of a deployment's keys, as others need them, and the change of the OPRF key (§10).
// Never the secrets.
import { Command } from 'commander';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { nobleGroup } from '../../../protocol/group-noble.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { secretsOf } from '../../../server/config.ts';
import { postponeKeys, rotateKeys } from '../../../server/key-rotation.ts';
import { openKeys, type StoredKeys } from '../../../server/keys.ts';
import { MOMENT, moment } from '../../../server/setting-forms.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { changeKeysFile, loadKeys } from '../keys-file.ts';
import { readSetup, type Setup } from './asking.ts';
import { EXIT } from './exit.ts';
import { formatKeys, formatMoment } from './keys-text.ts';
import type { Terminal } from './program.ts';

const EXAMPLES = `
Examples:
  $ whereabouts keys --domain directory.example
  $ whereabouts keys --keys /etc/whereabouts/keys.json --json | jq .jwks
  $ whereabouts keys rotate --until 2027-03-01        another OPRF key; the old one ends then
  $ whereabouts keys postpone --until 2027-06-01      give everybody more time

oprf    key id and public key of each evaluation key, as the directory's configuration lists them
jwks    for the \`jwks\` member of a description you serve yourself
log     verifier key of the directory's log, for witnesses and pinned policies (with --domain)
witness, auditor   verifier keys for those roles, for directories that ask them and policies that demand them`;

interface KeysOptions {
  readonly keys?: string;
  readonly domain?: string;
  readonly config?: string;
  readonly json?: true;
}

export function keysCommand(terminal: Terminal): Command {
  const shared = (command: Command): Command =>
    command
      .option('--keys <file>', 'keys file')
      .option('--domain <domain>', 'domain of the deployment')
      .option('--config <file>', 'configuration file')
      .option('--json', 'print JSON');
  return shared(new Command('keys'))
    .summary('show the public side of the keys, change the OPRF key')
    .description('Shows key ids, the JWK set and the log’s verifier key. Secrets are never shown.')
    .addHelpText('after', EXAMPLES)
    .action(async (options: KeysOptions) => {
      const { values, folders } = readSetup(terminal, options.config);
      const file = options.keys ?? values.keys ?? (values.signingKey === undefined ? folders.keys : undefined);
      const shown = formatKeys(await loadKeys(nobleGroup, file, secretsOf(values)), options.domain ?? values.domain);
      terminal.print(options.json === true ? JSON.stringify(shown.json) : shown.text);
      terminal.leave(EXIT.done);
    })
    .addCommand(shared(rotateCommand(terminal)))
    .addCommand(shared(postponeCommand(terminal)));
}

const AFTER_CHANGE = `
A directory that runs on the keys file takes the change up by itself within seconds. With several machines, copy the file to
each at once. Make a new copy for your backups before anybody registers under the new key: docs/operating.md, "Another OPRF key".`;

function rotateCommand(terminal: Terminal): Command {
  return new Command('rotate')
    .description(
      'Adds an OPRF key and gives the one there is an end. Until then both are in use; then the old one is destroyed.',
    )
    .option('--until <date>', `end of the old key: ${MOMENT} (default: in 100 days)`)
    .addHelpText('after', AFTER_CHANGE)
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<ChangeOptions>();
      const now = Math.floor(systemClock() / 1000);
      // As long as a phone number's attestation counts (§5.3): who renews in time for that has renewed in time for this.
      const until = options.until === undefined ? now + LIMITS.phoneAttestationSeconds : parseMoment(options.until);
      const change = (stored: StoredKeys) =>
        rotateKeys(stored, { group: nobleGroup, random: systemRandom, until, now });
      await changeKeys(terminal, options, change, `The old key ends ${formatMoment(until)}.`);
    });
}

function postponeCommand(terminal: Terminal): Command {
  return new Command('postpone')
    .description('Moves the end of the old OPRF key later. It can never be moved earlier.')
    .requiredOption('--until <date>', `the new end: ${MOMENT}`)
    .addHelpText('after', AFTER_CHANGE)
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<ChangeOptions & { until: string }>();
      const until = parseMoment(options.until);
      const change = (stored: StoredKeys) => postponeKeys(stored, { until, now: Math.floor(systemClock() / 1000) });
      await changeKeys(terminal, options, change, `The old key ends ${formatMoment(until)} now.`);
    });
}

interface ChangeOptions extends KeysOptions {
  readonly until?: string;
}

async function changeKeys(
  terminal: Terminal,
  options: ChangeOptions,
  change: (stored: StoredKeys) => StoredKeys,
  said: string,
): Promise<void> {
  const setup = readSetup(terminal, options.config);
  const stored = await changeKeysFile(fileOf(setup, options), change);
  const shown = formatKeys(await openKeys(nobleGroup, stored), options.domain ?? setup.values.domain);
  terminal.print(options.json === true ? JSON.stringify(shown.json) : `${said}\n${shown.text}`);
  terminal.leave(EXIT.done);
}

function fileOf({ values, folders }: Setup, options: KeysOptions): string {
  if (options.keys === undefined && values.signingKey !== undefined)
    throw new WhereaboutsError(
      'config-invalid',
      'the keys come from the environment: change WHEREABOUTS_OPRF_KEY, WHEREABOUTS_OLD_OPRF_KEY and ' +
        'WHEREABOUTS_OLD_OPRF_KEY_UNTIL there, as docs/operating.md says',
    );
  return options.keys ?? values.keys ?? folders.keys;
}

function parseMoment(text: string): number {
  const parsed = moment.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new WhereaboutsError('config-invalid', `--until must be ${MOMENT}`);
}
