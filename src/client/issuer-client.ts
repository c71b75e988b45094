// An issuer's API (§4.6) as the person's own device calls it: prove possession of the temporary key, receive the attestation.
// How the issuer knows its user is between the two: the caller brings the Authorization header.
import { z } from 'zod';
import type { Description } from '../protocol/description.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { TemporaryKey } from '../protocol/token/temporary-key.ts';
import { signPossession } from '../protocol/token/possession.ts';
import { call, parseReply, type CallParts } from './call.ts';

const token = z.string().max(LIMITS.tokenOctets);
const nonceReply = z.object({ nonce: z.string().min(1).max(256) });
const attestationReply = z.object({ attestation: token, pass: token });

/** What a person asks an issuer to attest. */
export interface AttestationRequest {
  readonly directory: string;
  readonly identifier: string;
  readonly region?: string;
  readonly key: TemporaryKey;
  /** The whole `Authorization` header for the issuer's API. */
  readonly authorization: string;
  readonly until: number;
}

/** Asks `issuer` for an attestation, and the pass that lets the person evaluate the name too. */
export async function requestAttestation(
  parts: CallParts,
  issuer: Description,
  request: AttestationRequest,
): Promise<{ attestation: string; pass: string }> {
  const { authorization, until, key, directory, identifier, region } = request;
  const api = apiOf(issuer);
  const { nonce } = parseReply(
    nonceReply,
    await call(parts, { url: `${api}/nonce`, method: 'POST', body: {}, authorization, until }),
  );
  const iat = Math.floor(parts.clock() / 1000);
  const claims = { aud: issuer.domain, iat, exp: iat + LIMITS.shortTokenLifeSeconds, nonce };
  const possession = await signPossession(claims, key);
  const body = { directory, identifier, ...(region === undefined ? {} : { region }), possession };
  const octets = await call(parts, { url: `${api}/attestations`, method: 'POST', body, authorization, until });
  return parseReply(attestationReply, octets);
}

/** Has the issuer withdraw an attestation, and with it every record that rests on it (§5.2). */
export async function withdrawAttestation(
  parts: CallParts,
  issuer: Description,
  request: { jti: string; authorization: string; until: number },
): Promise<void> {
  const { jti, authorization, until } = request;
  await call(parts, { url: `${apiOf(issuer)}/attestations/${jti}`, method: 'DELETE', authorization, until });
}

function apiOf(issuer: Description): string {
  const api = issuer.issuer?.api;
  if (api === undefined) throw new WhereaboutsError('issuer-refused', 'this domain issues no attestations');
  return api.replace(/\/+$/, '');
}
