// Conversations (§11): which networks are in one, and its newest plan. Networks and bridges only: nobody who talks is here.
import { bigint, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytea } from './schema.ts';

const seconds = (name: string) => bigint(name, { mode: 'number' });

/** One row a conversation, as it is by its newest plan. */
export const conversations = pgTable(
  'conversations',
  {
    id: bytea('id').primaryKey(),
    epoch: integer('epoch').notNull(),
    /** Registrable domain of who opened it: what is counted. */
    opener: text('opener').notNull(),
    /** JSON: the networks with what each asked for. */
    members: text('members').notNull(),
    /** JSON: what the plan was made from. */
    inputs: text('inputs').notNull(),
    /** The newest plan and the one before, signed. */
    plan: text('plan').notNull(),
    previous: text('previous'),
    /** JSON: who runs the bridges that may report here, by bridge. */
    operators: text('operators').notNull(),
    /** SHA-256 of the caller and the change that made this epoch: the same once more changes nothing. */
    request: bytea('request').notNull(),
    /** Until then nothing changes by itself (§11.11). */
    heldUntil: seconds('held_until').notNull(),
    /** When it is to be looked at again. */
    dueAt: seconds('due_at').notNull(),
    until: seconds('until_at').notNull(),
  },
  (table) => [
    index('conversations_opener').on(table.opener, table.until),
    index('conversations_until').on(table.until),
  ],
);

/** When bridges of a conversation were heard: since when without a pause, and last. */
export const conversationBeats = pgTable(
  'conversation_beats',
  {
    conversation: bytea('conversation').notNull(),
    bridge: text('bridge').notNull(),
    since: seconds('since_at').notNull(),
    last: seconds('last_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.conversation, table.bridge] })],
);
