// Ariadne profiles of our own making: owners with fresh keys, and what they sign.
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair, type JWK } from 'jose';
import { formatBase32 } from '../../src/evidence/did/multibase.ts';
import { parseB64u, utf8 } from '../../src/protocol/wire.ts';

export interface Party {
  readonly alg: 'EdDSA' | 'ES256';
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  readonly fingerprint: string;
}
type CryptoKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

export async function party(alg: Party['alg']): Promise<Party> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const digest = parseB64u(await calculateJwkThumbprint(jwk, 'sha512'));
  return { alg, jwk, privateKey, fingerprint: formatBase32(digest.subarray(0, 16)).toUpperCase() };
}

export const A = 'http://ariadne.id/';
export const payload = (claims: readonly string[], more: object = {}) => ({
  [`${A}version`]: 0,
  [`${A}type`]: 'profile',
  [`${A}name`]: 'Alice',
  [`${A}claims`]: claims,
  ...more,
});
export const sign = (
  { alg, jwk, privateKey, fingerprint }: Party,
  body: object,
  header: object = {},
): Promise<string> =>
  new CompactSign(utf8(JSON.stringify(body)))
    .setProtectedHeader({ typ: 'JWT', kid: fingerprint, jwk, alg, ...header })
    .sign(privateKey);
