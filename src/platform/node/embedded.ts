// PGlite on a data folder: the database that needs no installing. Only this file imports it, and only when it is wanted.
import path from 'node:path';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Log } from '../../server/context.ts';
import { checkReady, type Database, type Db } from '../../server/store/database.ts';
import * as schema from '../../server/store/schema.ts';
import { lockFolder } from './folder-lock.ts';
import { APPLIED, HAS_MIGRATIONS, MIGRATIONS, refuseNewer } from './migrations.ts';

/** PGlite has no background processes: without these its log and its dead rows only grow. */
const CHECKPOINT_MILLISECONDS = 5 * 60_000;
const VACUUM_MILLISECONDS = 24 * 3_600_000;
const SETTINGS = ['-c', 'max_wal_size=64MB', '-c', 'min_wal_size=32MB'];

/**
 * Opens (or makes) the database in `folder`, schema up to date. What a transaction committed survives the death of the
 * process, not that of the machine: PGlite never syncs. One process at a time, one transaction at a time.
 */
export async function openEmbedded(folder: string, log?: Pick<Log, 'warn'>): Promise<Database> {
  const unlock = await lockFolder(folder);
  try {
    return await openLocked(folder, unlock, log);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function openLocked(folder: string, unlock: () => void, log?: Pick<Log, 'warn'>): Promise<Database> {
  const [{ PGlite }, { drizzle }, { migrate }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('drizzle-orm/pglite'),
    import('drizzle-orm/pglite/migrator'),
  ]);
  const startParams = [...PGlite.defaultStartParams, ...SETTINGS];
  const client = await PGlite.create({ dataDir: path.join(folder, 'pglite'), startParams }).catch((cause: unknown) => {
    throw new WhereaboutsError('config-invalid', 'the database in the data folder cannot be opened', { cause });
  });
  try {
    const [row] = (await client.query<{ there: boolean }>(HAS_MIGRATIONS)).rows;
    if (row?.there === true) refuseNewer((await client.query<{ hash: string }>(APPLIED)).rows);
    const embedded = drizzle(client, { schema });
    await migrate(embedded, { migrationsFolder: MIGRATIONS });
    const db: Db = embedded;
    const upkeep = (statement: string, milliseconds: number) =>
      setInterval(() => {
        client.exec(statement).catch(() => log?.warn('upkeep-failed', { statement }));
      }, milliseconds).unref();
    const timers = [upkeep('checkpoint', CHECKPOINT_MILLISECONDS), upkeep('vacuum (analyze)', VACUUM_MILLISECONDS)];
    return {
      db,
      ready: () => checkReady(db),
      close: async () => {
        timers.forEach((timer) => clearInterval(timer));
        await client.close();
        unlock();
      },
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}
