// `whereabouts witness`: `serve` as a witness and nothing else, for who runs one for a friend's directory.
import { Command } from 'commander';
import type { Doors } from './serve.ts';

const EXAMPLES = `
Examples:
  $ whereabouts init && whereabouts keys --domain witness.example
  $ WHEREABOUTS_DOMAIN=witness.example WHEREABOUTS_LOGS=directory.example whereabouts witness

Cosigns checkpoints of the logs in WHEREABOUTS_LOGS, as c2sp.org/tlog-witness says, under https://<domain>/witness: each only
once it is proven that the log only grew, and never two of one size. Give the directory's operator the verifier key that
\`whereabouts keys\` shows. What was cosigned is in the database: with DATABASE_URL it survives a power cut as well. A witness
that lost it must be given another key.
Exit codes: 2 for a configuration that cannot be used, 3 for a port or data folder that somebody else has.`;

export function witnessCommand(doors: Doors): Command {
  return new Command('witness')
    .summary('cosign the logs of directories')
    .description('Runs a witness: the role `witness` of `serve`, whatever WHEREABOUTS_ROLES says.')
    .option('--config <file>', 'configuration file')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { config?: string }) => {
      await doors.production({ config: options.config, roles: 'witness' });
    });
}
