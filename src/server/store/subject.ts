// Names of quota rows and single-use rows: keyed hashes, so that neither the tables nor a copy of them name anybody.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, utf8 } from '../../protocol/wire.ts';

const ZERO = new Uint8Array(1);

/** HMAC-SHA-256(pepper, kind ‖ 0 ‖ part ‖ 0 ‖ part …); parts hold no NUL but for the last. */
export function subjectOf(pepper: Uint8Array, kind: string, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const octets = parts.flatMap((part) => [ZERO, typeof part === 'string' ? utf8(part) : part]);
  return hmac(sha256, pepper, concat(utf8(kind), ...octets));
}
