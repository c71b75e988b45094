// The one hash rule of entries, buckets, epochs and changes (§6, RFC 6962 §2.1). Trees are in merkle.ts, checking them in
// merkle-verify.ts: this file is all that the two share.
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, utf8 } from '../wire.ts';

export { sha256 };

/** Octets of a hash. */
export const HASH_OCTETS = 32;

/** The root of a tree without leaves: MTH({}) = H(""). */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

/** 32 zero octets: the head of a chain without entries, a removed entry, the name in an entry of a split or merge. */
export const ZEROS: Uint8Array = new Uint8Array(HASH_OCTETS);

// 80,000 times an epoch: a hash begun with its prefix is copied into one instance instead of being built anew, which halves
// the time. Safe because nothing waits between the copy and its digest, and the copy overwrites whatever was left there.
const leafBegun = sha256.create().update(Uint8Array.of(0x00));
const nodeBegun = sha256.create().update(Uint8Array.of(0x01));
const running = sha256.create();

/** leaf(x) = H(00 ‖ x) */
export const leafHash = (data: Uint8Array): Uint8Array => leafBegun['_cloneInto'](running).update(data).digest();

/** node(l, r) = H(01 ‖ l ‖ r) */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  // Lengths are not hashed: other ones would let octets wander from one side to the other.
  if (left.length !== HASH_OCTETS || right.length !== HASH_OCTETS) throw new RangeError('not a hash');
  return nodeBegun['_cloneInto'](running).update(left).update(right).digest();
}

/** L24(s): ASCII padded with NUL to 24 octets. */
export const label24 = (text: string): Uint8Array => concat(utf8(text), new Uint8Array(24 - text.length));
