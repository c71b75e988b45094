// Which way a conversation takes from the asker's network to a route (§8.2), and how private that is. Pure choice among what
// descriptions and the person list: whether a bridge works is found out by using it.
import type { Bridge, Placement } from './bridge-listing.ts';
import type { Description } from './description.ts';
import { isDomain } from './domain.ts';
import { encryptionOver, LEVELS, noConnection, type Encryption, type Passage } from './encryption.ts';
import type { Route } from './token/route.ts';

/** How to connect: `source` is whose choice it was. */
export interface Connect {
  readonly protocol: string;
  readonly endpoint?: string;
  readonly source: 'native' | 'override' | 'advertised' | 'common';
  readonly placement: 'native' | Placement;
  /** Who runs the bridge. */
  readonly operator?: string;
}

export interface Way {
  /** Null: there is no way, and the route is listed so that the asker can be told. */
  readonly connect: Connect | null;
  readonly encryption: Encryption;
  /** What works over this way. */
  readonly features: readonly string[];
}

export interface Ends {
  /** Domain of the network whose user asks. */
  readonly from: string;
  readonly fromDescription?: Description | undefined;
  readonly route: Route;
  /** Description of the route's provider. */
  readonly provider?: Description | undefined;
}

/** A way that could be taken. `passages` are its bridges, the recipient's side first: none, one, or two. */
interface Candidate {
  readonly connect: Connect;
  readonly passages: readonly Passage[];
  readonly listed: readonly Bridge[];
}

/** Selects the best way (§8.2): the first kind there is any of, and among its ways the most private. */
export function selectBridge(ends: Ends): Way {
  for (const find of KINDS) {
    const ways = find(ends).map((candidate) => weigh(candidate, ends));
    const [best] = ways.toSorted(compareWays);
    if (best !== undefined) return { connect: best.connect, encryption: best.encryption, features: best.features };
  }
  return { connect: null, encryption: noConnection(ends.from, ends.route.provider), features: [] };
}

/** In the order of §8.2. */
const KINDS: readonly ((ends: Ends) => Candidate[])[] = [sameProvider, nativeSpeaker, overrides, advertised, common];

const protocolsOf = (description: Description | undefined): readonly string[] => description?.provider?.protocols ?? [];
const bridgesOf = (description: Description | undefined): readonly Bridge[] => description?.provider?.bridges ?? [];

const native = (protocol: string, source: 'native' | 'common'): Candidate => ({
  connect: { protocol, source, placement: 'native' },
  passages: [],
  listed: [],
});

function sameProvider({ from, route, provider, fromDescription }: Ends): Candidate[] {
  if (from !== route.provider) return [];
  return [native(protocolsOf(provider)[0] ?? protocolsOf(fromDescription)[0] ?? from, 'native')];
}

/** A network's own protocol is the first it lists; the others are common languages. */
function nativeSpeaker({ fromDescription, provider }: Ends): Candidate[] {
  const [own] = protocolsOf(fromDescription);
  return own !== undefined && protocolsOf(provider).includes(own) ? [native(own, 'native')] : [];
}

function overrides({ from, route }: Ends): Candidate[] {
  return (route.bridges ?? [])
    .filter((bridge) => serves(bridge, from))
    .map((bridge) => over(bridge, 'override', route));
}

function advertised({ from, route, provider }: Ends): Candidate[] {
  return bridgesOf(provider)
    .filter((bridge) => serves(bridge, from))
    .map((bridge) => over(bridge, 'advertised', route));
}

/** Bridges that are not for conversations of two (§8.2 `for`) serve nobody here. */
const isDirect = (bridge: Bridge): boolean => bridge.for === undefined || bridge.for.includes('direct');

const serves = (bridge: Bridge, from: string): boolean =>
  isDirect(bridge) && (bridge.from.includes(from) || bridge.from.includes('*'));

function over(bridge: Bridge, source: 'override' | 'advertised', { provider }: Route): Candidate {
  return {
    connect: connectOver(bridge, bridge.protocol, source, provider),
    passages: [pass(bridge, provider)],
    listed: [bridge],
  };
}

