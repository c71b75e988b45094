// The temporary key (§4.5): an Ed25519 key made for one registration, known by its thumbprint. Does not keep it anywhere.
import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { CryptoKey } from 'jose';
import { z } from 'zod';
import { failAsSync, WhereaboutsError } from '../errors.ts';
import { compareOctets, formatB64u, parseB64u, parseHex, utf8 } from '../wire.ts';

/** Exactly these members (§4): a private part or a usage does not belong into a header. */
const temporaryJwk = z.strictObject({ crv: z.literal('Ed25519'), kty: z.literal('OKP'), x: z.string() });

export type TemporaryJwk = Readonly<z.infer<typeof temporaryJwk>>;

export interface TemporaryKey {
  readonly jwk: TemporaryJwk;
  /** RFC 7638 thumbprint, b64u. */
  readonly jkt: string;
  readonly privateKey: CryptoKey;
}

/** A fresh key from the platform's own randomness; non-extractable unless asked for, which keeping it for changes needs. */
export async function generateTemporaryKey({ extractable = false } = {}): Promise<TemporaryKey> {
  const pair = await crypto.subtle.generateKey('Ed25519', extractable, ['sign', 'verify']);
  if (!('publicKey' in pair)) throw new WhereaboutsError('internal-error', 'not a key pair');
  const x = formatB64u(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
  const jwk = { crv: 'Ed25519', kty: 'OKP', x } as const;
  return { jwk, jkt: thumbprint(jwk), privateKey: pair.privateKey };
}

/** RFC 7638 §3: SHA-256 over the required members in their order, b64u. */
export const thumbprint = ({ crv, kty, x }: TemporaryJwk): string =>
  formatB64u(sha256(utf8(JSON.stringify({ crv, kty, x }))));

/** The public key of a header; `token-invalid` unless it is one that only its owner can sign with. */
export function parseTemporaryJwk(value: unknown): TemporaryJwk {
  const jwk = temporaryJwk.safeParse(value);
  if (!jwk.success) throw new WhereaboutsError('token-invalid', 'the header has no temporary key');
  verifyPoint(jwk.data.x);
  return jwk.data;
}

/** y of every point of small order; with either sign of x. */
const SMALL_ORDER = new Set(ED25519_TORSION_SUBGROUP.map((hex) => formatB64u(unsigned(parseHex(hex, 32)))));
/** 2²⁵⁵ − 19, little-endian. */
const P = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0xed : i === 31 ? 0x7f : 0xff));

/** y alone: the top bit is the sign of x (RFC 8032 §5.1.2). */
function unsigned(point: Uint8Array): Uint8Array {
  const y = point.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return y;
}

/**
 * §4: under a key of small order one signature holds for many messages, and a point spelled in two ways has two
 * thumbprints. Platforms differ in what they refuse, so it is refused here. Whether it is a point at all costs more to tell
 * than all the rest, and nothing verifies under what is none.
 */
export function verifyPoint(x: string): void {
  const y = unsigned(failAsSync('token-invalid', 'not a point', () => parseB64u(x, 32)));
  // Only y = ±1 have the other sign of x = 0, and they are of small order.
  if (compareOctets(y.toReversed(), P.toReversed()) >= 0) throw new WhereaboutsError('token-invalid', 'not a point');
  if (SMALL_ORDER.has(formatB64u(y))) throw new WhereaboutsError('token-invalid', 'a key of small order');
}
