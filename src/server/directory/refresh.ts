// Copies of descriptions renewed in the background (§8.1), so that nobody who asks has to wait for it, and that a change is
// noticed although nobody asks. Run every few minutes, by any instance: the store lets one of them ask each domain.
import type { RefreshFailure } from '../../client/descriptions.ts';
import type { DirectoryContext } from '../context.ts';
import { findUnrefreshed } from '../store/descriptions.ts';
import { nowSeconds } from './times.ts';

const DAY = 86_400;
/** Domains that strangers brought in are asked once a day, and no more than so many in one run. */
const STRANGERS = 64;

/** Asks the listed domains, and those of the others that were not asked for a day. */
export async function refreshDescriptions(ctx: DirectoryContext): Promise<readonly RefreshFailure[]> {
  const strangers = await findUnrefreshed(ctx.db, nowSeconds(ctx) - DAY, STRANGERS);
  const failures = await ctx.descriptions.refresh([...ctx.listed, ...strangers]);
  ctx.log.debug('descriptions-refreshed', { domains: ctx.listed.size + strangers.length, failures: failures.length });
  return failures;
}
