// The ways a conversation could take from the asker's network to a route, kind by kind in the order of §8.2. Finds them all;
// which is taken is decided in bridge.ts.
import type { Bridge } from './bridge-listing.ts';
import type { Description } from './description.ts';
import { isDomain } from './domain.ts';
import type { Source } from './language/messages.ts';
import { passOver, type Facts, type Owner, type Passage } from './passage.ts';
import type { Route } from './token/route.ts';

export interface Networks {
  /** Domain of the network whose user asks. */
  readonly from: string;
  readonly fromDescription?: Description | undefined;
  readonly route: Route;
  /** Description of the route's provider. */
  readonly provider?: Description | undefined;
}

/** A way that could be taken. */
export interface Candidate {
  readonly source: Source;
  readonly protocol: string;
  /** The bridges on it, the asker's side first: none, one, or two. */
  readonly passages: readonly Passage[];
}

type Find = (networks: Networks, facts: Facts) => Candidate[];

/** In the order of §8.2. */
export const KINDS: readonly Find[] = [sameProvider, nativeSpeaker, overrides, advertised, common];

const protocolsOf = (description: Description | undefined): readonly string[] => description?.provider?.protocols ?? [];
const bridgesOf = (description: Description | undefined): readonly Bridge[] => description?.provider?.bridges ?? [];

function sameProvider({ from, route, provider, fromDescription }: Networks): Candidate[] {
  if (from !== route.provider) return [];
  const protocol = protocolsOf(provider)[0] ?? protocolsOf(fromDescription)[0] ?? from;
  return [{ source: 'native', protocol, passages: [] }];
}

/** A network's own protocol is the first it lists; the others are common languages. */
function nativeSpeaker({ fromDescription, provider }: Networks): Candidate[] {
  const [own] = protocolsOf(fromDescription);
  return own !== undefined && protocolsOf(provider).includes(own)
    ? [{ source: 'native', protocol: own, passages: [] }]
    : [];
}

function overrides({ from, route }: Networks, facts: Facts): Candidate[] {
  const owner: Owner = { side: 'recipient', network: route.provider, isPerson: true };
  return over(route.bridges ?? [], from, 'override', (bridge) => passOver(bridge, owner, facts));
}

function advertised({ from, route, provider }: Networks, facts: Facts): Candidate[] {
  const owner: Owner = { side: 'recipient', network: route.provider, isPerson: false };
  return over(bridgesOf(provider), from, 'advertised', (bridge) => passOver(bridge, owner, facts));
}

const over = (
  bridges: readonly Bridge[],
  from: string,
  source: Source,
  pass: (bridge: Bridge) => Passage,
): Candidate[] =>
  bridges
    .filter((bridge) => serves(bridge, from))
    .map((bridge) => ({ source, protocol: bridge.protocol, passages: [pass(bridge)] }));

/** Bridges that are not for conversations of two (§8.2 `for`) serve nobody here. */
const isDirect = (bridge: Bridge): boolean => bridge.for === undefined || bridge.for.includes('direct');

const serves = (bridge: Bridge, from: string): boolean =>
  isDirect(bridge) && (bridge.from.includes(from) || bridge.from.includes('*'));

/** Through a language both sides list, spoken by themselves or by a bridge of theirs: each side brings at most one. */
function common({ from, fromDescription, route, provider }: Networks, facts: Facts): Candidate[] {
  const theirs = languagesOf(provider);
  const shared = [...languagesOf(fromDescription)].filter((language) => theirs.has(language));
  const asker: Owner = { side: 'asker', network: from, isPerson: false };
  const recipient: Owner = { side: 'recipient', network: route.provider, isPerson: false };
  return shared.flatMap((protocol) =>
    speakers(provider, protocol).flatMap((there) =>
      speakers(fromDescription, protocol).map((here): Candidate => ({
        source: 'common',
        protocol,
        passages: [
          ...(here === undefined ? [] : [passOver(here, asker, facts)]),
          ...(there === undefined ? [] : [passOver(there, recipient, facts)]),
        ],
      })),
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
