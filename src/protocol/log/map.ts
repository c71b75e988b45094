// The map (§6.2): the tree over the leaf data of all 2^d buckets, of which only used ones are ever touched. Makes roots and
// paths from stored nodes; checking a path is merkle-verify.ts. What a bucket's leaf says is bucket-leaf.ts.
import { leafHash, nodeHash } from './hash.ts';
import type { HashedNode } from './merkle.ts';
import { UNUSED_LEAF } from './bucket-leaf.ts';

/**
 * Stored nodes of the map at one depth: level 0 are the leaf hashes of buckets, level d is the root; undefined where no
 * bucket below was ever used. A depth's nodes are its own: after a split or merge one starts with none.
 */
export interface MapNodes {
  get(level: number, index: number): Uint8Array | undefined;
}

/** E[k]: roots of maps of 2^k buckets none of which was ever used, k = 0 to 32. */
export const EMPTY_SUBTREES: readonly Uint8Array[] = Array.from({ length: 33 }).reduce<Uint8Array[]>((roots) => {
  const below = roots.at(-1);
  return [...roots, below === undefined ? leafHash(UNUSED_LEAF) : nodeHash(below, below)];
}, []);

/** Root of a map of 2^depth buckets none of which was ever used. */
export function emptyRoot(depth: number): Uint8Array {
  const root = EMPTY_SUBTREES[depth];
  if (root === undefined) throw new RangeError('no such depth');
  return root;
}

const mapNode = (nodes: MapNodes, level: number, index: number): Uint8Array =>
  nodes.get(level, index) ?? emptyRoot(level);

/** The nodes `updateMap` and `mapPath` read for these buckets, once each: what to load beforehand. */
export function mapSiblings(depth: number, buckets: Iterable<number>): { level: number; index: number }[] {
  const siblings: { level: number; index: number }[] = [];
  let row = new Set(buckets);
  for (let level = 0; level < depth; level++) {
    for (const index of row) {
      const sibling = index % 2 === 0 ? index + 1 : index - 1;
      siblings.push({ level, index: sibling });
    }
    row = new Set([...row].map((index) => Math.floor(index / 2)));
  }
  return siblings;
}

/** The map after `leaves` (bucket number → leaf hash) changed: its root and every node that is not what it was. */
export function updateMap(
  depth: number,
  leaves: ReadonlyMap<number, Uint8Array>,
  nodes: MapNodes,
): { root: Uint8Array; written: HashedNode[] } {
  const written: HashedNode[] = [];
  let row = leaves;
  for (let level = 0; ; level++) {
    for (const [index, hash] of row) written.push({ level, index, hash });
    if (level === depth) break;
    const above = new Map<number, Uint8Array>();
    const hashAt = (index: number) => row.get(index) ?? mapNode(nodes, level, index);
    for (const index of row.keys()) {
      const parent = Math.floor(index / 2);
      if (!above.has(parent)) above.set(parent, nodeHash(hashAt(2 * parent), hashAt(2 * parent + 1)));
    }
    row = above;
  }
  return { root: row.get(0) ?? mapNode(nodes, depth, 0), written };
}

/** Map proof of bucket `index`: an inclusion proof in a tree of 2^depth leaves, exactly `depth` hashes, from the leaf up. */
export function mapPath(depth: number, index: number, nodes: MapNodes): Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** depth) throw new RangeError('no such bucket');
  return Array.from({ length: depth }, (_, level) => {
    const at = Math.floor(index / 2 ** level);
    return mapNode(nodes, level, at % 2 === 0 ? at + 1 : at - 1);
  });
}
