// The daily re-check (§4.1): issuers are asked whether the attestations that records rest on still stand. Only "withdrawn" is
// a no; silence is asked again later, and anything else leaves the record alone. Run every few minutes, by any instance.
import { registrableDomain } from '../../protocol/domain.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { formatB64u } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import * as store from '../store/recheck.ts';
import { nextRecheck, nowSeconds } from './times.ts';
import { withdrawAttestation } from './withdraw.ts';

/** Domains asked in one run, and how many of them at once. */
const DOMAINS = 64;
const PARALLEL = 8;
/** No domain holds a run up for longer; all together end before the next one begins. */
const PATIENCE_MILLISECONDS = 60_000;

/**
 * What one domain is asked in one run, and how much of it at once. Whoever is not listed may name anybody's server in his
 * description: it gets one request at a time, and enough of them for all his records in a day.
 */
const UNLISTED = { most: 100, atOnce: 1 };
const LISTED = { most: 10_000, atOnce: 16 };

type Verdict = 'standing' | 'unreachable' | 'withdrawn';

/** Asks about what is due, within bounds; the rest is the next run's. On `signal` no more is asked. */
export async function recheck(ctx: DirectoryContext, signal?: AbortSignal): Promise<void> {
  const domains = await store.findDueDomains(ctx.db, nowSeconds(ctx), DOMAINS);
  if (domains.length === 0) return;
  const tally: Record<Verdict, number> = { standing: 0, unreachable: 0, withdrawn: 0 };
  const work = async (): Promise<void> => {
    for (let domain = domains.shift(); domain !== undefined; domain = domains.shift())
      for await (const verdict of recheckDomain(ctx, domain, signal)) tally[verdict] += 1;
  };
  const done = await Promise.allSettled(Array.from({ length: PARALLEL }, work));
  ctx.log.info('rechecked', tally);
  for (const one of done) if (one.status === 'rejected') throw one.reason;
}

async function* recheckDomain(ctx: DirectoryContext, domain: string, signal?: AbortSignal): AsyncGenerator<Verdict> {
  const isListed = [...ctx.listed].some((listed) => registrableDomain(listed) === domain);
  const { most, atOnce } = isListed ? LISTED : UNLISTED;
  const until = ctx.clock() + PATIENCE_MILLISECONDS;
  const isOver = (): boolean => signal?.aborted === true || ctx.clock() >= until;
  for (let asked = 0; asked < most && !isOver(); asked += atOnce) {
    const due = await store.claimDue(ctx.db, domain, nowSeconds(ctx), atOnce);
    if (due.length === 0) return;
    yield* await Promise.all(due.map((one) => recheckOne(ctx, one)));
  }
}

async function recheckOne(ctx: DirectoryContext, due: store.DueAttestation): Promise<Verdict> {
  const verdict = await askIssuer(ctx, due);
  const now = nowSeconds(ctx);
  if (verdict === 'withdrawn') await withdrawAttestation(ctx, due, [due.name]);
  else if (verdict === 'unreachable') await store.postponeIssuer(ctx.db, due.issuer, now);
  else await store.scheduleRecheck(ctx.db, due, nextRecheck(ctx, now));
  return verdict;
}

async function askIssuer(ctx: DirectoryContext, { issuer, jti }: store.DueAttestation): Promise<Verdict> {
  try {
    const { issuer: service } = await ctx.descriptions.fetch(issuer);
    if (service === undefined) return 'standing';
    const url = service.attestations.replace('{jti}', formatB64u(jti));
    // The status says it all: a body, be it another token, takes nothing back.
    const { status } = await ctx.fetch(url, {
      accept: ['application/jwt'],
      maxOctets: LIMITS.tokenOctets,
      describedPort: true,
      headersOnly: true,
    });
    if (status === 410) return 'withdrawn';
    return status === 429 || status >= 500 ? 'unreachable' : 'standing';
  } catch (error) {
    if (!(error instanceof WhereaboutsError)) throw error;
    return error.code === 'url-refused' ? 'standing' : 'unreachable';
  }
}
