// PGlite on a data folder: the database that needs no installing. Only this file imports it, and only when it is wanted.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Log } from '../../server/context.ts';
import { checkReady, type Database, type Db } from '../../server/store/database.ts';
import * as schema from '../../server/store/schema.ts';
import { lockFolder } from './folder-lock.ts';
import { APPLIED, HAS_MIGRATIONS, MIGRATIONS, refuseNewer } from './migrations.ts';

/** PGlite has no background processes: without these its log and its dead rows only grow. */
const CHECKPOINT_MILLISECONDS = 60_000;
const VACUUM_MILLISECONDS = 10 * 60_000;
const SETTINGS = ['-c', 'max_wal_size=64MB', '-c', 'min_wal_size=32MB'];
/** Nobody is answered meanwhile: only tables that are worth it, as PostgreSQL's own autovacuum judges. */
const WORTH_VACUUM = `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
  where n_dead_tup > 1000 + 0.2 * n_live_tup`;

export interface EmbeddedDatabase extends Database {
  /** Made just now: nothing is in it but the schema. */
  readonly isNew: boolean;
  /** Everything in it, to begin another with: making one from nothing takes three times as long. */
  dump(): Promise<Blob>;
}

export interface EmbeddedOptions {
  readonly log?: Pick<Log, 'warn'> | undefined;
  /** What a database that is not there yet begins with. */
  readonly from?: () => Promise<Blob>;
}

/**
 * Opens (or makes) the database in `folder`, schema up to date. What a transaction committed survives the death of the
 * process, not that of the machine: PGlite never syncs. One process at a time, one transaction at a time.
 */
export async function openEmbedded(folder: string, options: EmbeddedOptions = {}): Promise<EmbeddedDatabase> {
  const unlock = await lockFolder(folder);
  try {
    return await openLocked(folder, unlock, options);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function openLocked(
  folder: string,
  unlock: () => void,
  { log, from }: EmbeddedOptions,
): Promise<EmbeddedDatabase> {
  const [{ PGlite }, { drizzle }, { migrate }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('drizzle-orm/pglite'),
    import('drizzle-orm/pglite/migrator'),
  ]);
  const startParams = [...PGlite.defaultStartParams, ...SETTINGS];
  const dataDir = path.join(folder, 'pglite');
  const isNew = !existsSync(dataDir);
  const begin = from === undefined || !isNew ? {} : { loadDataDir: await from() };
  const client = await PGlite.create({ dataDir, startParams, ...begin }).catch((cause: unknown) => {
    throw new WhereaboutsError('config-invalid', 'the database in the data folder cannot be opened', { cause });
  });
  try {
    const [row] = (await client.query<{ there: boolean }>(HAS_MIGRATIONS)).rows;
    if (row?.there === true) refuseNewer((await client.query<{ hash: string }>(APPLIED)).rows);
    const embedded = drizzle(client, { schema });
    await migrate(embedded, { migrationsFolder: MIGRATIONS });
    const db: Db = embedded;
    const upkeep = (what: string, milliseconds: number, work: () => Promise<unknown>) =>
      setInterval(() => void work().catch(() => log?.warn('upkeep-failed', { what })), milliseconds).unref();
    const vacuum = async () => {
      const { rows } = await client.query<{ name: string }>(WORTH_VACUUM);
      for (const { name } of rows) await client.exec(`vacuum (analyze) ${name}`);
    };
    const timers = [
      upkeep('checkpoint', CHECKPOINT_MILLISECONDS, () => client.exec('checkpoint')),
      upkeep('vacuum', VACUUM_MILLISECONDS, vacuum),
    ];
    return {
      db,
      isNew,
      ready: () => checkReady(db),
      dump: () => client.dumpDataDir('none'),
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
