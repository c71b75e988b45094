// What a resolver remembers of logs where it has no folder to keep it in (§6.6).
import { bigint, pgTable, text } from 'drizzle-orm/pg-core';
import { bytea } from './schema.ts';

/** The last checkpoint verified of each log. */
export const seenCheckpoints = pgTable('seen_checkpoints', {
  origin: text('origin').primaryKey(),
  note: text('note').notNull(),
});

/** What directories signed that they should not have, as JSON, by the SHA-256 of that. */
export const seenEvidence = pgTable('seen_evidence', {
  digest: bytea('digest').primaryKey(),
  savedAt: bigint('saved_at', { mode: 'number' }).notNull(),
  evidence: text('evidence').notNull(),
});
