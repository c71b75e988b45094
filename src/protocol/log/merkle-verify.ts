// Checks inclusion and consistency proofs as RFC 9162 §2.1.3.2 and §2.1.4.2 say, from the bottom up. Makes no proof and
// shares nothing with merkle.ts, which does, but the two hashes: a mistake in one is not a mistake in the other.
import { WhereaboutsError } from '../errors.ts';
import { compareOctets } from '../wire.ts';
import { EMPTY_ROOT, HASH_OCTETS, nodeHash } from './hash.ts';

const isOdd = (n: number): boolean => n % 2 === 1;
const half = (n: number): number => Math.floor(n / 2);
const isPowerOfTwo = (n: number): boolean => (isOdd(n) ? n === 1 : isPowerOfTwo(n / 2));
const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const same = (a: Uint8Array, b: Uint8Array): boolean => compareOctets(a, b) === 0;

/** Checks that the tree of `size` leaves with `root` has `leaf` as number `index`; throws `inclusion-invalid`. */
export function verifyInclusion(input: {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): void {
  const { leaf, index, size, proof, root } = input;
  const fail = (message: string) => new WhereaboutsError('inclusion-invalid', message);
  if (!isSize(index) || !isSize(size) || index >= size) throw fail('the tree has no such leaf');
  if ([leaf, root, ...proof].some(({ length }) => length !== HASH_OCTETS)) throw fail('a hash has another length');
  let [fn, sn, r] = [index, size - 1, leaf];
  for (const p of proof) {
    if (sn === 0) throw fail('the proof is too long');
    if (isOdd(fn) || fn === sn) {
      r = nodeHash(p, r);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      r = nodeHash(r, p);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw fail('the proof is too short');
  if (!same(r, root)) throw fail('the proof leads to another root');
}

/** Checks that the tree of `size` leaves begins with that of `old` ≥ 1; throws `consistency-invalid`. */
export function verifyConsistency(input: {
  readonly old: number;
  readonly size: number;
  readonly oldRoot: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): void {
  const { old, size, oldRoot, root, proof } = input;
  const fail = (message: string) => new WhereaboutsError('consistency-invalid', message);
  if (!isSize(old) || !isSize(size) || old > size) throw fail('the tree did not grow');
  if ([oldRoot, root, ...proof].some(({ length }) => length !== HASH_OCTETS)) throw fail('a hash has another length');
  if (old === size) {
    if (proof.length > 0) throw fail('a proof where there is nothing to prove');
    if (!same(oldRoot, root)) throw fail('two roots of one size');
    return;
  }
  // Everything is consistent with nothing: whoever has seen nothing asks for no proof.
  if (old === 0) throw fail('nothing to be consistent with');
  // A complete old tree is a node of the new one, and its root left out of the proof.
  const [first, ...rest] = isPowerOfTwo(old) ? [oldRoot, ...proof] : proof;
  if (first === undefined) throw fail('the proof is too short');
  let [fn, sn] = [old - 1, size - 1];
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  let [fr, sr] = [first, first];
  for (const c of rest) {
    if (sn === 0) throw fail('the proof is too long');
    if (isOdd(fn) || fn === sn) {
      fr = nodeHash(c, fr);
      sr = nodeHash(c, sr);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = nodeHash(sr, c);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw fail('the proof is too short');
  if (!same(fr, oldRoot)) throw fail('the proof leads to another old root');
  if (!same(sr, root)) throw fail('the proof leads to another root');
}

/** The complete subtrees a growing tree consists of, left to right: all that appending needs. */
export type Edge = readonly { readonly hash: Uint8Array; readonly leaves: number }[];

/** The edge after one more leaf. */
export function growEdge(edge: Edge, leaf: Uint8Array): Edge {
  let [rest, last] = [edge, { hash: leaf, leaves: 1 }];
  for (let left = rest.at(-1); left?.leaves === last.leaves; left = rest.at(-1)) {
    last = { hash: nodeHash(left.hash, last.hash), leaves: 2 * last.leaves };
    rest = rest.slice(0, -1);
  }
  return [...rest, last];
}

/** The root of the tree with this edge. */
export const edgeRoot = (edge: Edge): Uint8Array =>
  edge.length === 0 ? EMPTY_ROOT : edge.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right));

/** MTH of leaves given by their hashes, one by one as a log grows: the edge, without what tells its parts apart. */
export function computeRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const edge: Uint8Array[] = [];
  for (const [index, leaf] of leaves.entries()) {
    let hash = leaf;
    // As many subtrees are completed as the index ends in ones.
    for (let n = index; isOdd(n); n = half(n)) hash = nodeHash(edge.pop() ?? hash, hash);
    edge.push(hash);
  }
  return edge.length === 0 ? EMPTY_ROOT : edge.reduceRight((right, left) => nodeHash(left, right));
}
