// What evaluations cost whom (§10), taken before any work is done: everything or nothing, in one transaction.
import { registrableDomain } from '../../protocol/domain.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { DirectoryContext, Quota } from '../context.ts';
import type { Db } from '../store/database.ts';
import { chargeQuotas, spendUse, type Charge } from '../store/quotas.ts';
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
  const left = await ctx.db.transaction(async (tx) => {
    await spendToken(ctx, tx, caller, elements);
    return chargeQuotas(tx, ctx.clock(), charges);
  });
  return charges.map(({ policy, quota }, i) => ({ policy, quota, left: left[i] ?? 0 }));
}

/** A client token is good for one request, a pass for so many elements (§4.6); neither is spent when a quota refuses. */
async function spendToken(ctx: DirectoryContext, tx: Db, caller: Caller, elements: number): Promise<void> {
  if (caller.kind === 'anonymous') return;
  const { kind, domain, jti, exp } = caller;
  const subject = subjectOf(ctx.pepper, kind, domain, jti);
  const [uses, cost] = kind === 'pass' ? [LIMITS.passElements, elements] : [1, 1];
  if (await spendUse(tx, subject, { uses, cost, until: exp })) return;
  throw kind === 'pass'
    ? new WhereaboutsError('quota-exceeded', 'the pass is used up')
    : new WhereaboutsError('credentials-invalid', 'the token was used before');
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
