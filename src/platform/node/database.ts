// Which database a deployment has: PostgreSQL where one is named, else the embedded one. Loads only the driver that is wanted.
import type { Config, Secrets } from '../../server/config.ts';
import type { Log } from '../../server/context.ts';
import type { Database } from '../../server/store/database.ts';
import { openFolder } from './paths.ts';

export async function openDatabase(config: Config, { databaseUrl }: Secrets, log: Log): Promise<Database> {
  if (databaseUrl !== undefined) {
    const { openPostgres } = await import('./postgres.ts');
    return openPostgres(databaseUrl);
  }
  const { openEmbedded } = await import('./embedded.ts');
  return openEmbedded(openFolder(config.data), { log });
}
