// From what descriptions and networks' own requests list to the bridges of a conversation (§11.1): which listings are of one bridge, whose
// word attaches it to what. Nobody's listing takes anything from a bridge that its operator lists himself.
import type { Bridge } from '../bridge-listing.ts';
import type { Description } from '../description.ts';
import { isDomain, registrableDomain } from '../domain.ts';
import { LIMITS } from '../limits.ts';
import { utf8 } from '../wire.ts';
import { sorted } from './inputs.ts';

/** A bridge as somebody lists it. */
export interface Listing {
  /** The domain whose word it is. */
  readonly by: string;
  readonly bridge: Bridge;
  /** In a request for the bridges of its participants, not in its description. */
  readonly requested: boolean;
}

/** All listings of one bridge. */
export interface Listed {
  readonly id: string;
  readonly operator: string;
  readonly host: string;
  readonly placement: Bridge['placement'];
  readonly encryption: Bridge['encryption'];
  /** Networks and languages, sorted. */
  readonly attachments: readonly string[];
  readonly listings: readonly Listing[];
  /** The operator lists it too, or it is at a place of his. */
  readonly confirmed: boolean;
}

/** Ids that begin so are the links of networks to languages they speak by themselves. */
export const NATIVE = 'native:';

const isUsable = ({ bridge: { id, for: uses } }: Listing): boolean =>
  id !== undefined &&
  !id.startsWith(NATIVE) &&
  utf8(id).length <= LIMITS.conversationIdOctets &&
  (uses === undefined || uses.includes('group'));

const hostOf = ({ endpoint }: Bridge): string | undefined =>
  endpoint === undefined ? undefined : URL.parse(endpoint)?.hostname;

const operatorOf = ({ by, bridge }: Listing): string => bridge.operator ?? hostOf(bridge) ?? by;

/** The bridges for groups that there are, each once. */
export function gatherBridges(listings: readonly Listing[]): Listed[] {
  const groups = new Map<string, Map<string, Listing[]>>();
  for (const listing of listings.filter(isUsable)) {
    const { id = '', endpoint, placement, encryption } = listing.bridge;
    // Another place, operator or level is another bridge: so nobody can make a bridge look worse than it is.
    const kind = JSON.stringify([operatorOf(listing), endpoint ?? null, placement, encryption]);
    const kinds = groups.get(id) ?? new Map<string, Listing[]>();
    groups.set(id, kinds.set(kind, [...(kinds.get(kind) ?? []), listing]));
  }
  return [...groups].flatMap(([id, kinds]) => {
    const list = [...kinds.values()].map((group) => describe(id, group));
    // Two bridges of one name: the one of the domain that the name begins with, or none.
    const [owner = ''] = id.split('/');
    const [only, ...more] = list.length === 1 ? list : list.filter(({ operator }) => operator === owner);
    return only !== undefined && more.length === 0 ? [only] : [];
  });
}

function describe(id: string, listings: readonly Listing[]): Listed {
  const [first] = listings;
  const operator = first === undefined ? '' : operatorOf(first);
  const host = (first && hostOf(first.bridge)) ?? operator;
  const told = listings.filter(({ by }) => by === operator);
  return {
    id,
    operator,
    host,
    placement: first?.bridge.placement ?? 'server',
    encryption: first?.bridge.encryption ?? 'none',
    attachments: attach(listings, told),
    listings,
    confirmed: told.length > 0 || registrableDomain(host) === registrableDomain(operator),
  };
}

/** A network by its own word, and where the operator has one, by his too; a language by the operator's word, or by everybody's. */
function attach(listings: readonly Listing[], told: readonly Listing[]): string[] {
  const names = ({ bridge: { networks = [], from } }: Listing): readonly string[] => [...networks, ...from];
  // An operator is no network of his bridge because he serves everybody.
  const isTold = (network: string): boolean =>
    told.some((listing) => names(listing).some((name) => name === network || (name === '*' && network !== listing.by)));
  const networks = listings.map(({ by }) => by).filter((network) => told.length === 0 || isTold(network));
  const words = told.length > 0 ? told : listings;
  const [first, ...others] = words.map(languagesOf);
  const languages = [...(first ?? [])].filter((language) => others.every((list) => list.has(language)));
  return sorted([...networks, ...languages]);
}

const languagesOf = ({ bridge: { networks = [], from } }: Listing): Set<string> =>
  new Set([...networks, ...from].filter((name) => name !== '*' && !isDomain(name)));

/** What descriptions list; of each domain the first bridge of a name. */
export function listingsOf(descriptions: readonly Description[]): Listing[] {
  return descriptions.flatMap(({ domain, provider }) => {
    const seen = new Set<string>();
    return (provider?.bridges ?? []).flatMap((bridge): Listing[] => {
      if (bridge.id === undefined || seen.has(bridge.id)) return [];
      seen.add(bridge.id);
      return [{ by: domain, bridge, requested: false }];
    });
  });
}
