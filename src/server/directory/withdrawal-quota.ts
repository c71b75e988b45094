// What a domain may make the directory remember of attestations that were never deposited (§10): else whoever has a domain
// could fill the table of refused ones with numbers it made up. Taken in the transaction that remembers.
import { registrableDomain } from '../../protocol/domain.ts';
import type { DirectoryContext, Quota } from '../context.ts';
import type { Db } from '../store/database.ts';
import { chargeQuotas } from '../store/quotas.ts';
import { subjectOf } from '../store/subject.ts';

const MONTH = 30 * 86_400;

/** Throws `quota-exceeded`. */
export async function chargeAhead(ctx: DirectoryContext, tx: Db, issuer: string): Promise<void> {
  const { unlistedRecords, writesPerListedIssuer } = ctx.quotas;
  // An unlisted domain may have as many records: it cannot have more of them to take back before they come.
  const unlisted: Quota = { capacity: unlistedRecords, refill: unlistedRecords, seconds: MONTH };
  const [policy, quota] = ctx.listed.has(issuer)
    ? ['withdrawals-listed', writesPerListedIssuer]
    : ['withdrawals', unlisted];
  const subject = subjectOf(ctx.pepper, policy, registrableDomain(issuer));
  await chargeQuotas(tx, ctx.clock(), [{ policy, quota, subject, cost: 1 }]);
}
