// Statements that are asked all the time: their text is put together once, and each connection prepares it once. Building a query
// costs this process more than PostgreSQL takes to answer it.
import type { SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import type { Db } from './database.ts';

type Values = Readonly<Record<string, string | number | Uint8Array>>;

/** `query` with `sql.placeholder`s for what differs; `parseRow` reads the columns of a row in their order. */
export function statement<R>(
  name: string,
  query: SQL,
  parseRow: (columns: readonly unknown[]) => R,
): (db: Db, values: Values) => Promise<R[]> {
  const built = new PgDialect().sqlToQuery(query);
  return (db, values) =>
    db._.session
      .prepareQuery<{ execute: R[]; all: never; values: never }>(built, undefined, name, true, (rows) =>
        rows.map(parseRow),
      )
      .execute(values);
}

/** What `build` makes for a database, kept as long as that is open. For a transaction it is made anew. */
export function builtOnce<Q>(build: (db: Db) => Q): (db: Db) => Q {
  const kept = new WeakMap<Db, Q>();
  return (db) => {
    const known = kept.get(db);
    if (known !== undefined) return known;
    const built = build(db);
    kept.set(db, built);
    return built;
  };
}
