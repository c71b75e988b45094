// The inputs of a conversation from what its networks ask for and what verified descriptions say (§11.1). Pure: which descriptions are
// at hand, and what answered a health check, is the caller's to know.
import type { Bridge } from '../bridge-listing.ts';
import type { Description } from '../description.ts';
import { isDomain } from '../domain.ts';
import { LIMITS } from '../limits.ts';
import type { Health } from '../passage.ts';
import {
  hashOf,
  normalizeInputs,
  sorted,
  type BridgeInput,
  type Inputs,
  type NetworkInput,
  type Openness,
} from './inputs.ts';
import { gatherBridges, listingsOf, NATIVE, type Listed } from './listings.ts';

/** What the networks of a conversation ask for, all together. */
export interface Asked {
  /** The conversation's. */
  readonly id: string;
  readonly terminals: readonly string[];
  /** Ids of bridges, domains of operators, networks: what a participant's policy rules out. */
  readonly deny?: readonly string[];
  /** Ids of bridges that are known not to answer, whatever their health checks say. */
  readonly down?: readonly string[];
  /** Bridges of participants, each named by the participant's own network. */
  readonly own?: readonly { readonly network: string; readonly bridge: Bridge }[];
}

export interface Known {
  /** One a domain. */
  readonly descriptions: readonly Description[];
  /** By the URL of a health check. */
  readonly health: (url: string) => Health | undefined;
}

export function gatherInputs(asked: Asked, { descriptions, health }: Known): Inputs {
  const { id, terminals, deny = [], down = [] } = asked;
  const known = new Map(descriptions.map((description) => [description.domain, description]));
  const denied = new Set(deny);
  // Nobody can be kept out of a conversation he is in by somebody else's policy.
  const isDenied = (name: string): boolean => denied.has(name) && !terminals.includes(name);
  const wanted = featuresOf(terminals, known);
  const listed = gatherAll(asked, descriptions).filter(
    (bridge) => !denied.has(bridge.id) && !isDenied(bridge.operator) && !isDenied(bridge.host),
  );
  const isDown = ({ id: bridge, listings }: Listed): boolean =>
    down.includes(bridge) ||
    listings.some(({ bridge }) => bridge.health !== undefined && health(bridge.health) === 'down');
  const bridges = [
    ...listed.filter((bridge) => !isDown(bridge)).map((bridge) => inputOf(bridge, wanted, known)),
    ...descriptions.flatMap(nativeLinks).filter((link) => !denied.has(link.id)),
  ].map((bridge) => ({ ...bridge, attachments: bridge.attachments.filter((network) => !isDenied(network)) }));
  return normalizeInputs({
    id,
    terminals,
    deny,
    down: listed.filter(isDown).map((bridge) => bridge.id),
    networks: sorted([...terminals, ...bridges.flatMap(({ attachments }) => attachments)]).map((network) =>
      networkOf(network, known.get(network)),
    ),
    bridges,
  });
}

/** Who runs the bridges that a conversation could use, by their ids. */
export const findOperators = (asked: Asked, descriptions: readonly Description[]): ReadonlyMap<string, string> =>
  new Map(gatherAll(asked, descriptions).map(({ id, operator }) => [id, operator]));

const gatherAll = ({ terminals, own = [] }: Asked, descriptions: readonly Description[]): Listed[] =>
  gatherBridges([
    ...listingsOf(descriptions),
    ...own
      .filter(({ network }) => terminals.includes(network))
      .map(({ network, bridge }) => ({ by: network, bridge, requested: true })),
  ]);

/** The terminals' features together; of very many, the first. */
const featuresOf = (terminals: readonly string[], known: ReadonlyMap<string, Description>): string[] =>
  sorted(terminals.flatMap((terminal) => known.get(terminal)?.provider?.features ?? [])).slice(
    0,
    LIMITS.conversationFeatures,
  );

function inputOf(listed: Listed, wanted: readonly string[], known: ReadonlyMap<string, Description>): BridgeInput {
  const { id, attachments, listings } = listed;
  const openness = opennessOf(listed, known);
  const carries = (feature: string): boolean =>
    listings.every(({ bridge: { features } }) => features === undefined || features.includes(feature));
  const priority = Math.max(...listings.map(({ bridge }) => bridge.priority ?? 0));
  return {
    id,
    attachments,
    openness,
    lacks: wanted.filter((feature) => !carries(feature)).length,
    priority: Math.min(Math.max(priority, 0), LIMITS.conversationPriority),
    readers: openness < 10 ? [] : sorted(listed.confirmed ? [listed.operator] : [listed.operator, listed.host]),
  };
}

/** §11.2: a bridge's word that it opens nothing counts only where every network of it says that it speaks the language itself. */
function opennessOf(listed: Listed, known: ReadonlyMap<string, Description>): Openness {
  const { encryption, placement, attachments, listings } = listed;
  if (encryption === 'none') return 100;
  const speaks = (network: string): boolean =>
    listings.every(({ bridge }) => known.get(network)?.provider?.protocols?.includes(bridge.protocol) ?? false);
  if (encryption === 'native' && attachments.every(speaks)) return 0;
  return placement !== 'server' && listings.some(({ requested }) => requested) ? 1 : 10;
}

/** A network is on every language it speaks by itself: a link of its own, over which nothing is opened. */
const nativeLinks = ({ domain, provider }: Description): BridgeInput[] =>
  sorted(provider?.protocols ?? [])
    .filter((language) => !isDomain(language))
    .map((language) => ({
      id: `${NATIVE}${domain}/${language}`,
      attachments: [domain, language],
      openness: 0,
      lacks: 0,
      priority: 0,
      readers: [],
    }));

function networkOf(id: string, description: Description | undefined): NetworkInput {
  if (description === undefined) return { id };
  const encryption = description.provider?.encryption;
  return { id, ...(encryption === undefined ? {} : { encryption }), description: hashDescription(description) };
}

/** The hash that stands for a description in inputs: of what is signed. */
export function hashDescription(description: Description): string {
  const { signature: _, ...signed } = description;
  return hashOf(signed);
}
