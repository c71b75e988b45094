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

// A hash begun with its prefix is copied into one instance instead of being built anew. Safe because nothing waits between the
// copy and its digest, and the copy overwrites whatever was left there.
const leafBegun = sha256.create().update(Uint8Array.of(0x00));
const running = sha256.create();

/** leaf(x) = H(00 ‖ x) */
export const leafHash = (data: Uint8Array): Uint8Array => leafBegun['_cloneInto'](running).update(data).digest();

// 200,000 times an epoch: a node's 65 octets are always the same two blocks of SHA-256 but for the 64 octets of its children,
// so the library's compression function is run on blocks that are padded already. That leaves out two thirds of what its
// general path does beside it; the compression itself stays the library's.
//
//   0    1      33      65   66          124        128
//   | 01 | left | right | 80 | zeros … | 520 bits |
const blocks = new Uint8Array(128);
const view = new DataView(blocks.buffer);
blocks[0] = 0x01;
blocks[65] = 0x80;
view.setUint32(124, 8 * 65);
const compressing = sha256.create();
const [a, b, c, d, e, f, g, h] = compressing['get']();

/** node(l, r) = H(01 ‖ l ‖ r) */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  // Lengths are not hashed: other ones would let octets wander from one side to the other.
  if (left.length !== HASH_OCTETS || right.length !== HASH_OCTETS) throw new RangeError('not a hash');
  for (let i = 0; i < HASH_OCTETS; i++) {
    blocks[1 + i] = left[i] ?? 0;
    blocks[33 + i] = right[i] ?? 0;
  }
  compressing['set'](a, b, c, d, e, f, g, h);
  compressing['process'](view, 0);
  compressing['process'](view, 64);
  const hash = new Uint8Array(HASH_OCTETS);
  writeWord(hash, 0, compressing['A']);
  writeWord(hash, 4, compressing['B']);
  writeWord(hash, 8, compressing['C']);
  writeWord(hash, 12, compressing['D']);
  writeWord(hash, 16, compressing['E']);
  writeWord(hash, 20, compressing['F']);
  writeWord(hash, 24, compressing['G']);
  writeWord(hash, 28, compressing['H']);
  return hash;
}

/** Not by a DataView: making one costs more than all the rest. */
function writeWord(octets: Uint8Array, at: number, word: number): void {
  octets[at] = word >>> 24;
  octets[at + 1] = word >>> 16;
  octets[at + 2] = word >>> 8;
  octets[at + 3] = word;
}

/** L24(s): ASCII padded with NUL to 24 octets. */
export const label24 = (text: string): Uint8Array => concat(utf8(text), new Uint8Array(24 - text.length));
