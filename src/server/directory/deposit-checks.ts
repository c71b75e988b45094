// What a deposit must be by itself (§5.2), cheapest first: shape, hashes, the depositor's signature, and last, with keys
// fetched from others, the issuers'. Nobody makes the directory ask around without having signed something.
import { sha256 } from '@noble/hashes/sha2.js';
import { isChainEntry } from '../../protocol/chain/names.ts';
import { registrableDomain } from '../../protocol/domain.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { verifyEvidence } from '../../protocol/sealed.ts';
import { readAttestation, verifyAttestation, type Attestation } from '../../protocol/token/attestation.ts';
import { verifyDeposit } from '../../protocol/token/deposit.ts';
import { formatB64u, parseB64u, utf8 } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import type { Evidence } from '../store/records.ts';
import type { Deposit } from './deposit-decision.ts';
import { fetchPeerOr } from './peers.ts';
import { firstRecheck } from './times.ts';

/** The body of `PUT /v1/records/{name}`. */
export interface DepositRequest {
  readonly sealed: string;
  readonly deposit: string;
  readonly attestations: readonly string[];
}

/** A deposit that its depositor signed; its attestations are still only claims. */
export interface Incoming {
  readonly deposit: Deposit;
  readonly sealed: Uint8Array;
  /** b64u of the name and of the holder's thumbprint. */
  readonly sub: string;
  readonly jkt: string;
  readonly attestations: readonly string[];
}

/** Everything that needs nobody else; throws `request-invalid`, `record-invalid`, `token-invalid` or `issuer-refused`. */
export async function readDeposit(
  ctx: DirectoryContext,
  name: Uint8Array,
  request: DepositRequest,
  now: number,
): Promise<Incoming> {
  const { attestations } = request;
  const sub = formatB64u(name);
  const sealed = parseB64u(request.sealed);
  verifyEvidence(sealed, attestations);
  const claims = attestations.map(readAttestation);
  const { jkt, seq, exp } = await verifyDeposit(request.deposit, { now, aud: ctx.domain, sub, sealed });
  // Readers would take it for an identity chain, and everything behind it in its bucket for something else (§9.6).
  if (isChainEntry({ name, holder: parseB64u(jkt, 32) }))
    throw new WhereaboutsError('record-invalid', 'a name that is kept for identity chains');
  checkClaims(ctx, claims, { sub, jkt, now });
  const evidence = claims.map((claim, i) => ({
    ...evidenceOf(claim, attestations[i] ?? ''),
    recheckAt: firstRecheck(ctx, now),
  }));
  return {
    sealed,
    sub,
    jkt,
    attestations,
    deposit: {
      name,
      holder: parseB64u(jkt, 32),
      seq,
      digest: sha256(sealed),
      length: sealed.length,
      expiresAt: Math.min(exp, ...evidence.map(({ expiresAt }) => expiresAt)),
      listed: evidence.some(({ issuer }) => ctx.listed.has(issuer)),
      evidence,
    },
  };
}

/** The issuers' signatures; a domain without a description is no issuer: `issuer-refused`. */
export async function verifyIssuers(
  ctx: DirectoryContext,
  incoming: Incoming,
  now: number,
  address: string,
): Promise<void> {
  const { sub, jkt, attestations, deposit } = incoming;
  const fetched = await Promise.all(
    deposit.evidence.map(
      async ({ issuer }) => [issuer, (await fetchPeerOr('issuer-refused', ctx, issuer, address)).jwks] as const,
    ),
  );
  const keys = new Map(fetched);
  for (const token of attestations)
    await verifyAttestation(token, { now, aud: ctx.domain, sub, jkt, keys: (iss) => keys.get(iss) });
}

/** What a signature could only confirm: seen before anybody is asked for keys. */
function checkClaims(
  ctx: DirectoryContext,
  claims: readonly Attestation[],
  expect: { readonly sub: string; readonly jkt: string; readonly now: number },
): void {
  for (const { aud, sub, jkt, exp } of claims)
    if (aud !== ctx.domain || sub !== expect.sub || jkt !== expect.jkt || exp <= expect.now)
      throw new WhereaboutsError('token-invalid', 'an attestation is not for this deposit');
  const issuers = claims.map(({ iss }) => iss);
  // One live record per (name, issuer): a second attestation by the same one would say nothing more.
  if (new Set(issuers).size !== issuers.length)
    throw new WhereaboutsError('record-invalid', 'two attestations by one issuer');
  if (ctx.issuers === 'listed' && !issuers.every((issuer) => ctx.listed.has(issuer)))
    throw new WhereaboutsError('issuer-refused');
}

const evidenceOf = ({ iss, jti, iat, exp }: Attestation, token: string): Omit<Evidence, 'recheckAt'> => ({
  issuer: iss,
  jti: parseB64u(jti, 16),
  digest: sha256(utf8(token)),
  domain: registrableDomain(iss),
  issuedAt: iat,
  expiresAt: exp,
});
