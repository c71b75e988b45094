// Attestations (§4.1): an issuer's word that the holder of a temporary key controls the identifier behind a blinded name.
// Does not decide whose word counts: that is judgement.ts.
import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import { b64u, domain, parseClaims, times, verifyExpected, verifyLife, verifyTimes } from './claims.ts';
import { parseDomainJws, signAsDomain, verifyDomain, type DomainJws, type FindKeys, type SigningKey } from './jws.ts';

/** The claims of an attestation, `cnf` flattened. Times are seconds since 1970. */
export interface Attestation {
  /** The issuer's domain. */
  readonly iss: string;
  /** The directory's domain. */
  readonly aud: string;
  /** The blinded name, b64u. */
  readonly sub: string;
  /** Thumbprint of the temporary key. */
  readonly jkt: string;
  readonly iat: number;
  readonly exp: number;
  /** How possession was established (RFC 8176). */
  readonly amr: readonly string[];
  readonly jti: string;
  /** Ties the attestation to one address at `iss` (§4.1). */
  readonly account?: string;
}

// Not strict: claims that are not listed are ignored, so that issuers may add some (§4).
const claims = z.object({
  iss: domain,
  aud: z.string(),
  sub: b64u(32),
  cnf: z.object({ jkt: b64u(32) }),
  ...times,
  amr: z.array(z.string()),
  jti: b64u(16),
  account: b64u(32).exactOptional(),
});

/** Reads an attestation without checking its signature: to find its issuer, or where it was checked before. */
export const readAttestation = (token: string): Attestation => read(parseDomainJws(token, 'attestation'));

function read({ payload }: DomainJws): Attestation {
  const { cnf, ...rest } = parseClaims(claims, payload);
  verifyLife(rest, LIMITS.tokenLifeSeconds);
  return { ...rest, jkt: cnf.jkt };
}

/** Verifies an attestation for one name, directory and temporary key at `now` (seconds). */
export async function verifyAttestation(
  token: string,
  expect: {
    readonly now: number;
    readonly aud: string;
    readonly sub: string;
    readonly jkt: string;
    readonly keys: FindKeys;
  },
): Promise<Attestation> {
  const { now, aud, sub, jkt, keys } = expect;
  const jws = parseDomainJws(token, 'attestation');
  const attestation = read(jws);
  verifyExpected(attestation, { aud, sub, jkt });
  verifyTimes(attestation, now);
  await verifyDomain(jws, attestation.iss, keys);
  return attestation;
}

/** Signs an attestation. Its issuer has checked a proof of possession and computed `sub` itself (§4.1). */
export async function signAttestation({ jkt, ...rest }: Attestation, key: SigningKey): Promise<string> {
  const { iss, aud, sub, iat, exp, amr, jti, account } = rest;
  const named = account === undefined ? {} : { account };
  return signAsDomain('attestation', { iss, aud, sub, cnf: { jkt }, iat, exp, amr, jti, ...named }, key);
}
