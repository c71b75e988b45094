// Which way a conversation takes from the asker's network to a route (§8.2), and what it can carry. Pure choice among what
// descriptions and the person list and what checks of bridges have said: nobody is asked because of it.
import type { Placement } from './bridge-listing.ts';
import { judgeWay, noConnection, type Encryption } from './encryption.ts';
import { messagesIn } from './language/language.ts';
import type { Language, Source } from './language/messages.ts';
import { LEVELS } from './levels.ts';
import { levelOf, worst, type Delegation, type Facts, type Health, type Passage } from './passage.ts';
import { KINDS, type Candidate, type Networks } from './ways.ts';

/** How to connect: `source` is whose choice it was. */
export interface Connect {
  readonly protocol: string;
  readonly endpoint?: string;
  readonly source: Source;
  readonly placement: 'native' | Placement;
  /** Who runs the bridge. */
  readonly operator?: string;
  /** Every bridge on the way, the asker's side first. The members above are of the last one. */
  readonly bridges: readonly Hop[];
}

/** One bridge on the way. */
export interface Hop {
  readonly id?: string;
  /** Whose side it belongs to: with placements other than `server`, whose device it is on. */
  readonly side: 'asker' | 'recipient';
  readonly endpoint?: string;
  readonly placement: Placement;
  readonly encryption: 'native' | 're-encrypted' | 'none';
  readonly operator?: string;
  readonly delegation?: Delegation;
  readonly health?: Health;
}

export interface Way {
  /** Null: there is no way, and the route is listed so that the asker can be told. */
  readonly connect: Connect | null;
  readonly encryption: Encryption;
  /** What works over this way. */
  readonly features: readonly string[];
}

export interface Ends extends Networks, Partial<Facts> {
  /** Of the texts: English unless given. */
  readonly language?: Language | undefined;
}

const NOTHING = (): undefined => undefined;

/** Selects the best way (§8.2): of the first kind there is any of, the most private that answers. */
export function selectBridge(ends: Ends): Way {
  const { from, route, language = 'en', describe = NOTHING, health = NOTHING } = ends;
  const messages = messagesIn(language);
  const facts: Facts = { health, describe: (domain) => findDescription(ends, domain) ?? describe(domain) };
  const ways = KINDS.flatMap((find, kind) => find(ends, facts).map((candidate) => weigh(candidate, kind, ends)));
  const best = ways.toSorted(compareWays)[0];
  if (best === undefined)
    return { connect: null, encryption: noConnection(from, route.provider, messages), features: [] };
  const ideal = ways.toSorted(compareIfAllAnswered)[0];
  const encryption = judgeWay({
    ...best,
    passedOver: ideal === undefined || ideal === best ? [] : ideal.passages.filter(isDown),
    lost: lostOver(best, ends),
    networks: ends,
    messages,
  });
  return { connect: formatConnect(best), encryption, features: best.features };
}

const findDescription = ({ from, fromDescription, route, provider }: Ends, domain: string) =>
  domain === from ? fromDescription : domain === route.provider ? provider : undefined;

interface Weighed extends Candidate {
  /** Place in the order of §8.2. */
  readonly kind: number;
  readonly level: number;
  readonly isUnconfirmed: boolean;
  readonly priority: number;
  readonly features: readonly string[];
}

function weigh(candidate: Candidate, kind: number, ends: Ends): Weighed {
  const { passages } = candidate;
  return {
    ...candidate,
    kind,
    level: LEVELS.indexOf(worst(passages.map(levelOf))),
    isUnconfirmed: passages.some(({ delegation }) => delegation === 'unconfirmed'),
    priority: passages.reduce((sum, { bridge }) => sum + (bridge.priority ?? 0), 0),
    features: featuresOver(passages, ends),
  };
}

const isDown = ({ health }: Passage): boolean => health === 'down';
const hasDown = ({ passages }: Weighed): boolean => passages.some(isDown);

const OVERRIDE = 2;

/**
 * §8.2: what does not answer goes behind all of its provider's other ways, whatever their kind; but nothing that the person
 * did not choose takes the place of what they chose.
 */
function compareWays(a: Weighed, b: Weighed): number {
  const placeOf = (way: Weighed) => (hasDown(way) && way.kind > OVERRIDE ? KINDS.length + way.kind : way.kind);
  return placeOf(a) - placeOf(b) || Number(hasDown(a)) - Number(hasDown(b)) || compareEquals(a, b);
}

const compareIfAllAnswered = (a: Weighed, b: Weighed): number => a.kind - b.kind || compareEquals(a, b);

/** §8.2, equal ones. The lower `priority` number, as §11 adds it up. */
function compareEquals(a: Weighed, b: Weighed): number {
  return (
    a.level - b.level ||
    Number(a.isUnconfirmed) - Number(b.isUnconfirmed) ||
    a.priority - b.priority ||
    b.features.length - a.features.length ||
    compareText(textOf(a), textOf(b))
  );
}

/** The operators' domains, the recipient's side first; the rest only makes it one order. */
const textOf = ({ passages, protocol }: Weighed): string =>
  [
    ...passages.toReversed().map(({ operator }) => operator),
    ...passages.toReversed().map(({ bridge }) => bridge.endpoint ?? bridge.id ?? ''),
    protocol,
  ].join(' ');

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const offeredBy = ({ route, provider }: Ends): readonly string[] | undefined =>
  route.features ?? provider?.provider?.features;

/** The highest common denominator: what the recipient offers, and every bridge and the asker's network carry. Who lists nothing carries all. */
function featuresOver(passages: readonly Passage[], ends: Ends): readonly string[] {
  const limits = passages.map(({ bridge }) => bridge.features);
  const carried = limits.reduce<readonly string[] | undefined>(
    (left, features) => (left === undefined || features === undefined ? (left ?? features) : both(left, features)),
    offeredBy(ends),
  );
  // What the asker's network can do says nothing of what the recipient's can.
  return both(carried ?? [], ends.fromDescription?.provider?.features ?? carried ?? []);
}

const both = (left: readonly string[], right: readonly string[]): readonly string[] =>
  left.filter((feature) => right.includes(feature));

/** What both networks have and this way does not carry. */
function lostOver({ features }: Weighed, ends: Ends): readonly string[] {
  const shared = both(offeredBy(ends) ?? [], ends.fromDescription?.provider?.features ?? []);
  return shared.filter((feature) => !features.includes(feature));
}

function formatConnect({ protocol, source, passages }: Candidate): Connect {
  const bridges = passages.map(formatHop);
  const last = bridges.at(-1);
  if (last === undefined) return { protocol, source, placement: 'native', bridges };
  const { endpoint, placement, operator } = last;
  return {
    protocol,
    ...(endpoint === undefined ? {} : { endpoint }),
    source,
    placement,
    ...(operator === undefined ? {} : { operator }),
    bridges,
  };
}

function formatHop({ bridge, side, operator: runBy, delegation, health }: Passage): Hop {
  const { id, endpoint, placement, encryption } = bridge;
  // On a person's own device the operator is that person, unless somebody is named.
  const operator = placement === 'server' ? runBy : bridge.operator;
  return {
    ...(id === undefined ? {} : { id }),
    side,
    ...(endpoint === undefined ? {} : { endpoint }),
    placement,
    encryption,
    ...(operator === undefined ? {} : { operator }),
    ...(delegation === undefined ? {} : { delegation }),
    ...(health === undefined ? {} : { health }),
  };
}
