// How an epoch comes about (§6.2): the state before and what changed → buckets, history entries, map nodes and the log leaf.
// Pure: reads only touched buckets and the nodes beside their paths, writes nothing. Whether a change is allowed was decided
// at the deposit; that the result is right is checked by code that shares none of this (verify-bundle.ts, audit.ts).
import { bucketNumber } from '../bucket.ts';
import { WhereaboutsError } from '../errors.ts';
import { UNUSED_LEAF, formatBucketLeaf } from './bucket-leaf.ts';
import { changeLeaves, compareRecords, isRemoval, verifyOrder, type Change } from './changes.ts';
import { EMPTY_ROOT, leafHash, nodeHash } from './hash.ts';
import { EMPTY_HISTORY, depthEntry, extendHistory, type HistoryChain, type HistoryEntry } from './history.ts';
import { formatEpochLeaf, type EpochLeaf } from './leaf-text.ts';
import { emptyRoot, updateMap, type MapNodes } from './map.ts';
import { treeHash, type HashedNode } from './merkle.ts';

/** A record as far as trees need it; `leaf` = leaf(entry), kept because hashing every entry again would cost most of an epoch. */
export interface LeafRecord {
  readonly name: Uint8Array;
  readonly holder: Uint8Array;
  readonly leaf: Uint8Array;
}

export interface Bucket {
  /** Strictly ascending by name and holder. */
  readonly records: readonly LeafRecord[];
  readonly history: HistoryChain;
}

/** A bucket that is not what it was. */
export interface SequencedBucket extends Bucket {
  readonly index: number;
  readonly leafData: Uint8Array;
  readonly leafHash: Uint8Array;
  /** What its history grew by. */
  readonly entries: readonly HistoryEntry[];
}

export interface SequencedEpoch {
  readonly leaf: EpochLeaf;
  /** The leaf's text, as the log hashes it. */
  readonly logLeaf: Uint8Array;
  readonly buckets: readonly SequencedBucket[];
  /** Map nodes that are not what they were; after a change of depth all there are. */
  readonly nodes: readonly HashedNode[];
}

/** The epoch before; none for epoch 0. */
export type Previous = Pick<EpochLeaf, 'epoch' | 'time' | 'depth' | 'mapRoot'> | undefined;

interface Circumstances {
  readonly origin: string;
  /** SHA-256 of the config text. */
  readonly config: Uint8Array;
  /** Milliseconds since 1970; the epoch's time is later where the one before has it or more. */
  readonly now: number;
  readonly previous: Previous;
}

const UNUSED: Bucket = { records: [], history: EMPTY_HISTORY };

/**
 * An epoch of changes, or a heartbeat where there are none, at the depth of the one before. `bucket` gives the state of a
 * touched bucket, undefined if never used. Changes out of order, twice, or of nothing throw `changes-invalid`.
 */
export function sequenceChanges(
  input: Circumstances & {
    readonly depth: number;
    readonly changes: readonly Change[];
    readonly bucket: (index: number) => Bucket | undefined;
    readonly nodes: MapNodes;
  },
): SequencedEpoch {
  const { depth, changes, nodes, previous } = input;
  if (previous !== undefined && previous.depth !== depth)
    throw new RangeError('the depth changes in an epoch of its own');
  verifyOrder(changes);
  const epoch = nextEpoch(previous);
  const touched = [...Map.groupBy(changes, ({ name }) => bucketNumber(name, depth))];
  const buckets = touched.map(([index, own]) => {
    const before = input.bucket(index) ?? UNUSED;
    const entries = own.map((change) => ({ ...change, epoch }));
    return sequenceBucket(depth, index, mergeRecords(before.records, own), before.history, entries);
  });
  // A heartbeat changes nothing and so reads nothing.
  if (buckets.length === 0)
    return { ...sequenceLeaf(input, depth, previous?.mapRoot ?? emptyRoot(depth), []), buckets: [], nodes: [] };
  const { root, written } = updateMap(depth, new Map(buckets.map((b) => [b.index, b.leafHash])), nodes);
  return { ...sequenceLeaf(input, depth, root, changes), buckets, nodes: written };
}

/**
 * An epoch that changes the depth by one and nothing else. `buckets`: all used ones at the old depth, by number. Of the
 * nodes stored before, none is one of the new depth.
 */
