// What a change costs the issuers whose attestations carry it (§10). Taken last, in the deposit's own transaction: a change
// that is refused or already there costs nothing, and an issuer's row is locked for the commit only.
import type { DirectoryContext } from '../context.ts';
import type { Db } from '../store/database.ts';
import { chargeQuotas, type Charge } from '../store/quotas.ts';
import type { Evidence } from '../store/records.ts';
import { subjectOf } from '../store/subject.ts';

export async function chargeDeposit(
  ctx: DirectoryContext,
  tx: Db,
  name: Uint8Array,
  evidence: readonly Evidence[],
): Promise<void> {
  const { pepper, quotas, listed } = ctx;
  const charges = new Map<string, Charge>();
  for (const { issuer, domain } of evidence) {
    // As with evaluations, a domain's listed and unlisted hosts count apart.
    const [policy, quota] = listed.has(issuer)
      ? ['writes-listed', quotas.writesPerListedIssuer]
      : ['writes', quotas.writesPerIssuer];
    charges.set(`${policy} ${domain}`, { policy, quota, subject: subjectOf(pepper, policy, domain), cost: 1 });
    const changes = { policy: 'changes', quota: quotas.changesPerNameAndIssuer, cost: 1 };
    charges.set(`changes ${domain}`, { ...changes, subject: subjectOf(pepper, 'changes', domain, name) });
  }
  await chargeQuotas(tx, ctx.clock(), [...charges.values()]);
}
