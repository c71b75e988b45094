// Deposits (§5.2): the temporary key's order to a directory to keep these sealed octets under this name.
// Attestations, evidence and what the directory already has are for the directory to compare.
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { WhereaboutsError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { formatB64u } from '../wire.ts';
import { b64u, parseClaims, seq, times, verifyExpected, verifyLife, verifyTimes } from './claims.ts';
import { parseHolderJws, signAsHolder, verifyHolder } from './jws.ts';
import type { RoutingProof } from './route.ts';
import type { TemporaryKey } from './temporary-key.ts';

/** The claims of a deposit, `iss` as `jkt`. Times are seconds since 1970. */
export interface Deposit {
  readonly jkt: string;
  readonly aud: string;
  readonly sub: string;
  readonly seq: number;
  readonly iat: number;
  readonly exp: number;
  /** SHA-256 of the sealed octets, b64u. */
  readonly sealed: string;
}

const claims = z.strictObject({ iss: b64u(32), aud: z.string(), sub: b64u(32), seq, ...times, sealed: b64u(32) });

/** Verifies a deposit of `sealed` under the name `sub` (b64u) at the directory `aud`. */
export async function verifyDeposit(
  token: string,
  expect: { readonly now: number; readonly aud: string; readonly sub: string; readonly sealed: Uint8Array },
): Promise<Deposit> {
  const { now, aud, sub } = expect;
  const jws = parseHolderJws(token, 'deposit');
  const { iss, ...deposit } = parseClaims(claims, jws.payload);
  verifyExpected({ ...deposit, iss }, { iss: jws.jkt, aud, sub, sealed: formatB64u(sha256(expect.sealed)) });
  verifyLife(deposit, LIMITS.tokenLifeSeconds);
  verifyTimes(deposit, now);
  await verifyHolder(jws);
  return { jkt: jws.jkt, ...deposit };
}

/**
 * A deposit ends no later than its routing proof (§5.2), and is by the same key for the same name: what its maker checks,
 * for the directory cannot see the routing proof.
 */
export function verifyDepositFitsRoute(
  deposit: Omit<Deposit, 'sealed' | 'seq' | 'iat'>,
  route: Pick<RoutingProof, 'jkt' | 'aud' | 'sub' | 'exp'>,
): void {
  const { jkt, aud, sub } = route;
  verifyExpected(deposit, { jkt, aud, sub });
  if (deposit.exp > route.exp) throw new WhereaboutsError('token-invalid', 'outlives its routing proof');
}

/** Signs a deposit; its `iss` is the key's thumbprint. */
export async function signDeposit(deposit: Omit<Deposit, 'jkt'>, key: TemporaryKey): Promise<string> {
  const { aud, sub, seq: number, iat, exp, sealed } = deposit;
  return signAsHolder('deposit', { iss: key.jkt, aud, sub, seq: number, iat, exp, sealed }, key);
}
