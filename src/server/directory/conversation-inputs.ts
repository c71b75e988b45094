// What plans are made from here (§11.1): the descriptions at hand of the networks of a conversation and of whoever they name. Only the
// networks themselves are ever fetched, within the budget for strangers.
import type { Member } from '../../protocol/conversation/members.ts';
import { findOperators, gatherInputs, type Asked } from '../../protocol/conversation/gather.ts';
import { sorted, type Inputs } from '../../protocol/conversation/inputs.ts';
import type { Description } from '../../protocol/description.ts';
import { isDomain } from '../../protocol/domain.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { DirectoryContext } from '../context.ts';
import { fetchPeer } from './peers.ts';

export interface Gathered {
  readonly inputs: Inputs;
  /** Who runs which bridge. */
  readonly operators: ReadonlyMap<string, string>;
}

/** Descriptions read for one plan: networks that bridges name are left out beyond this. */
const DESCRIPTIONS = 4 * LIMITS.conversationNetworks;

/** Fetches the descriptions of the networks that are not at hand. A network that is not reached takes part without one. */
export async function fetchMembers(ctx: DirectoryContext, networks: readonly string[], address: string): Promise<void> {
  for (const network of networks.filter(isDomain)) {
    try {
      await fetchPeer(ctx, network, address);
    } catch (error) {
      if (!(error instanceof WhereaboutsError) || error.code === 'quota-exceeded') throw error;
    }
  }
}

/** The inputs as they are now; `down` are bridges that stopped reporting. */
export async function gather(
  ctx: DirectoryContext,
  id: string,
  members: readonly Member[],
  down: readonly string[],
): Promise<Gathered> {
  const own = members.flatMap(({ network, bridges }) => bridges.map((bridge) => ({ network, bridge })));
  const terminals = members.map(({ network }) => network);
  const asked: Asked = { id, terminals, deny: members.flatMap(({ deny }) => deny), own, down };
  const near = await findDescriptions(ctx, terminals);
  const named = near.flatMap(({ provider }) => provider?.bridges ?? []).concat(own.map(({ bridge }) => bridge));
  const others = sorted(
    named.flatMap(({ operator, endpoint, networks = [], from }) => [
      ...(operator === undefined ? [] : [operator]),
      ...(endpoint === undefined ? [] : [new URL(endpoint).hostname]),
      ...networks,
      ...from,
    ]),
  ).filter((name) => isDomain(name) && !terminals.includes(name));
  const far = await findDescriptions(ctx, others.slice(0, DESCRIPTIONS));
  return narrow(asked, [...near, ...far], near);
}

/** Everything known, or, where that is more than a conversation may have, what the terminals themselves say. */
function narrow(asked: Asked, all: readonly Description[], near: readonly Description[]): Gathered {
  const from = (descriptions: readonly Description[]): Gathered => ({
    inputs: gatherInputs(asked, { descriptions, health: () => undefined }),
    operators: findOperators(asked, descriptions),
  });
  try {
    return from(all);
  } catch (error) {
    if (!(error instanceof WhereaboutsError) || error.code !== 'request-too-large') throw error;
    return from(near);
  }
}

async function findDescriptions(ctx: DirectoryContext, domains: readonly string[]): Promise<Description[]> {
  const found = await Promise.all(domains.filter(isDomain).map((domain) => ctx.descriptions.find(domain)));
  return found.filter((description) => description !== undefined);
}
