// Appending to an identity chain (§9.6): under compare-and-swap on its newest link, committed in the log like a record. A link
// carries its own right; quotas bound what strangers make the directory keep.
import { sha256 } from '@noble/hashes/sha2.js';
import { bucketNumber } from '../../protocol/bucket.ts';
import { parseLink, verifyLink, type Link } from '../../protocol/chain/link.ts';
import { chainName, chainOctets } from '../../protocol/chain/names.ts';
import { refusal } from '../../protocol/chain/reasons.ts';
import { readChain } from '../../protocol/chain/replay.ts';
import { applyLink } from '../../protocol/chain/state.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { parseB64u } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import * as store from '../store/chains.ts';
import type { Db } from '../store/database.ts';
import { lockNames } from '../store/locks.ts';
import { chargeQuotas } from '../store/quotas.ts';
import { countBuckets } from '../store/records.ts';
import { fileChanges } from '../store/waiting.ts';
import { linkCharges, startCharges } from './chain-quota.ts';
import type { ProvenBucket } from './published.ts';
import { proveChain, proveLatest } from './receipt.ts';
import { nowSeconds } from './times.ts';

export interface Appended {
  readonly outcome: 'created' | 'appended' | 'unchanged';
  /** b64u. */
  readonly id: string;
  readonly seq: number;
  /** The chain's bucket in an epoch that has the link. */
  readonly proven: ProvenBucket;
}

/** Where a link goes: the chain, 32 octets each, and what the map files it under. */
interface Target {
  readonly id: Uint8Array;
  readonly name: Uint8Array;
}

/**
 * Returns once the link is in a published epoch; the very same link again changes nothing. `chain` is undefined for a new
 * chain. Throws `chain-invalid`, `chain-unknown`, `chain-stale`, `name-full`, `quota-exceeded`.
 */
export async function append(
  ctx: DirectoryContext,
  chain: string | undefined,
  token: string,
  address: string,
): Promise<Appended> {
  const link = parseLink(token);
  if (chain === undefined && link.action.type !== 'start') throw refusal('first-link', 0);
  if (chain !== link.chain) throw refusal('other-chain', link.seq);
  if (link.iat > nowSeconds(ctx) + LIMITS.clockSkewSeconds) throw refusal('time-ahead', link.seq);
  const id = link.chain ?? link.hash;
  const octets = parseB64u(id, 32);
  const target = { id: octets, name: chainName(octets) };
  const done = { id, seq: link.seq };
  // Before its signature costs anything: what comes twice, and what has no chain, ends here.
  const known = await store.findChain(ctx.db, octets);
  if (known === undefined && chain !== undefined) throw new WhereaboutsError('chain-unknown');
  const isThere = async (db: Db) => (await store.findLink(db, octets, link.seq)) === token;
  const change =
    known !== undefined && (await isThere(ctx.db)) ? undefined : await commit(ctx, target, link, address, isThere);
  // Committed: if we die before the answer, the link finds its epoch all the same, and asking again gives the receipt.
  if (change === undefined) return { ...done, outcome: 'unchanged', proven: await proveLatest(ctx, target.name) };
  const { digest, number } = change;
  const proven = await proveChain(ctx, { name: target.name, holder: octets, digest }, number);
  return { ...done, outcome: link.seq === 0 ? 'created' : 'appended', proven };
}

/** One transaction; undefined where somebody else has appended the very link meanwhile. */
async function commit(
  ctx: DirectoryContext,
  { id, name }: Target,
  link: Link,
  address: string,
  isThere: (db: Db) => Promise<boolean>,
): Promise<{ digest: Uint8Array; number: number } | undefined> {
  await verifyLink(link, link.seq);
  return ctx.db.transaction(async (tx) => {
    const depth = await lockNames(tx, ctx.domain, [name], []);
    if (await isThere(tx)) return undefined;
    const before = await store.readLinks(tx, id);
    const tip = before.at(-1);
    const state = tip === undefined ? undefined : readChain(before);
    if (state === undefined) await checkRoom(tx, depth, bucketNumber(name, depth));
    else if (link.prev !== state.tip)
      throw new WhereaboutsError('chain-stale', undefined, { extensions: { tip: state.tip, seq: state.seq } });
    const after = applyLink(state, link);
    // Last, so that what is refused costs nothing.
    await chargeQuotas(tx, ctx.clock(), (state === undefined ? startCharges : linkCharges)(ctx, id, address));
    const octets = chainOctets([...before, link.token]);
    const digest = sha256(octets);
    const chain = { id, name, links: before.length + 1, length: octets.length, digest, tip: parseB64u(link.hash, 32) };
    await store.insertLink(tx, { ...chain, ended: after.ended ? 1 : 0 }, link.token);
    await store.replaceAccounts(tx, id, after.accounts);
    const record = { holder: id, digest, length: octets.length };
    const [number = 0] = await fileChanges(tx, [{ name, gone: state === undefined ? [] : [id], record }]);
    return { digest, number };
  });
}

/** A bucket has room for records whatever chains are made up to fall into it; who makes a chain takes another nonce. */
async function checkRoom(tx: Db, depth: number, bucket: number): Promise<void> {
  const [chains, entries] = await Promise.all([
    store.countChains(tx, depth, bucket),
    countBuckets(tx, depth, [bucket]),
  ]);
  if (chains >= LIMITS.bucketChains || (entries.get(bucket) ?? 0) >= LIMITS.bucketRecords)
    throw new WhereaboutsError('name-full', 'this part of the directory is full: another first link goes elsewhere');
}
