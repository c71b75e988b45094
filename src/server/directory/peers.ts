// Descriptions of the domains that sign what comes in, fetched within a budget: strangers must not be able to send the
// directory round the world (§10). How often one domain is asked is client/descriptions'.
import type { Description } from '../../protocol/description.ts';
import { WhereaboutsError, type Code } from '../../protocol/errors.ts';
import type { DirectoryContext, Quota } from '../context.ts';
import { chargeQuotas } from '../store/quotas.ts';
import { subjectOf } from '../store/subject.ts';

/** First fetches of domains nobody here has heard of: for everybody together, and per client address. */
const FETCHES: Quota = { capacity: 300, refill: 300, seconds: 60 };
const FETCHES_PER_ADDRESS: Quota = { capacity: 30, refill: 30, seconds: 60 };

/**
 * The description of `domain`. A domain we have no copy of costs the caller's address and the common budget:
 * `quota-exceeded` when either is used up.
 */
export async function fetchPeer(ctx: DirectoryContext, domain: string, address: string): Promise<Description> {
  if (!ctx.listed.has(domain) && domain !== ctx.domain && (await ctx.descriptions.find(domain)) === undefined)
    await chargeQuotas(ctx.db, ctx.clock(), [
      {
        subject: subjectOf(ctx.pepper, 'fetches-address', address),
        quota: ctx.quotas.fetchesPerAddress ?? FETCHES_PER_ADDRESS,
        cost: 1,
      },
      { subject: subjectOf(ctx.pepper, 'fetches'), quota: ctx.quotas.fetches ?? FETCHES, cost: 1 },
    ]);
  return ctx.descriptions.fetch(domain);
}

const UNUSABLE: readonly Code[] = [
  'description-invalid',
  'description-stale',
  'peer-unreachable',
  'provider-unknown',
  'url-refused',
];

/** Like `fetchPeer`; a domain without a usable description is `code`, with a hint to come back where it was not reached. */
export async function fetchPeerOr(
  code: Code,
  ctx: DirectoryContext,
  domain: string,
  address: string,
): Promise<Description> {
  try {
    return await fetchPeer(ctx, domain, address);
  } catch (cause) {
    if (!(cause instanceof WhereaboutsError) || !UNUSABLE.includes(cause.code)) throw cause;
    const extensions = cause.code === 'peer-unreachable' ? { retryAfter: 300 } : {};
    throw new WhereaboutsError(code, 'the description of the signing domain cannot be had', { cause, extensions });
  }
}
