// Who asks for evaluations (§10): a domain by a client token of its own, a person by an issuer's pass, or nobody in particular.
// Says who; what that is worth is evaluation-quota's.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { parseCall, verifyCall } from '../../protocol/token/client-token.ts';
import type { DirectoryContext } from '../context.ts';
import { fetchPeerOr } from './peers.ts';
import { nowSeconds } from './times.ts';

export type Caller =
  | { readonly kind: 'anonymous'; readonly address: string }
  | {
      readonly kind: 'client';
      readonly domain: string;
      readonly jti: string;
      readonly exp: number;
      /** Pseudonym of the end user. */
      readonly sub: string | undefined;
    }
  | { readonly kind: 'pass'; readonly domain: string; readonly jti: string; readonly exp: number };

/** What HTTP knows of the caller. */
export interface Credentials {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The client's address as quotas count it; callers whose address nobody knows share one. */
  readonly address: string;
}

const BEARER = /^Bearer ([A-Za-z0-9._-]+)$/i;

/** Throws `credentials-required` or `credentials-invalid`. */
export async function authenticate(ctx: DirectoryContext, credentials: Credentials): Promise<Caller> {
  const { authorization, address } = credentials;
  if (authorization === undefined) {
    if (ctx.quotas.anonymous.capacity === 0) throw new WhereaboutsError('credentials-required');
    return { kind: 'anonymous', address };
  }
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw new WhereaboutsError('credentials-invalid');
  try {
    const call = parseCall(token);
    await verifyCall(call, expectation(ctx, address));
    const { iss: domain, jti, exp, sub } = call.claims;
    return call.kind === 'pass' ? { kind: 'pass', domain, jti, exp } : { kind: 'client', domain, jti, exp, sub };
  } catch (cause) {
    if (!(cause instanceof WhereaboutsError) || cause.code !== 'token-invalid') throw cause;
    throw new WhereaboutsError('credentials-invalid', cause.message, { cause });
  }
}

/** Keys are asked for last: a token that is wrong by itself makes the directory ask nobody. */
function expectation(ctx: DirectoryContext, address: string) {
  const { hostname, host } = new URL(ctx.url);
  return {
    now: nowSeconds(ctx),
    aud: [...new Set([hostname, host])],
    keys: async (iss: string) => (await fetchPeerOr('credentials-invalid', ctx, iss, address)).jwks,
  };
}
