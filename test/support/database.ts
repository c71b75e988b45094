// A database for one suite: its own on the run's real PostgreSQL, or PGlite in a folder of its own.
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import postgres from 'postgres';
import { inject } from 'vitest';
import { openEmbedded } from '../../src/platform/node/embedded.ts';
import { openPostgres } from '../../src/platform/node/postgres.ts';
import type { Database } from '../../src/server/store/database.ts';
import { IS_LONG } from './long.ts';

/** For `describe.each(ENGINES)`: suites about statements, transactions and who comes first run on both. */
export const ENGINES = ['postgres', 'pglite'] as const;
export type Engine = (typeof ENGINES)[number];
/** For suites that say the same statements for longer: PGlite, which is PostgreSQL compiled to WebAssembly, only where they run as large as they are meant. */
export const LONG_ENGINES: readonly Engine[] = IS_LONG ? ENGINES : ['postgres'];

export interface TestDatabase extends Database {
  /** Connection string; undefined for PGlite. */
  readonly url: string | undefined;
  /** Folder; undefined for PostgreSQL. */
  readonly folder: string | undefined;
  /** Runs SQL that our own code has no verb for. */
  query(text: string): Promise<Record<string, unknown>[]>;
}

let made = 0;

/** Runs SQL on the run's own server, outside every suite's database. */
export async function administer(statement: string): Promise<void> {
  const sql = postgres(inject('postgresUrl'), { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

/** Makes an empty database on the run's PostgreSQL: its URL and how to drop it. */
export async function createPostgresDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `test_${process.pid}_${made++}_${Date.now().toString(36)}`;
  await administer(`create database ${name}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => administer(`drop database if exists ${name} with (force)`),
  };
}

export async function openTestDatabase(engine: Engine): Promise<TestDatabase> {
  return engine === 'postgres' ? openOnPostgres() : openOnPglite();
}

async function openOnPostgres(): Promise<TestDatabase> {
  const place = await createPostgresDatabase();
  const { url } = place;
  const database = await openPostgres(url);
  return {
    ...database,
    url,
    folder: undefined,
    query: async (text) => rowsOf(await database.db.execute(text)),
    close: async () => {
      await database.close();
      await place.drop();
    },
  };
}

async function openOnPglite(): Promise<TestDatabase> {
  const folder = await mkdtemp(path.join(tmpdir(), 'whereabouts-test-'));
  const database = await openEmbedded(folder, { from: () => openAsBlob(inject('emptyPglite')) });
  return {
    ...database,
    url: undefined,
    folder,
    query: async (text) => rowsOf(await database.db.execute(text)),
    close: async () => {
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Rows of a statement that was written by hand: postgres.js gives an array, PGlite an object with one. */
export function rowsOf(result: unknown): Record<string, unknown>[] {
  const rows = Array.isArray(result) ? result : (result as { rows: unknown[] }).rows;
  return [...rows] as Record<string, unknown>[];
}

/** Empties every table, so that tests of one suite do not meet. */
export async function emptyTables(database: TestDatabase): Promise<void> {
  const tables = await database.query(`select tablename from pg_tables where schemaname = 'public'`);
  const names = tables.map((row) => `"${String(row['tablename'])}"`).join(', ');
  await database.query(`truncate ${names}`);
}
