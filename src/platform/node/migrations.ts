// The generated SQL of drizzle/ and whether a database is one this program knows. Applying it is each driver's own.
import path from 'node:path';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { PACKAGE } from './package-folder.ts';

export const MIGRATIONS = path.join(PACKAGE, 'drizzle');

/** Hashes of the migrations applied so far; the table is missing in an empty database. */
export const APPLIED = `select hash from drizzle.__drizzle_migrations`;
export const HAS_MIGRATIONS = `select to_regclass('drizzle.__drizzle_migrations') is not null as there`;

/** Throws `database-newer` when a migration was applied that this program does not have: it would misread what it finds. */
export function refuseNewer(applied: readonly { readonly hash: string }[]): void {
  const known = new Set(readMigrationFiles({ migrationsFolder: MIGRATIONS }).map(({ hash }) => hash));
  if (applied.some(({ hash }) => !known.has(hash)))
    throw new WhereaboutsError('database-newer', 'the database was written by a version this one does not know');
}
