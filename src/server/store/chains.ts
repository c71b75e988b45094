// Identity chains as they are kept (§9.6): links for ever, what a chain claims now beside them. Decides nothing.
import { and, asc, count, eq, gt, lte, sql } from 'drizzle-orm';
import type { AccountClaim } from '../../protocol/account.ts';
import type { ChainAccount } from '../../protocol/chain/state.ts';
import { formatB64u, parseB64u, parseUtf8, utf8 } from '../../protocol/wire.ts';
import { chainAccounts, chainLinks, chains } from './chain-schema.ts';
import type { Db } from './database.ts';
import { bucketEnd, bucketStart } from './packing.ts';

export type StoredChain = typeof chains.$inferSelect;

/** A chain as long as it is now; `id`: 32 octets. */
export async function findChain(db: Db, id: Uint8Array): Promise<StoredChain | undefined> {
  const rows = await db.select().from(chains).where(eq(chains.id, id));
  return rows[0];
}

/** Links of a chain in order: those that make up its first `octets`, or all. */
export async function readLinks(db: Db, id: Uint8Array, octets?: number): Promise<string[]> {
  const rows = await db
    .select({ octets: chainLinks.octets })
    .from(chainLinks)
    .where(and(eq(chainLinks.chain, id), octets === undefined ? undefined : lte(chainLinks.end, octets)))
    .orderBy(asc(chainLinks.seq));
  return rows.map((row) => parseUtf8(row.octets));
}

/** The link with this number. */
export async function findLink(db: Db, id: Uint8Array, seq: number): Promise<string | undefined> {
  const rows = await db
    .select({ octets: chainLinks.octets })
    .from(chainLinks)
    .where(and(eq(chainLinks.chain, id), eq(chainLinks.seq, seq)));
  return rows[0] === undefined ? undefined : parseUtf8(rows[0].octets);
}

/** The chain with one more link, its newest; the transaction holds its bucket. */
export async function insertLink(tx: Db, chain: StoredChain, link: string): Promise<void> {
  await tx.insert(chainLinks).values({
    chain: chain.id,
    seq: chain.links - 1,
    octets: utf8(link),
    end: chain.length,
  });
  const { id: _id, name: _name, ...grown } = chain;
  await tx.insert(chains).values(chain).onConflictDoUpdate({ target: chains.id, set: grown });
}

/** From now on the chain claims these accounts and no others. */
export async function replaceAccounts(tx: Db, id: Uint8Array, accounts: readonly ChainAccount[]): Promise<void> {
  await tx.delete(chainAccounts).where(eq(chainAccounts.chain, id));
  if (accounts.length === 0) return;
  await tx.insert(chainAccounts).values(
    accounts.map(({ service, account, where, link, seq, claimedAt }) => ({
      chain: id,
      service,
      account,
      place: where ?? null,
      link: parseB64u(link, 32),
      seq,
      claimedAt,
    })),
  );
}

/** A chain that claims an account; ids in b64u. */
export interface Claiming {
  readonly chain: string;
  readonly link: string;
  readonly where: string | null;
  readonly claimedAt: number;
}

/** Chains that claim an account, in the order of their ids, behind `after`. */
export async function findClaiming(
  db: Db,
  { service, account }: Pick<AccountClaim, 'service' | 'account'>,
  page: { readonly after: Uint8Array | undefined; readonly limit: number },
): Promise<Claiming[]> {
  const { after, limit } = page;
  const isIt = and(eq(chainAccounts.service, service), eq(chainAccounts.account, account));
  const rows = await db
    .select()
    .from(chainAccounts)
    .where(and(isIt, after === undefined ? undefined : gt(chainAccounts.chain, after)))
    .orderBy(asc(chainAccounts.chain))
    .limit(limit);
  return rows.map(({ chain, link, place, claimedAt }) => ({
    chain: formatB64u(chain),
    link: formatB64u(link),
    where: place,
    claimedAt,
  }));
}

/** Chains in a bucket of the map. */
export async function countChains(db: Db, depth: number, bucket: number): Promise<number> {
  const number = sql`${bucket}::bigint`;
  const [start, end] = [bucketStart(number, depth), bucketEnd(number, depth)];
  const rows = await db
    .select({ chains: count() })
    .from(chains)
    .where(sql`${chains.name} >= ${start} and ${chains.name} < ${end}`);
  return rows[0]?.chains ?? 0;
}
