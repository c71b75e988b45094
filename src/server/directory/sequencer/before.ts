// What an epoch is made from: the state after the one before it, as far as it is touched. Reads versions up to that epoch
// only, so that another instance which wins the race meanwhile changes nothing here; the commit will notice.
import { bucketNumber } from '../../../protocol/bucket.ts';
import type { AuditBucket } from '../../../protocol/log/audit-replay.ts';
import { parseBucketLeaf, type BucketLeaf } from '../../../protocol/log/bucket-leaf.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { leafHash } from '../../../protocol/log/hash.ts';
import { parseEpochLeaf, type EpochLeaf } from '../../../protocol/log/leaf-text.ts';
import { mapSiblings } from '../../../protocol/log/map.ts';
import { rootNodes, type HashedNode, type ReadNode } from '../../../protocol/log/merkle.ts';
import type { Db } from '../../store/database.ts';
import { readAllRecords, readRecords } from '../../store/entries.ts';
import { readLogNodes } from '../../store/log.ts';
import type { LogState } from '../../store/log-state.ts';
import { readAllBucketLeaves, readBucketLeaves, readMapNodes } from '../../store/map.ts';

/** The newest signed epoch. */
export interface LastEpoch extends EpochLeaf {
  readonly era: number;
  /** Records in the map. */
  readonly records: number;
  /** Root of the log that ends with it. */
  readonly root: Uint8Array;
}

/** A used bucket as stored: its records, and what its leaf in the map says of them. */
export interface StoredBucket extends AuditBucket {
  readonly leaf: BucketLeaf;
}

export interface Before {
  /** Length of the log. */
  readonly size: number;
  readonly last: LastEpoch | undefined;
  readonly depth: number;
  /** Right edge of the log, left to right. */
  readonly edge: readonly HashedNode[];
  /** Buckets that may be touched; every used one where the depth changes. */
  readonly touched: readonly number[];
  /** What is stored of them; none for one that was never used. */
  readonly buckets: ReadonlyMap<number, StoredBucket>;
  /** Nodes of the map by level: beside the paths of touched buckets, and the root. */
  readonly nodes: readonly Map<number, Uint8Array>[];
}

export const parseLast = ({ last }: LogState): LastEpoch | undefined =>
  last === undefined
    ? undefined
    : { ...parseEpochLeaf(last.leaf), era: last.era, records: last.records, root: last.root };

/** The state before an epoch that may touch the buckets of these names. */
export async function readBefore(
  db: Db,
  { size, last, depth }: Pick<Before, 'size' | 'last' | 'depth'>,
  names: readonly Uint8Array[],
): Promise<Before> {
  const touched = [...new Set(names.map((name) => bucketNumber(name, depth)))];
  const place = { era: last?.era ?? 0, epoch: size - 1 };
  const wanted = [...mapSiblings(depth, touched), { level: depth, index: 0 }];
  const [records, leaves, nodes, edge] = await Promise.all([
    readRecords(db, depth, place.epoch, touched),
    readBucketLeaves(db, place, touched),
    readMapNodes(db, place, wanted),
    readLogNodes(db, rootNodes(size)),
  ]);
  const buckets = storedBuckets(records, leaves);
  return { size, last, depth, touched, edge: inOrder(size, edge), buckets, nodes: byLevel(depth, nodes) };
}

/** The state before an epoch that changes the depth: all of it. */
export async function readWhole(db: Db, before: { readonly size: number; readonly last: LastEpoch }): Promise<Before> {
  const { size, last } = before;
  const { depth, era } = last;
  const [records, leaves, edge] = await Promise.all([
    readAllRecords(db, depth, size - 1),
    readAllBucketLeaves(db, { era, epoch: size - 1 }),
    readLogNodes(db, rootNodes(size)),
  ]);
  const buckets = storedBuckets(records, leaves);
  return { size, last, depth, touched: [...buckets.keys()], edge: inOrder(size, edge), buckets, nodes: [] };
}

const NO_RECORDS = new Uint8Array(0);

function storedBuckets(
  records: ReadonlyMap<number, Uint8Array>,
  leaves: ReadonlyMap<number, Uint8Array>,
): Map<number, StoredBucket> {
  const buckets = new Map<number, StoredBucket>();
  for (const [index, data] of leaves) {
    const leaf = parseBucketLeaf(data);
    if (leaf === undefined) continue;
    const history = { length: leaf.historyLength, head: leaf.historyHead };
    buckets.set(index, { leaf, leafHash: leafHash(data), history, records: records.get(index) ?? NO_RECORDS });
  }
  return buckets;
}

function byLevel(depth: number, nodes: readonly HashedNode[]): Map<number, Uint8Array>[] {
  const levels = Array.from({ length: depth + 1 }, () => new Map<number, Uint8Array>());
  for (const { level, index, hash } of nodes) levels[level]?.set(index, hash);
  return levels;
}

/** The database gives them in any order. */
function inOrder(size: number, found: readonly HashedNode[]): HashedNode[] {
  const read = nodeReader(found);
  return rootNodes(size).map((node) => ({ ...node, hash: read(node.level, node.index) }));
}

/** Reads nodes that are at hand; another one throws: the database lacks what it must have. */
export function nodeReader(nodes: readonly HashedNode[]): ReadNode {
  const known = new Map(nodes.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
  return (level, index) => {
    const hash = known.get(`${level}/${index}`);
    if (hash === undefined) throw new WhereaboutsError('internal-error', 'a node of the log is missing');
    return hash;
  };
}
