// What evaluations cost whom (§10), taken before any work is done: everything or nothing.
import { registrableDomain } from '../../protocol/domain.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { DirectoryContext, Quota } from '../context.ts';
import { admit } from '../store/admission.ts';
import type { Charge, Use } from '../store/quotas.ts';
import { subjectOf } from '../store/subject.ts';
import type { Caller } from './client-auth.ts';

/** What is left of a quota, for the `RateLimit` headers. */
export interface Balance {
  readonly policy: string;
  readonly quota: Quota;
  readonly left: number;
}

type NamedCharge = Charge & { readonly policy: string };

/** Takes `elements` from every quota that counts; throws `quota-exceeded`, or `credentials-invalid` for a used token. */
export async function chargeEvaluation(ctx: DirectoryContext, caller: Caller, elements: number): Promise<Balance[]> {
  const charges = chargesOf(ctx, caller, elements);
  const left = await admit(ctx.db, ctx.clock(), charges, useOf(ctx, caller, elements));
  if (left !== undefined) return charges.map(({ policy, quota }, i) => ({ policy, quota, left: left[i] ?? 0 }));
  throw caller.kind === 'pass'
    ? new WhereaboutsError('quota-exceeded', 'the pass is used up')
    : new WhereaboutsError('credentials-invalid', 'the token was used before');
}

/** A client token is good for one request, a pass for so many elements (§4.6). */
function useOf(ctx: DirectoryContext, caller: Caller, elements: number): Use | undefined {
  if (caller.kind === 'anonymous') return undefined;
  const { kind, domain, jti, exp } = caller;
  const [uses, cost] = kind === 'pass' ? [LIMITS.passElements, elements] : [1, 1];
  return { subject: subjectOf(ctx.pepper, kind, domain, jti), uses, cost, until: exp };
}

function chargesOf(ctx: DirectoryContext, caller: Caller, cost: number): NamedCharge[] {
  const { pepper, quotas } = ctx;
  if (caller.kind === 'anonymous')
    return [
      { policy: 'anonymous', subject: subjectOf(pepper, 'anonymous', caller.address), quota: quotas.anonymous, cost },
    ];
  // Host names are free, registrable domains are not.
  const domain = registrableDomain(caller.domain);
  // One domain may have listed and unlisted hosts: the small bucket must not cap the large one.
  const policy = ctx.listed.has(caller.domain) ? 'gatekeeper' : 'unlisted';
  const charges = [{ policy, subject: subjectOf(pepper, policy, domain), quota: quotas[policy], cost }] as const;
  if (caller.kind === 'pass' || caller.sub === undefined) return [...charges];
  const subject = subjectOf(pepper, 'end-user', domain, caller.sub);
  return [...charges, { policy: 'end-user', subject, quota: quotas.endUser, cost }];
}
