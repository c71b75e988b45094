// The database as verbs see it: one type for postgres.js, PGlite and a transaction of either. Connections are opened by platform/.
import { sql } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import type * as schema from './schema.ts';

/** A connection pool or a transaction on it; READ COMMITTED, read your own writes. */
export type Db = PgDatabase<PgQueryResultHKT, typeof schema>;

/** How many hold a connection, and how many wait for one. */
export interface Use {
  readonly running: number;
  readonly waiting: number;
}

/** Statements share connections, each transaction has one to itself. */
export interface PoolUse {
  readonly statement: Use;
  readonly transaction: Use;
}

/** An open database: schema up to date, ready for use until `close`. */
export interface Database {
  /** Of its connections; a database in this process has none. */
  readonly use?: () => PoolUse;
  readonly db: Db;
  close(): Promise<void>;
  /** Whether its schema is this program's; throws when it does not answer. */
  ready(): Promise<boolean>;
}

/** When the newest migration of drizzle/ was made, in milliseconds: its number in the table of applied ones. */
export const SCHEMA = 1_795_874_617_520;

/** Whether the schema is this program's, or a later one; throws when the database cannot be reached or was never migrated. */
export async function checkReady(db: Db): Promise<boolean> {
  const applied = sql`drizzle.__drizzle_migrations`;
  const rows = await db
    .select({ isCurrent: sql<boolean>`coalesce(max(created_at) >= ${SCHEMA}, false)` })
    .from(applied);
  return rows[0]?.isCurrent === true;
}

const UNREACHABLE = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * SQLSTATE classes that pass or are an operator's to mend: connection, read-only standby, log-in, no such database,
 * rollback, resources, not in the right state, intervention, system.
 */
const PASSING = /^(?:08|25006|28|3D|40|53|55|57|58)/;

/**
 * Whether `error` says that the database is down, too busy or gave up in time, so that trying again later may help;
 * anything else it says is our mistake.
 */
export function isDatabaseTrouble(error: unknown): boolean {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth++, at = at.cause) {
    const code = sqlState(at);
    if (code !== undefined && (UNREACHABLE.has(code) || (code.length === 5 && PASSING.test(code)))) return true;
    if (at.message === 'PGlite is closed') return true;
  }
  return false;
}

/** The driver's code on `error` itself: an SQLSTATE or a name such as ECONNREFUSED. */
export function sqlState(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
