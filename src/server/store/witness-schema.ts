// What witnesses of this deployment have cosigned (§6.7): the one table a witness must never lose.
import { bigint, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytea } from './schema.ts';

/** The latest checkpoint cosigned of each log; a row only ever moves on to a larger size. */
export const witnessLogs = pgTable(
  'witness_logs',
  {
    /** Name of the witness's key. */
    witness: text('witness').notNull(),
    origin: text('origin').notNull(),
    size: bigint('size', { mode: 'number' }).notNull(),
    root: bytea('root').notNull(),
    /** The checkpoint as the log signed it. */
    note: text('note').notNull(),
    /** The first one of the same size with another root that the log signed: evidence beside `note` as it was then. */
    fork: text('fork'),
    forked: text('forked'),
  },
  (table) => [primaryKey({ columns: [table.witness, table.origin] })],
);
