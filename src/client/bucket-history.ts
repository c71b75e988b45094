// Everything that was ever filed in a bucket (§6.1, §6.2), followed back through every change of depth to the first record.
// Each chain is bound to the one before by the hash it begins with, so all of it hangs on one verified leaf. What is strange
// about a change is for monitor.ts.
import { bucketNumber } from '../protocol/bucket.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { UNUSED_LEAF, formatBucketLeaf } from '../protocol/log/bucket-leaf.ts';
import { compareRecords, isRemoval } from '../protocol/log/changes.ts';
import { ZEROS, leafHash, nodeHash } from '../protocol/log/hash.ts';
import {
  EMPTY_HISTORY,
  HISTORY_ENTRY_OCTETS,
  extendHistory,
  parseHistory,
  type HistoryChain,
  type HistoryEntry,
} from '../protocol/log/history.ts';
import { computeRoot } from '../protocol/log/merkle-verify.ts';
import { equalOctets, formatHex } from '../protocol/wire.ts';
import { findEras } from './eras.ts';

export interface ChainPlace {
  readonly depth: number;
  readonly bucket: number;
  /** The epoch in which this depth began, where the directory came back to it later; else the last time counts. */
  readonly era?: number;
  /** Hash of the leaf data it leads to, where those are verified; else the epoch that ended it with its depth. */
  readonly leaf?: Uint8Array;
  readonly ended?: number;
}

/** A chain as far as it was verified before. */
export interface KnownChain extends HistoryChain, Pick<ChainPlace, 'depth' | 'bucket'> {
  /** The epoch of its last entry. */
  readonly since: number;
}

/** What following a history needs of a directory. */
export interface HistoryReader {
  readonly readHistory: (place: ChainPlace, from: number) => Promise<Uint8Array>;
  /** Depth of the map in an epoch, from its verified leaf. */
  readonly readDepth: (epoch: number) => Promise<number>;
}

interface LeafRecord {
  readonly name: Uint8Array;
  readonly holder: Uint8Array;
  /** leaf(entry) */
  readonly new: Uint8Array;
}

/** A chain followed to its beginning, with all before it. */
interface Followed {
  /** Every change, splits and merges left out, oldest first. */
  readonly changes: readonly HistoryEntry[];
  readonly records: readonly LeafRecord[];
  readonly entriesRoot: Uint8Array;
  readonly chain: HistoryChain;
  readonly leafHash: Uint8Array;
}

const invalid = (message: string) => new WhereaboutsError('bucket-invalid', message);

/** §6.2: a chain that begins with a split or merge; no name is all zeros. */
const isDepthEntry = ({ name, holder }: HistoryEntry): boolean =>
  equalOctets(name, ZEROS) && equalOctets(holder, ZEROS);

/** The entries from `from` on; the server may give them in pages of any size. */
async function readEntries(
  reader: HistoryReader,
  place: ChainPlace,
  from: number,
  count: number,
): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  while (entries.length < count) {
    const octets = await reader.readHistory(place, from + entries.length);
    if (octets.length < HISTORY_ENTRY_OCTETS) break;
    entries.push(...parseHistory(octets));
  }
  // There may be more by now than in the epoch that is looked at.
  return entries.slice(0, count);
}

/**
 * What a chain grew by since `known`, checked against the chain of a verified leaf at the same place. Throws
 * `bucket-invalid`, also where the chain is another one since the depth changed to and fro.
 */
export async function readGrowth(
  reader: HistoryReader,
  known: readonly KnownChain[],
  place: ChainPlace,
  leaf: HistoryChain,
): Promise<HistoryEntry[]> {
  const [shortest = EMPTY_HISTORY] = known.toSorted((a, b) => a.length - b.length);
  const entries = await readEntries(reader, place, shortest.length, leaf.length - shortest.length);
  const reached = verifyChain(shortest, entries, known);
  if (reached.length !== leaf.length || !equalOctets(reached.head, leaf.head))
    throw invalid('the history does not lead to the head in the map');
  return entries;
}

/** Walks along a chain; every known state of it has to lie on the way, and time never goes back. */
function verifyChain(
  from: HistoryChain,
  entries: readonly HistoryEntry[],
  known: readonly HistoryChain[],
): HistoryChain {
  const verify = (chain: HistoryChain): HistoryChain => {
    for (const one of known)
      if (one.length === chain.length && !equalOctets(one.head, chain.head))
        throw invalid('the history is not the one seen before');
    return chain;
  };
  const reached = entries.reduce((chain, entry) => verify(extendHistory(chain, entry)), verify(from));
  if (known.some(({ length }) => length > reached.length)) throw invalid('the history was longer before');
  if (entries.some((entry, at) => entry.epoch < (entries[at - 1]?.epoch ?? 0)))
    throw invalid('the history goes back in time');
  return reached;
}

/**
 * Everything that ever happened in a bucket whose leaf is verified, and the epoch of its chain's last entry. Every chain in
 * `known` has to be part of it.
 */
