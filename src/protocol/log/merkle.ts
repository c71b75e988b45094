// Merkle trees as in RFC 6962 §2.1: roots, inclusion and consistency proofs made from stored nodes. Does not check proofs:
// merkle-verify.ts does, and shares nothing with this file but the two hashes.
import { EMPTY_ROOT, nodeHash } from './hash.ts';

/** A complete subtree: the 2^level leaves from index · 2^level on. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

export interface HashedNode extends TreeNode {
  readonly hash: Uint8Array;
}

/** The hash of a complete subtree; throws where it is not at hand. */
export type ReadNode = (level: number, index: number) => Uint8Array;

/** The leaves [start, end): what RFC 6962 writes as D[start:end]. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** The largest power of two smaller than n, n > 1. Not by bits: sizes may be larger than 2^32. */
function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** The complete subtrees a range of the recursion in RFC 6962 §2.1 consists of, left to right, ever smaller. */
function rangeNodes({ start, end }: Range): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = start; at < end;) {
    let [level, width] = [0, 1];
    while (at % (width * 2) === 0 && at + width * 2 <= end) [level, width] = [level + 1, width * 2];
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}

function rangeHash(range: Range, read: ReadNode): Uint8Array {
  const hashes = rangeNodes(range).map(({ level, index }) => read(level, index));
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** RFC 6962 §2.1.1 PATH(m, D[n]): siblings from the leaf up. */
function inclusionRanges(index: number, size: number): Range[] {
  if (index < 0 || index >= size) throw new RangeError('no such leaf');
  const ranges: Range[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.toReversed();
}

/** RFC 6962 §2.1.2 PROOF(m, D[n]) = SUBPROOF(m, D[n], true). */
function consistencyRanges(old: number, size: number): Range[] {
  if (old < 1 || old > size) throw new RangeError('no such growth');
  const ranges: Range[] = [];
  let [start, end] = [0, size];
  while (old < end) {
    const middle = start + splitPoint(end - start);
    if (old <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // The old root itself is known to whoever asks, and left out; any other subtree of it is not.
  if (start !== 0) ranges.push({ start, end });
  return ranges.toReversed();
}

/** The nodes `makeInclusion` will read: what to fetch beforehand. */
export const inclusionNodes = (index: number, size: number): TreeNode[] =>
  inclusionRanges(index, size).flatMap(rangeNodes);

/** Inclusion proof of leaf `index` in the tree of `size` leaves. */
export const makeInclusion = (index: number, size: number, read: ReadNode): Uint8Array[] =>
  inclusionRanges(index, size).map((range) => rangeHash(range, read));

/** The nodes `makeConsistency` will read: what to fetch beforehand. */
export const consistencyNodes = (old: number, size: number): TreeNode[] =>
  consistencyRanges(old, size).flatMap(rangeNodes);

/** Consistency proof between the trees of `old` ≥ 1 and of `size` leaves; empty where they are one. */
export const makeConsistency = (old: number, size: number, read: ReadNode): Uint8Array[] =>
  consistencyRanges(old, size).map((range) => rangeHash(range, read));

/** The nodes `treeRoot` and `appendLeaf` will read: the right edge of a tree. */
export const rootNodes = (size: number): TreeNode[] => rangeNodes({ start: 0, end: size });

/** MTH of the first `size` leaves. */
export const treeRoot = (size: number, read: ReadNode): Uint8Array =>
  size === 0 ? EMPTY_ROOT : rangeHash({ start: 0, end: size }, read);

/** The nodes that leaf number `size` completes, from itself up: what to store. Reads only `rootNodes(size)`. */
export function appendLeaf(size: number, leaf: Uint8Array, read: ReadNode): HashedNode[] {
  const completed: HashedNode[] = [{ level: 0, index: size, hash: leaf }];
  let [index, hash] = [size, leaf];
  for (let level = 0; index % 2 === 1; level++) {
    hash = nodeHash(read(level, index - 1), hash);
    index = (index - 1) / 2;
    completed.push({ level: level + 1, index, hash });
  }
  return completed;
}

/** MTH of leaves given by their hashes. */
export function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  // Pairing level by level and carrying an odd one up gives the tree of RFC 6962: its left halves are the largest powers of two.
  let row = leaves;
  while (row.length > 1) row = parents(row, true);
  return row[0] ?? EMPTY_ROOT;
}

/** A whole tree in memory: reads its complete subtrees. */
export function memoryTree(leaves: readonly Uint8Array[]): ReadNode {
  const rows: (readonly Uint8Array[])[] = [leaves];
  for (let row = leaves; row.length > 1; rows.push(row)) row = parents(row, false);
  return (level, index) => {
    const hash = rows[level]?.[index];
    if (hash === undefined) throw new RangeError('no such node');
    return hash;
  };
}

function parents(row: readonly Uint8Array[], carry: boolean): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i < row.length; i += 2) {
    const [left, right] = [row[i], row[i + 1]];
    if (left !== undefined && right !== undefined) above.push(nodeHash(left, right));
    else if (left !== undefined && carry) above.push(left);
  }
  return above;
}
