// Which descriptions a holder of a policy keeps at hand: of the policy's domains, and one step further of those they name as
// operators of their bridges, who are asked whether they say so too (§8.2). Fetched on a schedule, read by look-ups.
import type { Bridge } from '../protocol/bridge-listing.ts';
import type { Description } from '../protocol/description.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { ClientContext } from './context.ts';
import type { RefreshFailure } from './descriptions.ts';
import { describedDomains } from './policy.ts';

type Parts = Pick<ClientContext, 'policy' | 'descriptions'>;

/** Fetches what is no longer fresh. Tells who of the policy's domains was not reached; an operator who is not confirms nothing. */
export async function refreshPolicy({ policy, descriptions }: Parts): Promise<readonly RefreshFailure[]> {
  const domains = describedDomains(policy);
  const failures = await descriptions.refresh(domains);
  await descriptions.refresh(othersNamed(await readPolicyDescriptions({ policy, descriptions })));
  return failures;
}

/** The copies at hand of the policy's domains, and of some more. */
export async function readPolicyDescriptions(
  { policy, descriptions }: Parts,
  more: readonly string[] = [],
): Promise<Map<string, Description>> {
  return await readAll(descriptions, [...describedDomains(policy), ...more]);
}

/** Those, and the copies at hand of the operators they name. */
export async function readKnown(parts: Parts, more: readonly string[]): Promise<Map<string, Description>> {
  const known = await readPolicyDescriptions(parts, more);
  const operators = await readAll(parts.descriptions, othersNamed(known));
  return new Map([...operators, ...known]);
}

async function readAll(descriptions: Parts['descriptions'], domains: readonly string[]) {
  const known = new Map<string, Description>();
  for (const domain of new Set(domains)) {
    const description = await descriptions.find(domain);
    if (description !== undefined) known.set(domain, description);
  }
  return known;
}

function othersNamed(known: ReadonlyMap<string, Description>): string[] {
  const named = [...known.values()].flatMap((description) => operatorsOf(description));
  return [...new Set(named)].filter((domain) => !known.has(domain)).slice(0, LIMITS.operatorsInAll);
}

/** Others who run bridges of a network, or of a person who lists some of their own. No description makes us ask more than a few. */
export function operatorsOf(description: Description | undefined, own: readonly Bridge[] = []): string[] {
  const listed = [...own, ...(description?.provider?.bridges ?? [])];
  const operators = listed.flatMap(({ operator }) => operator ?? []).filter((one) => one !== description?.domain);
  return [...new Set(operators)].slice(0, LIMITS.operators);
}
