// Identity chains (§9). They are public as a whole, their links and keys too: nothing here is anybody's secret.
import { bigint, index, integer, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { bytea } from './schema.ts';

/** One row a chain, as long as it is by now: what a new link is compared with. */
export const chains = pgTable(
  'chains',
  {
    /** SHA-256 of the first link. */
    id: bytea('id').primaryKey(),
    /** What the map files it under. */
    name: bytea('name').notNull(),
    links: integer('links').notNull(),
    /** Of all links joined by LF: how many octets, and their SHA-256. */
    length: integer('length').notNull(),
    digest: bytea('digest').notNull(),
    /** SHA-256 of the newest link. */
    tip: bytea('tip').notNull(),
    ended: smallint('ended').notNull(),
  },
  (table) => [index('chains_name').on(table.name)],
);

/** Links in order; never changed. */
export const chainLinks = pgTable(
  'chain_links',
  {
    chain: bytea('chain').notNull(),
    seq: integer('seq').notNull(),
    octets: bytea('octets').notNull(),
    /** Octets of the chain up to here: says which links a published entry stands for. */
    end: integer('end_octets').notNull(),
  },
  (table) => [primaryKey({ columns: [table.chain, table.seq] })],
);

/** Accounts that chains claim now (§9.3): claimed, whoever owns them. Those of ended chains are gone. */
export const chainAccounts = pgTable(
  'chain_accounts',
  {
    chain: bytea('chain').notNull(),
    service: text('service').notNull(),
    account: text('account').notNull(),
    /** Where the statement stands, where the service has such places. */
    place: text('place'),
    /** SHA-256 of the link that claims it: what the marker names. */
    link: bytea('link').notNull(),
    seq: integer('seq').notNull(),
    /** The link's own time, in seconds. */
    claimedAt: bigint('claimed_at', { mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.chain, table.service, table.account] }),
    index('chain_accounts_account').on(table.service, table.account, table.chain),
  ],
);
