// The temporary key (§4.5): an Ed25519 key made for one registration, known by its thumbprint. Does not keep it anywhere.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { CryptoKey } from 'jose';
import { z } from 'zod';
import { WhereaboutsError } from '../errors.ts';
import { formatB64u, parseB64u, utf8 } from '../wire.ts';

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

/**
 * §4: under a key of small order one signature holds for many messages, and a point spelled in two ways has two
 * thumbprints. Platforms differ in what they refuse, so it is refused here.
 */
export function verifyPoint(x: string): void {
  let point;
  try {
    // Strict RFC 8032 decoding: y not below p and the other sign of x = 0 are refused.
    point = ed25519.Point.fromBytes(parseB64u(x, 32), false);
  } catch (cause) {
    throw new WhereaboutsError('token-invalid', 'not a point', { cause });
  }
  if (point.isSmallOrder()) throw new WhereaboutsError('token-invalid', 'a key of small order');
}
