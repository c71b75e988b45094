// Which database a deployment has: PostgreSQL where one is named, else the embedded one. Loads only the driver that is wanted.
import type { Config, Secrets } from '../../server/config.ts';
import type { Log } from '../../server/context.ts';
import { readingOf, type Reading } from '../../server/metrics.ts';
import type { Database } from '../../server/store/database.ts';
import { within } from '../../server/directory/sequencer/waiting.ts';
import { openFolder } from './paths.ts';

/** A database that takes longer for the least there is to ask is not up. */
const ANSWER_MILLISECONDS = 1_000;

export async function openDatabase(config: Config, { databaseUrl }: Secrets, log: Log): Promise<Database> {
  if (databaseUrl !== undefined) {
    const { openPostgres } = await import('./postgres.ts');
    return openPostgres(databaseUrl);
  }
  const { openEmbedded } = await import('./embedded.ts');
  return openEmbedded(openFolder(config.data), { log });
}

/** Whether it answers, and who uses its connections. */
export async function readDatabaseGauges(database: Database): Promise<readonly Reading[]> {
  const answers = within(ANSWER_MILLISECONDS, database.ready());
  const isUp = await answers.catch(() => undefined);
  return [
    readingOf('database_up', {}, isUp === true ? 1 : 0),
    ...Object.entries(database.use?.() ?? {}).flatMap(([use, { running, waiting }]) => [
      readingOf('database_running', { use }, running),
      readingOf('database_waiting', { use }, waiting),
    ]),
  ];
}
