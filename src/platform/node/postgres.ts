// PostgreSQL: the database of every deployment that matters, with its schema brought up to date and limits on how long anything
// in it may take. How connections are used: postgres-pool.ts.
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { checkReady, isDatabaseTrouble, type Database } from '../../server/store/database.ts';
import { CONNECTION, openPool } from '../postgres-pool.ts';
import { APPLIED, HAS_MIGRATIONS, MIGRATIONS, refuseNewer } from './migrations.ts';

/** Whom instances that start together wait for. */
const MIGRATION_LOCK = 7_272_740_001;

const POOL = 6;
const CLOSE_SECONDS = 5;
const STATEMENT_MILLISECONDS = 5_000;
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
  const sql = postgres(url, { ...CONNECTION, max: 1 });
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK}::bigint)`;
    const [row] = await sql.unsafe<{ there: boolean }[]>(HAS_MIGRATIONS);
    if (row?.there === true) refuseNewer(await sql.unsafe<{ hash: string }[]>(APPLIED));
    await migrate(drizzle(sql), { migrationsFolder: MIGRATIONS });
  } catch (cause) {
    if (!isDatabaseTrouble(cause)) throw cause;
    throw new WhereaboutsError('peer-unreachable', 'the database cannot be reached', { cause });
  } finally {
    await sql.end({ timeout: CLOSE_SECONDS });
  }
}

/** Migrates, then opens a pool. What a transaction committed survives whatever the server's `synchronous_commit` lets survive. */
export async function openPostgres(url: string): Promise<Database> {
  await migratePostgres(url);
  const { db, close, use } = openPool(url, {
    statements: POOL,
    transactions: POOL,
    isLasting: true,
    idle_timeout: 60,
    max_lifetime: 1_800,
    connection: {
      application_name: 'whereabouts',
      // What is read after a lock must be what its last holder committed: store/locks rests on it.
      default_transaction_isolation: 'read committed',
      statement_timeout: STATEMENT_MILLISECONDS,
      idle_in_transaction_session_timeout: STALLED_MILLISECONDS,
    },
  });
  return { db, ready: () => checkReady(db), close, use };
}
