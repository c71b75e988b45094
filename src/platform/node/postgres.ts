// PostgreSQL: the database of every deployment that matters, with its schema brought up to date and limits on how long anything
// in it may take. How connections are used: postgres-pool.ts.
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { checkReady, isDatabaseTrouble, type Database } from '../../server/store/database.ts';
import { openPool } from '../postgres-pool.ts';
import { APPLIED, HAS_MIGRATIONS, MIGRATIONS, refuseNewer } from './migrations.ts';

/** Whom instances that start together wait for. */
const MIGRATION_LOCK = 7_272_740_001;

const POOL = 10;
const CONNECT_MILLISECONDS = 5_000;
const STATEMENT_MILLISECONDS = 5_000;
/** The server has given up by then, so it is gone, or the way to it is. */
const SILENT_MILLISECONDS = STATEMENT_MILLISECONDS + 2_000;
/**
 * A process that stands still in mid-transaction holds its locks this long. Shorter than a statement waits for a lock: who
 * waits for it gets it.
 */
const STALLED_MILLISECONDS = 3_000;

/**
 * Brings the schema up to date on one connection under a session lock, so that replicas may start together.
 * `database-newer` when the schema is of a later version; `peer-unreachable` when nobody answers.
 */
export async function migratePostgres(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MILLISECONDS });
  // The statement under way hears of it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const found = await client.query<{ there: boolean }>(HAS_MIGRATIONS);
    if (found.rows[0]?.there === true) refuseNewer((await client.query<{ hash: string }>(APPLIED)).rows);
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
  } catch (cause) {
    if (!isDatabaseTrouble(cause)) throw cause;
    throw new WhereaboutsError('peer-unreachable', 'the database cannot be reached', { cause });
  } finally {
    await client.end();
  }
}

/** Migrates, then opens a pool. What a transaction committed survives whatever the server's `synchronous_commit` lets survive. */
export async function openPostgres(url: string): Promise<Database> {
  await migratePostgres(url);
  const pool = openPool(url, {
    max: POOL,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: 1_800,
    application_name: 'whereabouts',
    // What is read after a lock must be what its last holder committed: store/locks rests on it.
    options: '-c default_transaction_isolation=read\\ committed',
    statement_timeout: STATEMENT_MILLISECONDS,
    query_timeout: SILENT_MILLISECONDS,
    idle_in_transaction_session_timeout: STALLED_MILLISECONDS,
  });
  return { db: pool.db, ready: () => checkReady(pool.db), close: () => pool.close() };
}
