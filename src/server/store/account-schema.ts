// What was seen of the accounts chains claim (§9.3). Accounts are public, as chains are; of who looked them up nothing is here.
import { sql } from 'drizzle-orm';
import { bigint, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytea } from './schema.ts';

const milliseconds = (name: string) => bigint(name, { mode: 'number' });

/** One row for each link that claims an account; times in milliseconds. */
export const accountChecks = pgTable(
  'account_checks',
  {
    chain: bytea('chain').notNull(),
    link: bytea('link').notNull(),
    service: text('service').notNull(),
    account: text('account').notNull(),
    place: text('place'),
    /** Whom looking burdens. */
    host: text('host').notNull(),
    /** When it is looked at next; until then a claim of the row holds. Null: never again. */
    nextAt: milliseconds('next_at'),
    /** In a row without a new `ok`. */
    failures: integer('failures').notNull().default(0),
    /** What came of the last look. */
    state: text('state').notNull().default('unreachable'),
    reason: text('reason').default('unchecked'),
    checkedAt: milliseconds('checked_at'),
    /** The last answer that counted, `ok` or `failed`: what an unreachable service leaves standing. */
    answer: text('answer'),
    answerReason: text('answer_reason'),
    answeredAt: milliseconds('answered_at'),
    firstOkAt: milliseconds('first_ok_at'),
    rules: integer('rules').notNull().default(0),
    etag: text('etag'),
    revokedAt: milliseconds('revoked_at'),
  },
  (table) => [
    primaryKey({ columns: [table.chain, table.link] }),
    index('account_checks_due')
      .on(table.host, table.nextAt)
      .where(sql`next_at is not null`),
  ],
);

/** Whom looking burdens: all instances keep its limits together. Times in milliseconds. */
export const accountHosts = pgTable(
  'account_hosts',
  {
    host: text('host').primaryKey(),
    /** When the first of its accounts is due. */
    dueAt: milliseconds('due_at').notNull(),
    /** Not asked before: an instance is there now, or it was asked a moment ago, or it asked to be left alone. */
    freeAt: milliseconds('free_at').notNull(),
    failures: integer('failures').notNull().default(0),
  },
  (table) => [index('account_hosts_due').on(table.dueAt)],
);
