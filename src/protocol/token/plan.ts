// Plans as tokens (§11.6): a directory's word that it made this plan. Whether the plan is right, everybody computes for himself:
// conversation/plan.ts.
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { Plan } from '../conversation/plan.ts';
import { parseJsonObject } from '../json.ts';
import { LEVELS } from '../levels.ts';
import { LIMITS } from '../limits.ts';
import { b64u, domain, parseClaims, seq, text, times, verifyExpected, verifyLife, verifyTimes } from './claims.ts';
import { parseDomainJws, signAsDomain, verifyDomain, type DomainJws, type FindKeys, type SigningKey } from './jws.ts';

/** A plan, who signed it, and how long it counts. Times are seconds since 1970. */
export interface SignedPlan {
  readonly iss: string;
  readonly iat: number;
  readonly exp: number;
  readonly plan: Plan;
}

const names = z.array(text).max(LIMITS.conversationNetworks);
const cost = z.tuple([seq, seq, seq, seq, seq]);
/** A tree has fewer edges than vertices. */
const EDGES = 2 * LIMITS.conversationNetworks;

// Strict: whoever computes the plan again must have every member of it.
const claims = z.strictObject({
  iss: domain,
  ...times,
  id: text,
  epoch: seq.min(1),
  prev: b64u(32).exactOptional(),
  basis: z.enum(['inputs', 'previous']),
  inputs: b64u(32),
  terminals: names,
  edges: z.array(z.tuple([text, text])).max(EDGES),
  cost,
  bound: cost,
  optimal: z.boolean(),
  parts: z.array(names).max(LIMITS.conversationNetworks),
  roles: z
    .array(z.strictObject({ bridge: text, network: text, represents: z.array(seq).max(LIMITS.conversationNetworks) }))
    .max(EDGES),
  encryption: z.strictObject({
    level: z.enum(LEVELS),
    verdict: z.enum(['private', 'unconfirmed', 'readable', 'unreachable']),
    readers: z.array(text).max(2 * LIMITS.conversationBridges),
  }),
});

/** Reads a plan without checking its signature: to find who signed it. */
export const readPlan = (token: string): SignedPlan => read(parseDomainJws(token, 'plan'));

function read({ payload }: DomainJws): SignedPlan {
  const { iss, iat, exp, ...plan } = parseClaims(claims, payload);
  verifyLife({ iat, exp }, LIMITS.planLifeSeconds);
  return { iss, iat, exp, plan };
}

/** Verifies that `iss` signed the plan and that it still counts; what it says is for verifyPlan(). */
export async function verifyPlanToken(
  token: string,
  expect: { readonly now: number; readonly iss: string; readonly keys: FindKeys },
): Promise<SignedPlan> {
  const jws = parseDomainJws(token, 'plan');
  const signed = read(jws);
  verifyExpected(signed, { iss: expect.iss });
  verifyTimes(signed, expect.now);
  await verifyDomain(jws, expect.iss, expect.keys);
  return signed;
}

/** Signs a plan as a directory. The octets signed are the RFC 8785 form. */
export const signPlan = ({ iss, iat, exp, plan }: SignedPlan, key: SigningKey): Promise<string> =>
  signAsDomain('plan', parseJsonObject(canonicalize({ ...plan, iss, iat, exp }) ?? ''), key);