export function sequenceDepth(
  input: Circumstances & {
    readonly previous: NonNullable<Previous>;
    readonly depth: number;
    readonly buckets: ReadonlyMap<number, Bucket>;
  },
): SequencedEpoch {
  const { depth, previous } = input;
  if (Math.abs(depth - previous.depth) !== 1 || depth < 0 || depth > 32)
    throw new RangeError('the depth changes by one');
  const epoch = nextEpoch(previous);
  const buckets = depth > previous.depth ? split(input.buckets, depth, epoch) : merge(input.buckets, depth, epoch);
  const { root, written } = updateMap(depth, new Map(buckets.map((b) => [b.index, b.leafHash])), {
    get: () => undefined,
  });
  return { ...sequenceLeaf(input, depth, root, []), buckets, nodes: written };
}

/** Both children of a used bucket are used, also one that gets no record (M5). */
function split(parents: ReadonlyMap<number, Bucket>, depth: number, epoch: number): SequencedBucket[] {
  return [...parents].flatMap(([index, parent]) => {
    const entry = depthEntry(epoch, bucketHash(depth - 1, index, parent));
    return [2 * index, 2 * index + 1].map((child) => {
      const records = parent.records.filter(({ name }) => bucketNumber(name, depth) === child);
      return sequenceBucket(depth, child, records, EMPTY_HISTORY, [entry]);
    });
  });
}

function merge(children: ReadonlyMap<number, Bucket>, depth: number, epoch: number): SequencedBucket[] {
  const used = new Set([...children.keys()].map((index) => Math.floor(index / 2)));
  return [...used].map((index) => {
    const [left, right] = [children.get(2 * index), children.get(2 * index + 1)];
    const bound = nodeHash(bucketHash(depth + 1, 2 * index, left), bucketHash(depth + 1, 2 * index + 1, right));
    const records = [...(left?.records ?? []), ...(right?.records ?? [])];
    return sequenceBucket(depth, index, records, EMPTY_HISTORY, [depthEntry(epoch, bound)]);
  });
}

const bucketHash = (depth: number, index: number, bucket: Bucket | undefined): Uint8Array =>
  leafHash(bucket === undefined ? UNUSED_LEAF : bucketLeafData(depth, index, bucket));

/** Leaf data of a used bucket. */
export const bucketLeafData = (depth: number, index: number, { records, history }: Bucket): Uint8Array =>
  formatBucketLeaf({
    depth,
    index,
    count: records.length,
    entriesRoot: treeHash(records.map(({ leaf }) => leaf)),
    historyLength: history.length,
    historyHead: history.head,
  });

function sequenceBucket(
  depth: number,
  index: number,
  records: readonly LeafRecord[],
  before: HistoryChain,
  entries: readonly HistoryEntry[],
): SequencedBucket {
  const history = entries.reduce(extendHistory, before);
  const leafData = bucketLeafData(depth, index, { records, history });
  return { index, records, history, entries, leafData, leafHash: leafHash(leafData) };
}

/** Both lists ascend, so one walk over them does. */
function mergeRecords(records: readonly LeafRecord[], changes: readonly Change[]): LeafRecord[] {
  const merged: LeafRecord[] = [];
  let at = 0;
  for (const change of changes) {
    for (let next = records[at]; next !== undefined && compareRecords(next, change) < 0; next = records[at]) {
      merged.push(next);
      at++;
    }
    const old = records[at];
    const isThere = old !== undefined && compareRecords(old, change) === 0;
    if (isThere) at++;
    if (!isRemoval(change)) merged.push({ name: change.name, holder: change.holder, leaf: change.new });
    else if (!isThere) throw new WhereaboutsError('changes-invalid', 'a removal of nothing');
  }
  return [...merged, ...records.slice(at)];
}

const nextEpoch = (previous: Previous): number => (previous === undefined ? 0 : previous.epoch + 1);

function sequenceLeaf(
  { origin, config, now, previous }: Circumstances,
  depth: number,
  mapRoot: Uint8Array,
  changes: readonly Change[],
): { leaf: EpochLeaf; logLeaf: Uint8Array } {
  const leaf = {
    origin,
    epoch: nextEpoch(previous),
    // §6.3: strictly increasing, also when the clock was set back.
    time: Math.max(now, (previous?.time ?? -1) + 1),
    depth,
    mapRoot,
    changes: changes.length,
    changesRoot: changes.length === 0 ? EMPTY_ROOT : treeHash(changeLeaves(changes)),
    config,
  };
  return { leaf, logLeaf: formatEpochLeaf(leaf) };
}
