// Proofs of possession (§4.4): whoever asks an issuer for an attestation shows that he holds the temporary key.
// That a nonce was given by this issuer, and is used once, is for the issuer to remember.
import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import { parseClaims, times, verifyExpected, verifyLife, verifyTimes } from './claims.ts';
import { parseHolderJws, signAsHolder, verifyHolder } from './jws.ts';
import type { TemporaryKey } from './temporary-key.ts';

/** Claims of a proof of possession. Times are seconds since 1970. */
export interface Possession {
  /** The issuer's domain. */
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly nonce: string;
}

const claims = z.strictObject({ aud: z.string(), ...times, nonce: z.string().min(1) });

/** Verifies a proof for the issuer `aud`; with `nonce` it must be that one, else the caller looks it up. */
export async function verifyPossession(
  token: string,
  expect: { readonly now: number; readonly aud: string; readonly nonce?: string },
): Promise<{ jkt: string; nonce: string }> {
  const { now, aud, nonce } = expect;
  const jws = parseHolderJws(token, 'possession');
  const proof = parseClaims(claims, jws.payload);
  verifyExpected(proof, { aud, ...(nonce === undefined ? {} : { nonce }) });
  verifyLife(proof, LIMITS.shortTokenLifeSeconds);
  verifyTimes(proof, now);
  await verifyHolder(jws);
  return { jkt: jws.jkt, nonce: proof.nonce };
}

/** Signs a proof of possession. */
export async function signPossession({ aud, iat, exp, nonce }: Possession, key: TemporaryKey): Promise<string> {
  return signAsHolder('possession', { aud, iat, exp, nonce }, key);
}
