// What a change costs the issuers whose attestations carry it (§10). A change that is refused or already there costs nothing.
import type { DirectoryContext } from '../context.ts';
import type { Charge } from '../store/quotas.ts';
import { subjectOf } from '../store/subject.ts';
import type { Deposit } from './deposit-decision.ts';

export function depositCharges(
  { pepper, quotas, listed }: DirectoryContext,
  { name, evidence }: Pick<Deposit, 'name' | 'evidence'>,
): Charge[] {
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
  return [...charges.values()];
}
