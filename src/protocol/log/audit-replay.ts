// What an epoch does to an auditor's copy of the buckets and the map: 76 octets a bucket, 96 a record (§6.7). Shares neither
// trees nor bookkeeping with epoch.ts, whose work it checks: only the spelling of leaves, entries and changes.
import { bucketNumber } from '../bucket.ts';
import { WhereaboutsError } from '../errors.ts';
import { compareOctets, concat } from '../wire.ts';
import { UNUSED_LEAF, formatBucketLeaf } from './bucket-leaf.ts';
import { CHANGE_OCTETS, formatChange, isRemoval, type Change } from './changes.ts';
import { leafHash, nodeHash } from './hash.ts';
import { EMPTY_HISTORY, depthEntry, extendHistory, type HistoryChain, type HistoryEntry } from './history.ts';
import type { EpochLeaf } from './leaf-text.ts';
import { emptyRoot } from './map.ts';
import { computeRoot } from './merkle-verify.ts';

export interface AuditBucket {
  readonly leafHash: Uint8Array;
  readonly history: HistoryChain;
  /** name ‖ holder ‖ leaf(entry), 96 octets each, ascending. */
  readonly records: Uint8Array;
}

type Epoch = Pick<EpochLeaf, 'epoch' | 'depth'>;

const NO_RECORDS = new Uint8Array(0);

const eachRecord = (records: Uint8Array): Uint8Array[] =>
  Array.from({ length: records.length / CHANGE_OCTETS }, (_, i) =>
    records.subarray(i * CHANGE_OCTETS, (i + 1) * CHANGE_OCTETS),
  );

function auditBucket(
  { depth, epoch }: Epoch,
  index: number,
  records: Uint8Array,
  before: HistoryChain,
  entries: readonly Omit<HistoryEntry, 'epoch'>[],
): AuditBucket {
  const history = entries.reduce<HistoryChain>((chain, entry) => extendHistory(chain, { ...entry, epoch }), before);
  const entriesRoot = computeRoot(eachRecord(records).map((record) => record.subarray(64)));
  const count = records.length / CHANGE_OCTETS;
  const { length: historyLength, head: historyHead } = history;
  const data = formatBucketLeaf({ depth, index, count, entriesRoot, historyLength, historyHead });
  return { leafHash: leafHash(data), history, records };
}

/** Buckets touched by the changes of an epoch, as they are after it; a removal of nothing throws `changes-invalid`. */
export function replayChanges(
  buckets: ReadonlyMap<number, AuditBucket>,
  leaf: Epoch,
  changes: readonly Change[],
): Map<number, AuditBucket> {
  const touched = new Map<number, Change[]>();
  for (const change of changes) {
    const index = bucketNumber(change.name, leaf.depth);
    const own = touched.get(index);
    if (own === undefined) touched.set(index, [change]);
    else own.push(change);
  }
  const replayed = new Map<number, AuditBucket>();
  for (const [index, own] of touched) {
    const before = buckets.get(index);
    const records = own.reduce(replayChange, before?.records ?? NO_RECORDS);
    replayed.set(index, auditBucket(leaf, index, records, before?.history ?? EMPTY_HISTORY, own));
  }
  return replayed;
}

/** Finds a record's place by halving, and puts there what the change says. */
function replayChange(records: Uint8Array, change: Change): Uint8Array {
  const key = concat(change.name, change.holder);
  const compareAt = (i: number) => compareOctets(records.subarray(i * CHANGE_OCTETS, i * CHANGE_OCTETS + 64), key);
  const count = records.length / CHANGE_OCTETS;
  let [low, high] = [0, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (compareAt(middle) < 0) low = middle + 1;
    else high = middle;
  }
  const isThere = low < count && compareAt(low) === 0;
  if (isRemoval(change) && !isThere) throw new WhereaboutsError('changes-invalid', 'a removal of nothing');
  const after = records.subarray((low + (isThere ? 1 : 0)) * CHANGE_OCTETS);
  const own = isRemoval(change) ? NO_RECORDS : formatChange(change);
  return concat(records.subarray(0, low * CHANGE_OCTETS), own, after);
}

/** §6.2: both children of a used bucket begin a chain, with the hash of its leaf. */
export function replaySplit(buckets: ReadonlyMap<number, AuditBucket>, leaf: Epoch): Map<number, AuditBucket> {
  const children = new Map<number, AuditBucket>();
  for (const [index, parent] of buckets) {
    const entry = depthEntry(leaf.epoch, parent.leafHash);
    for (const child of [2 * index, 2 * index + 1]) {
      const own = eachRecord(parent.records).filter(
        (record) => bucketNumber(record.subarray(0, 32), leaf.depth) === child,
      );
      children.set(child, auditBucket(leaf, child, concat(...own), EMPTY_HISTORY, [entry]));
    }
  }
  return children;
}

/** §6.2: the parent of a used bucket begins a chain, with a hash over both children's leaves. */
export function replayMerge(buckets: ReadonlyMap<number, AuditBucket>, leaf: Epoch): Map<number, AuditBucket> {
  const unused = { leafHash: leafHash(UNUSED_LEAF), records: NO_RECORDS };
  const parents = new Map<number, AuditBucket>();
  for (const child of buckets.keys()) {
    const index = Math.floor(child / 2);
    if (parents.has(index)) continue;
    const [left, right] = [buckets.get(2 * index) ?? unused, buckets.get(2 * index + 1) ?? unused];
    const entry = depthEntry(leaf.epoch, nodeHash(left.leafHash, right.leafHash));
    parents.set(index, auditBucket(leaf, index, concat(left.records, right.records), EMPTY_HISTORY, [entry]));
  }
  return parents;
}

/** The map's root from the top down, and the nodes above changed buckets; others are taken from `nodes`. */
export function rehash(
  depth: number,
  changed: ReadonlyMap<number, { readonly leafHash: Uint8Array }>,
  nodes: readonly ReadonlyMap<number, Uint8Array>[],
): { root: Uint8Array; nodes: Map<number, Uint8Array>[] } {
  const hashed = Array.from({ length: depth + 1 }, () => new Map<number, Uint8Array>());
  // `below`: the changed buckets under this node, ascending.
  const hashOf = (level: number, index: number, below: readonly number[]): Uint8Array => {
    if (below.length === 0) return nodes[level]?.get(index) ?? emptyRoot(level);
    const hash = changed.get(index)?.leafHash;
    const own = level > 0 || hash === undefined ? hashChildren(level - 1, 2 * index, below) : hash;
    hashed[level]?.set(index, own);
    return own;
  };
  const hashChildren = (level: number, left: number, below: readonly number[]): Uint8Array => {
    const found = below.findIndex((bucket) => bucket >= (left + 1) * 2 ** level);
    const middle = found === -1 ? below.length : found;
    return nodeHash(hashOf(level, left, below.slice(0, middle)), hashOf(level, left + 1, below.slice(middle)));
  };
  const root = hashOf(
    depth,
    0,
    [...changed.keys()].toSorted((a, b) => a - b),
  );
  return { root, nodes: hashed };
}
