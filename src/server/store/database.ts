// The database as verbs see it: one type for postgres.js, PGlite and a transaction of either. Connections are opened by platform/.
import { sql } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import type * as schema from './schema.ts';

/** A connection pool or a transaction on it; READ COMMITTED, read your own writes. */
export type Db = PgDatabase<PgQueryResultHKT, typeof schema>;

/** An open database: schema up to date, ready for use until `close`. */
export interface Database {
  readonly db: Db;
  close(): Promise<void>;
  /** Throws when the database does not answer. */
  ready(): Promise<void>;
}

/** Throws when the database cannot be reached or holds no schema of ours. */
export async function checkReady(db: Db): Promise<void> {
  await db.execute(sql`select 1 from directory_state limit 1`);
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

/** What drivers say without a code of a database that is closed, lost, silent, or has no connection left. */
const UNCODED =
  /^(?:PGlite is closed|Connection terminated|Client (?:has encountered|was closed)|Query read timeout|timeout ex|Cannot use a pool)/;

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
    if (UNCODED.test(at.message)) return true;
  }
  return false;
}

/** The driver's code on `error` itself: an SQLSTATE or a name such as ECONNREFUSED. */
export function sqlState(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
