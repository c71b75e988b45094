// Which descriptions a holder of a policy keeps at hand: of the policy's domains, and one step further of those they name: peers
// of directories, where the policy follows them, and operators of bridges, who are asked whether they say so too (§8.2). Fetched
// on a schedule, read by look-ups.
import type { Bridge } from '../protocol/bridge-listing.ts';
import type { Description } from '../protocol/description.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { ClientContext } from './context.ts';
import type { DescriptionCopy, RefreshFailure } from './descriptions.ts';
import { describedDomains, findPeers } from './policy.ts';

type Parts = Pick<ClientContext, 'policy' | 'descriptions'>;

/**
 * Fetches what is no longer fresh, of the policy's domains and of some more. Tells who of them was not reached; an operator who is
 * not confirms nothing.
 */
export async function refreshPolicy(
  { policy, descriptions }: Parts,
  more: readonly string[] = [],
): Promise<readonly RefreshFailure[]> {
  const failures = await descriptions.refresh([...describedDomains(policy), ...more]);
  // One step and no further: peers of peers are nobody's business here.
  const peers = await findPeers(policy, (domain) => descriptions.find(domain));
  const unreached = await descriptions.refresh(peers);
  await descriptions.refresh(othersNamed(await readPolicyDescriptions({ policy, descriptions }, more)));
  return [...failures, ...unreached];
}

/** The copies at hand of the policy's domains, of the peers it follows, and of some more. */
export async function readPolicyDescriptions(
  { policy, descriptions }: Parts,
  more: readonly string[] = [],
): Promise<Map<string, DescriptionCopy>> {
  const known = await readAll(descriptions, [...describedDomains(policy), ...more]);
  const peers = await readAll(descriptions, await findPeers(policy, (domain) => known.get(domain)?.description));
  return new Map([...peers, ...known]);
}

/** Those, and the copies at hand of the operators they name. */
export async function readKnown(parts: Parts, more: readonly string[]): Promise<Map<string, DescriptionCopy>> {
  const known = await readPolicyDescriptions(parts, more);
  const operators = await readAll(parts.descriptions, othersNamed(known));
  return new Map([...operators, ...known]);
}

async function readAll(descriptions: Parts['descriptions'], domains: readonly string[]) {
  const known = new Map<string, DescriptionCopy>();
  for (const domain of new Set(domains)) {
    const copy = await descriptions.findCopy(domain);
    if (copy !== undefined) known.set(domain, copy);
  }
  return known;
}

function othersNamed(known: ReadonlyMap<string, DescriptionCopy>): string[] {
  const named = [...known.values()].flatMap(({ description }) => operatorsOf(description));
  return [...new Set(named)].filter((domain) => !known.has(domain)).slice(0, LIMITS.operatorsInAll);
}

/** Others who run bridges of a network, or of a person who lists some of their own. No description makes us ask more than a few. */
export function operatorsOf(description: Description | undefined, own: readonly Bridge[] = []): string[] {
  const listed = [...own, ...(description?.provider?.bridges ?? [])];
  const operators = listed.flatMap(({ operator }) => operator ?? []).filter((one) => one !== description?.domain);
  return [...new Set(operators)].slice(0, LIMITS.operators);
}
