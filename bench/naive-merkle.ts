// RFC 6962 §2.1 as it is written, over node:crypto: keeps nothing and hashes everything anew. What the benchmarks of the log
// are compared with; shares nothing with src/protocol/log.
import { createHash } from 'node:crypto';

type Octets = Uint8Array;

const hash = (...parts: readonly Octets[]): Octets => {
  const sha256 = createHash('sha256');
  for (const part of parts) sha256.update(part);
  return sha256.digest();
};
export const naiveLeaf = (data: Octets): Octets => hash(Uint8Array.of(0), data);
export const naiveNode = (left: Octets, right: Octets): Octets => hash(Uint8Array.of(1), left, right);

const splitPoint = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);

/** MTH, of leaf hashes. */
export function naiveRoot(leaves: readonly Octets[]): Octets {
  const [only] = leaves;
  if (only === undefined) return hash();
  if (leaves.length === 1) return only;
  const k = splitPoint(leaves.length);
  return naiveNode(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH(m, D[n]) */
export function naivePath(m: number, leaves: readonly Octets[]): Octets[] {
  if (leaves.length <= 1) return [];
  const k = splitPoint(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m < k ? [...naivePath(m, left), naiveRoot(right)] : [...naivePath(m - k, right), naiveRoot(left)];
}

/** The root a path leads to: the recursion of PATH, backwards. */
export function naiveClimb(leaf: Octets, m: number, n: number, path: readonly Octets[]): Octets {
  const sibling = path.at(-1);
  if (n <= 1 || sibling === undefined) return leaf;
  const k = splitPoint(n);
  const rest = path.slice(0, -1);
  return m < k
    ? naiveNode(naiveClimb(leaf, m, k, rest), sibling)
    : naiveNode(sibling, naiveClimb(leaf, m - k, n - k, rest));
}