export async function readWholeHistory(
  reader: HistoryReader,
  known: readonly KnownChain[],
  place: ChainPlace,
  leaf: HistoryChain & { readonly entriesRoot: Uint8Array },
): Promise<{ changes: readonly HistoryEntry[]; since: number }> {
  const found = new Set<KnownChain>();
  const own = await readEntries(reader, place, 0, leaf.length);
  const followed = await follow({ reader, known, found }, place, own);
  if (followed.chain.length !== leaf.length || !equalOctets(followed.chain.head, leaf.head))
    throw invalid('the history does not lead to the head in the map');
  if (!equalOctets(followed.entriesRoot, leaf.entriesRoot))
    throw invalid('the bucket holds other records than its history says');
  if (known.some((chain) => !found.has(chain))) throw invalid('the history is not the one seen before');
  return { changes: followed.changes, since: own.at(-1)?.epoch ?? 0 };
}

interface Following {
  readonly reader: HistoryReader;
  readonly known: readonly KnownChain[];
  readonly found: Set<KnownChain>;
}

async function follow(following: Following, place: ChainPlace, own: readonly HistoryEntry[]): Promise<Followed> {
  const { depth, bucket: index } = place;
  const isOwn = ({ name }: LeafRecord): boolean => bucketNumber(name, depth) === index;
  const [first, ...rest] = own;
  if (first === undefined) return NEVER_USED;
  // A chain known from here may be of another time at this depth.
  const last = own.at(-1)?.epoch ?? 0;
  const here = following.known.filter(
    (one) => one.depth === depth && one.bucket === index && one.since >= first.epoch && one.since <= last,
  );
  const chain = verifyChain(EMPTY_HISTORY, own, here);
  for (const one of here) following.found.add(one);
  const isNewDepth = isDepthEntry(first);
  const before = isNewDepth ? await followBack(following, place, first) : NEVER_USED;
  const changes = isNewDepth ? rest : own;
  if (changes.some(isDepthEntry)) throw invalid('a change of depth within a history');
  const records = applyChanges(before.records.filter(isOwn), changes);
  const entriesRoot = computeRoot(records.map((record) => record.new));
  const data = { depth, index, count: records.length, entriesRoot, historyLength: chain.length };
  return {
    // What was filed beside it before a split is its sibling's: where both merge again, it would be told twice.
    changes: [...before.changes.filter(isOwn), ...changes],
    records,
    entriesRoot,
    chain,
    leafHash: leafHash(formatBucketLeaf({ ...data, historyHead: chain.head })),
  };
}

const NEVER_USED: Followed = {
  changes: [],
  records: [],
  entriesRoot: computeRoot([]),
  chain: EMPTY_HISTORY,
  leafHash: leafHash(UNUSED_LEAF),
};

/** The chains at the depth before, which the first entry of this one binds (§6.2). */
async function followBack(
  following: Following,
  { depth, bucket }: ChainPlace,
  { epoch, new: bound }: HistoryEntry,
): Promise<Followed> {
  const { reader, known, found } = following;
  const old = await reader.readDepth(epoch - 1);
  if (old !== depth - 1 && old !== depth + 1) throw invalid('a change of depth where there was none');
  const places = (old < depth ? [Math.floor(bucket / 2)] : [2 * bucket, 2 * bucket + 1]).map((index) => ({
    depth: old,
    bucket: index,
    ended: epoch,
  }));
  const newest = await Promise.all(places.map((place) => readEntries(reader, place, 0, Infinity)));
  // The directory came back to this depth since, maybe just now: what is looked for is the chain of the time before.
  const isLater = newest.some((entries) => entries.some((entry) => entry.epoch >= epoch));
  for await (const era of isLater ? findEras(reader, epoch - 1, old) : [undefined]) {
    // What is found on a way that leads nowhere is not found.
    const seen = new Set<KnownChain>();
    const followed: Followed[] = [];
    for (const [i, place] of places.entries()) {
      const then = era === undefined ? newest[i] : await readEntries(reader, { ...place, era }, 0, Infinity);
      followed.push(await follow({ reader, known, found: seen }, place, then ?? []));
    }
    const whole = joinAs(bound, followed);
    if (whole === undefined) continue;
    for (const chain of seen) found.add(chain);
    return whole;
  }
  throw invalid('a history that is not bound to the one before');
}

/** The parent, or both children as one, if `bound` is of them. */
function joinAs(bound: Uint8Array, [left = NEVER_USED, right]: readonly Followed[]): Followed | undefined {
  if (right === undefined) return equalOctets(left.leafHash, bound) ? left : undefined;
  if (!equalOctets(nodeHash(left.leafHash, right.leafHash), bound)) return undefined;
  // Within an epoch the left child's names come first, as they do here.
  const changes = [...left.changes, ...right.changes].toSorted((a, b) => a.epoch - b.epoch);
  return { ...NEVER_USED, changes, records: [...left.records, ...right.records] };
}

/** The records after changes, in order. */
function applyChanges(records: readonly LeafRecord[], changes: readonly HistoryEntry[]): LeafRecord[] {
  const state = new Map(records.map((record) => [keyOf(record), record]));
  for (const change of changes) {
    if (isRemoval(change)) state.delete(keyOf(change));
    else state.set(keyOf(change), change);
  }
  return [...state.values()].toSorted(compareRecords);
}

const keyOf = ({ name, holder }: Pick<LeafRecord, 'name' | 'holder'>): string => formatHex(name) + formatHex(holder);