/**
 * Through a language both sides list, spoken by themselves or by a bridge of theirs: each side brings at most one. A way
 * over the asker's own bridge is named by that bridge only where the recipient's side needs none.
 */
function common({ from, fromDescription, route, provider }: Ends): Candidate[] {
  const theirs = languagesOf(provider);
  const shared = [...languagesOf(fromDescription)].filter((language) => theirs.has(language));
  return shared.flatMap((language) =>
    speakers(provider, language).flatMap((there) =>
      speakers(fromDescription, language).map((here): Candidate => {
        if (there !== undefined)
          return {
            connect: connectOver(there, language, 'common', route.provider),
            passages: [pass(there, route.provider), ...(here === undefined ? [] : [pass(here, from)])],
            listed: here === undefined ? [there] : [there, here],
          };
        if (here === undefined) return native(language, 'common');
        return { connect: connectOver(here, language, 'common', from), passages: [pass(here, from)], listed: [here] };
      }),
    ),
  );
}

function languagesOf(description: Description | undefined): Set<string> {
  const attached = bridgesOf(description).flatMap(({ protocol, networks = [], from }) => [
    protocol,
    ...networks,
    ...from,
  ]);
  return new Set([...protocolsOf(description), ...attached.filter((name) => name !== '*' && !isDomain(name))]);
}

/** The ways a network speaks a language: by itself (undefined), or over bridges of its own. */
function speakers(description: Description | undefined, language: string): (Bridge | undefined)[] {
  if (protocolsOf(description).includes(language)) return [undefined];
  return bridgesOf(description).filter(
    (bridge) =>
      isDirect(bridge) &&
      (bridge.networks?.includes(language) === true ||
        bridge.from.includes(language) ||
        (bridge.protocol === language && bridge.from.includes('*'))),
  );
}

/** A bridge and who runs it: who does not say so is known by the host it is on, or else by whose it is. */
function pass(bridge: Bridge, network: string): Passage {
  const host =
    (bridge.endpoint === undefined ? undefined : URL.parse(bridge.endpoint)?.hostname) ?? bridge.operator ?? network;
  return { bridge, host, operator: bridge.operator ?? host };
}

function connectOver(bridge: Bridge, protocol: string, source: Connect['source'], network: string): Connect {
  const { endpoint, placement } = bridge;
  // With the recipient's own device the operator is the recipient, unless somebody is named.
  const operator = placement === 'server' ? pass(bridge, network).operator : bridge.operator;
  return {
    protocol,
    ...(endpoint === undefined ? {} : { endpoint }),
    source,
    placement,
    ...(operator === undefined ? {} : { operator }),
  };
}

interface Weighed extends Way {
  readonly connect: Connect;
  readonly priority: number;
}

function weigh({ connect, passages, listed }: Candidate, { route, provider }: Ends): Weighed {
  return {
    connect,
    encryption: encryptionOver(passages, route.provider),
    features: featuresOver(listed, route.features ?? provider?.provider?.features),
    priority: listed.reduce((sum, { priority = 0 }) => sum + priority, 0),
  };
}

/** What the recipient offers and every bridge carries; a bridge that lists nothing carries all. */
function featuresOver(listed: readonly Bridge[], offered: readonly string[] | undefined): readonly string[] {
  return (
    listed.reduce<readonly string[] | undefined>((left, { features }) => {
      if (features === undefined) return left;
      return left === undefined ? features : left.filter((feature) => features.includes(feature));
    }, offered) ?? []
  );
}

/** §8.2, equal ones: the higher encryption level, then the lower `priority` number (as §11 adds it up), more features, domain order. */
function compareWays(a: Weighed, b: Weighed): number {
  return (
    LEVELS.indexOf(a.encryption.level) - LEVELS.indexOf(b.encryption.level) ||
    a.priority - b.priority ||
    b.features.length - a.features.length ||
    compareText(a.connect.operator ?? '', b.connect.operator ?? '')
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
