// `whereabouts migrate`: brings a database's schema up to date and ends, for deployments that cannot do it themselves.
import { Command } from 'commander';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { EXIT } from './exit.ts';
import type { Terminal } from './program.ts';

const EXAMPLES = `
Example:
  $ DATABASE_URL=postgres://… whereabouts migrate

\`whereabouts serve\` does this by itself. On Cloudflare Workers nothing can: run it with the database's own address, not
Hyperdrive's, before a new version is deployed. Several may run at once. Exit codes: 2 without DATABASE_URL or for a database
of a later version, 3 where the database cannot be reached.`;

export function migrateCommand(terminal: Terminal): Command {
  return new Command('migrate')
    .summary('bring the database up to date')
    .description("Brings the schema of DATABASE_URL's PostgreSQL up to date.")
    .addHelpText('after', EXAMPLES)
    .action(async () => {
      const url = terminal.env['DATABASE_URL'];
      if (url === undefined || url === '') throw new WhereaboutsError('config-invalid', 'DATABASE_URL is not set');
      const { migratePostgres } = await import('../postgres.ts');
      await migratePostgres(url);
      terminal.print('The schema is up to date.');
      terminal.leave(EXIT.done);
    });
}
