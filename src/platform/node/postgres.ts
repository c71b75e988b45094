// PostgreSQL through postgres.js: the database of every deployment that matters. The only file that imports the driver for Node.
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { checkReady, isDatabaseTrouble, type Database, type Db } from '../../server/store/database.ts';
import * as schema from '../../server/store/schema.ts';
import { APPLIED, HAS_MIGRATIONS, MIGRATIONS, refuseNewer } from './migrations.ts';

/** Whom instances that start together wait for. */
const MIGRATION_LOCK = 7_272_740_001;

const POOL = 10;
const STATEMENT_MILLISECONDS = 5_000;
const CONNECT_SECONDS = 5;

/**
 * Brings the schema up to date on one connection under a session lock, so that replicas may start together.
 * `database-newer` when the schema is of a later version; `peer-unreachable` when nobody answers.
 */
export async function migratePostgres(url: string): Promise<void> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: CONNECT_SECONDS,
    onnotice: () => undefined,
    fetch_types: false,
  });
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK}::bigint)`;
    const [row] = await sql.unsafe<{ there: boolean }[]>(HAS_MIGRATIONS);
    if (row?.there === true) refuseNewer(await sql.unsafe<{ hash: string }[]>(APPLIED));
    await migrate(drizzle(sql), { migrationsFolder: MIGRATIONS });
  } catch (cause) {
    if (!isDatabaseTrouble(cause)) throw cause;
    throw new WhereaboutsError('peer-unreachable', 'the database cannot be reached', { cause });
  } finally {
    await sql.end({ timeout: CONNECT_SECONDS });
  }
}

/** Migrates, then opens a pool. What a transaction committed survives whatever the server's `synchronous_commit` lets survive. */
export async function openPostgres(url: string): Promise<Database> {
  await migratePostgres(url);
  const sql = postgres(url, {
    max: POOL,
    connect_timeout: CONNECT_SECONDS,
    idle_timeout: 60,
    max_lifetime: 1_800,
    fetch_types: false,
    onnotice: () => undefined,
    connection: {
      application_name: 'whereabouts',
      // What is read after a lock must be what its last holder committed: store/locks rests on it.
      default_transaction_isolation: 'read committed',
      statement_timeout: STATEMENT_MILLISECONDS,
      idle_in_transaction_session_timeout: 2 * STATEMENT_MILLISECONDS,
    },
  });
  const db: Db = drizzle(sql, { schema });
  return { db, ready: () => checkReady(db), close: () => sql.end({ timeout: CONNECT_SECONDS }) };
}
