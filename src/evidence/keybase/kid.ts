// Keybase key ids: `01 ‖ algorithm ‖ 32 octets ‖ 0a` in lower-case hex. Does not say who holds the key.
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, formatHex, parseHex } from '../../protocol/wire.ts';
import { refused } from '../refusal.ts';

declare const brand: unique symbol;

/** 35 octets in lower-case hex. */
export type Kid = string & { readonly [brand]: 'Kid' };

export type KeyKind = 'eddsa' | 'dh' | 'pgp';

const KINDS: Readonly<Record<string, KeyKind>> = {
  '20': 'eddsa',
  '21': 'dh',
  '01': 'pgp',
  '11': 'pgp',
  '13': 'pgp',
  '16': 'pgp',
};

export const isKid = (text: unknown): text is Kid =>
  typeof text === 'string' && /^01(?:20|21|01|11|13|16)[0-9a-f]{64}0a$/.test(text);

export function parseKid(text: unknown): Kid {
  if (!isKid(text)) throw refused('syntax');
  return text;
}

export const kindOf = (kid: Kid): KeyKind => KINDS[kid.slice(2, 4)] ?? 'pgp';

/** The raw public key of an EdDSA or DH key. */
export const rawKey = (kid: Kid): Uint8Array => parseHex(kid.slice(4, 68), 32);

/** From the body of a v4 public-key packet: hash of the key material, without version, time and algorithm before it. */
export function pgpKid(body: Uint8Array): Kid {
  const algorithm = body[5] ?? 0;
  return parseKid(formatHex(concat(Uint8Array.of(1, algorithm), sha256(body.subarray(6)), Uint8Array.of(0x0a))));
}
