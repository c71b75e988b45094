// `whereabouts init`: makes a deployment's keys, and a token for its resolver. Prints what is public and where the rest lies.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Command } from 'commander';
import { nobleGroup } from '../../../protocol/group-noble.ts';
import { readSetup } from './asking.ts';
import { systemRandom } from '../clock.ts';
import { generateKeys, openKeys } from '../../../server/keys.ts';
import { createKeysFile } from '../keys-file.ts';
import { createSecretFile, findSecretFile } from '../secret-file.ts';
import { EXIT } from './exit.ts';
import { formatKeys } from './keys-text.ts';
import type { Terminal } from './program.ts';

const EXAMPLES = `
Examples:
  $ whereabouts init
  $ whereabouts init --keys /etc/whereabouts/keys.json --domain directory.example

Makes an OPRF key (what blinded names are computed with), a signing key (what this domain speaks with) and a log key, in one
file that only you can read, and beside it a token for the resolver. Keep a copy where you keep backups: without the OPRF key
every registration is lost. Nothing that exists is ever overwritten.`;

export function initCommand(terminal: Terminal): Command {
  return new Command('init')
    .summary('make keys for a deployment')
    .description('Makes the keys of a deployment. The secrets are written to a file and never printed.')
    .option('--keys <file>', 'keys file to make')
    .option('--domain <domain>', 'domain of the deployment, for the public keys that are printed')
    .option('--config <file>', 'configuration file')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { keys?: string; domain?: string; config?: string; json?: true }) => {
      const { values, folders } = readSetup(terminal, options.config);
      const file = options.keys ?? values.keys ?? folders.keys;
      const stored = await generateKeys(nobleGroup, systemRandom);
      createKeysFile(file, stored);
      const token = path.join(path.dirname(file), 'resolver-token');
      if (findSecretFile(token) === undefined) createSecretFile(token, `${randomBytes(32).toString('base64url')}\n`);
      const keys = await openKeys(nobleGroup, stored);
      const shown = formatKeys(keys, options.domain ?? values.domain);
      if (options.json === true) terminal.print(JSON.stringify({ file, token, ...shown.json }));
      else {
        terminal.print(`${terminal.style('green', 'Made')} ${file} (mode 0600) and ${token}`);
        terminal.print('');
        terminal.print(shown.text);
      }
      terminal.leave(EXIT.done);
    });
}
