// Who calls: client tokens of gatekeepers, issuers and bridges (§10), and the passes issuers give to persons (§4.6).
// That a `jti` is used once, or a pass sixteen times, is for the directory to remember.
import { z } from 'zod';
import { WhereaboutsError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { b64u, domain, parseClaims, times, verifyLife, verifyTimes } from './claims.ts';
import { parseDomainJws, signAsDomain, verifyDomain, type DomainJws, type FindKeys, type SigningKey } from './jws.ts';

/** The claims of a client token. Times are seconds since 1970. */
export interface ClientToken {
  /** The caller's domain. */
  readonly iss: string;
  /** The host called. */
  readonly aud: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  /** Pseudonym of the end user who asks, b64u. */
  readonly sub?: string;
}

/** The claims of a pass: `sub` is the thumbprint of the temporary key it was given to. */
export interface Pass extends ClientToken {
  readonly sub: string;
}

/** What a server expects of a token it is called with. */
export interface CallExpectation {
  readonly now: number;
  /** Host names this server is called by; `host:port` where it has one. */
  readonly aud: string | readonly string[];
  readonly keys: FindKeys;
}

const common = { iss: domain, aud: z.string(), jti: b64u(16), ...times };
// Not strict, as attestations are not: a domain's JWT library may add claims of its own.
const clientClaims = z.object({ ...common, sub: b64u().min(1).exactOptional() });
const passClaims = z.object({ ...common, sub: b64u(32) });

/** Reads a client token without checking its signature: to find who calls. */
export const readClientToken = (token: string): ClientToken => readClient(parseDomainJws(token, 'client'));

/** Reads a pass without checking its signature: to find who gave it. */
export const readPass = (token: string): Pass => readPassOf(parseDomainJws(token, 'pass'));

function readClient({ payload }: DomainJws): ClientToken {
  const claims = parseClaims(clientClaims, payload);
  verifyLife(claims, LIMITS.clientTokenLifeSeconds);
  return claims;
}

function readPassOf({ payload }: DomainJws): Pass {
  const claims = parseClaims(passClaims, payload);
  verifyLife(claims, LIMITS.shortTokenLifeSeconds);
  return claims;
}

/** A token of either kind that somebody calls with, its signature not yet checked. */
export type Call =
  | { readonly kind: 'client'; readonly jws: DomainJws; readonly claims: ClientToken }
  | { readonly kind: 'pass'; readonly jws: DomainJws; readonly claims: Pass };

/** Parses the one kind or the other; what is neither throws `token-invalid`. */
export function parseCall(token: string): Call {
  const jws = parseDomainJws(token, 'client', 'pass');
  return jws.typ === 'client'
    ? { kind: 'client', jws, claims: readClient(jws) }
    : { kind: 'pass', jws, claims: readPassOf(jws) };
}

/** Verifies what was parsed. */
export async function verifyCall({ jws, claims }: Call, expect: CallExpectation): Promise<void> {
  await verifyFor(jws, claims, expect);
}

/** Verifies a client token. */
export async function verifyClientToken(token: string, expect: CallExpectation): Promise<ClientToken> {
  const jws = parseDomainJws(token, 'client');
  return verifyFor(jws, readClient(jws), expect);
}

/** Verifies a pass. */
export async function verifyPass(token: string, expect: CallExpectation): Promise<Pass> {
  const jws = parseDomainJws(token, 'pass');
  return verifyFor(jws, readPassOf(jws), expect);
}

async function verifyFor<T extends ClientToken>(jws: DomainJws, claims: T, expect: CallExpectation): Promise<T> {
  const { now, aud, keys } = expect;
  const hosts = typeof aud === 'string' ? [aud] : aud;
  if (!hosts.includes(claims.aud)) throw new WhereaboutsError('token-invalid', 'the claim aud is another');
  verifyTimes(claims, now);
  await verifyDomain(jws, claims.iss, keys);
  return claims;
}

/** Signs a client token. */
export async function signClientToken(claims: ClientToken, key: SigningKey): Promise<string> {
  const { iss, aud, jti, iat, exp, sub } = claims;
  return signAsDomain('client', { iss, aud, jti, iat, exp, ...(sub === undefined ? {} : { sub }) }, key);
}

/** Signs a pass. */
export async function signPass({ iss, aud, sub, jti, iat, exp }: Pass, key: SigningKey): Promise<string> {
  return signAsDomain('pass', { iss, aud, sub, jti, iat, exp }, key);
}
