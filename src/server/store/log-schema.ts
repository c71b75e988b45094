// Tables of the log and the map (§6). What readers see is versioned by epoch: rows of the epoch being written stand beside
// those of the published one, and nobody sees them before log_head says so. History, changes and log are kept for ever.
import { sql } from 'drizzle-orm';
import { bigint, bigserial, index, integer, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { bytea } from './schema.ts';

const number = (name: string) => bigint(name, { mode: 'number' });

/**
 * The one row everything hangs on: `size` epochs are signed and durable, `published` of them (the same, or one less) are
 * what everybody sees. Whoever raises `size` from n to n + 1 has won the epoch.
 */
export const logHead = pgTable('log_head', {
  domain: text('domain').primaryKey(),
  size: number('size').notNull(),
  published: number('published').notNull(),
  /** The instance at work and until when others leave it alone (ms): saves work twice done, decides nothing. */
  claimedBy: text('claimed_by').notNull(),
  claimedUntil: number('claimed_until').notNull(),
});

/** One row an epoch: its leaf in the log, its change list, and where counting stands. */
export const epochs = pgTable('epochs', {
  epoch: number('epoch').primaryKey(),
  leaf: bytea('leaf').notNull(),
  changes: bytea('changes').notNull(),
  /** The epoch that began this depth: numbers of buckets are of an era, not of a depth that comes back. */
  era: number('era').notNull(),
  /** Records in the map after it. */
  records: number('records').notNull(),
  /** Root of the log with this epoch as its newest. */
  root: bytea('root').notNull(),
});

/** Checkpoints by size; `signed` is written once, with the epoch. */
export const checkpoints = pgTable('checkpoints', {
  size: number('size').primaryKey(),
  signed: text('signed').notNull(),
  /** Inclusion proof of the newest leaf: the same for every bundle of the epoch. */
  proof: bytea('proof').notNull(),
  /** With the witnesses' lines; null before publication. */
  published: text('published'),
});

/** Complete subtrees of the log; never changed. */
export const logNodes = pgTable(
  'log_nodes',
  { level: smallint('level').notNull(), index: number('index').notNull(), hash: bytea('hash').notNull() },
  (table) => [primaryKey({ columns: [table.level, table.index] })],
);

/** Depths ever used, by the epoch that began each. */
export const eras = pgTable('eras', { era: number('era').primaryKey(), depth: smallint('depth').notNull() });

/** Entries of buckets (§6.1) from one epoch until before another; `leaf` = leaf(entry). */
export const entries = pgTable(
  'entries',
  {
    name: bytea('name').notNull(),
    holder: bytea('holder').notNull(),
    from: number('from_epoch').notNull(),
    to: number('to_epoch'),
    digest: bytea('digest').notNull(),
    length: integer('length').notNull(),
    leaf: bytea('leaf').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.name, table.holder, table.from] }),
    index('entries_digest').on(table.digest),
    index('entries_to')
      .on(table.to)
      .where(sql`to_epoch is not null`),
  ],
);

/** Leaf data of used buckets, by the epoch that made them. */
export const bucketLeaves = pgTable(
  'bucket_leaves',
  {
    era: number('era').notNull(),
    bucket: number('bucket').notNull(),
    epoch: number('epoch').notNull(),
    data: bytea('data').notNull(),
  },
  (table) => [primaryKey({ columns: [table.era, table.bucket, table.epoch] })],
);

/** Nodes of the map above used buckets, by the epoch that made them. */
export const mapNodes = pgTable(
  'map_nodes',
  {
    era: number('era').notNull(),
    level: smallint('level').notNull(),
    index: number('index').notNull(),
    epoch: number('epoch').notNull(),
    hash: bytea('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.era, table.level, table.index, table.epoch] })],
);

/** Histories of buckets (§6.1); `n` counts from 0. */
export const history = pgTable(
  'history',
  {
    era: number('era').notNull(),
    bucket: number('bucket').notNull(),
    n: number('n').notNull(),
    epoch: number('epoch').notNull(),
    name: bytea('name').notNull(),
    holder: bytea('holder').notNull(),
    value: bytea('value').notNull(),
  },
  (table) => [primaryKey({ columns: [table.era, table.bucket, table.n] })],
);

/** Every config text there was (§6.3), by its hash. */
export const configTexts = pgTable('config_texts', {
  hash: bytea('hash').primaryKey(),
  text: text('text').notNull(),
  firstEpoch: number('first_epoch').notNull(),
});

/**
 * Changes in the order they were accepted: under `name` the holders in `gone` leave and at most one record comes, together.
 * Within a bucket `id` is the order of commits, because it is drawn under the bucket's lock. `epoch` is null while it waits.
 */
export const waiting = pgTable(
  'waiting',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    name: bytea('name').notNull(),
    /** Holders, 32 octets each. */
    gone: bytea('gone').notNull(),
    holder: bytea('holder'),
    digest: bytea('digest'),
    length: integer('length'),
    epoch: number('epoch'),
  },
  (table) => [
    index('waiting_next')
      .on(table.id)
      .where(sql`epoch is null`),
    index('waiting_name').on(table.name),
    index('waiting_epoch').on(table.epoch),
  ],
);
