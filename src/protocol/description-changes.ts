// What changed between two descriptions of a domain (§8.3), and for better or worse: so that who lowers his encryption is seen
// to have done it. Keeps nothing: client/descriptions.ts notices changes, its store keeps them.
import type { Bridge } from './bridge-listing.ts';
import type { Description } from './description.ts';
import { LEVELS, type Level } from './levels.ts';
import { LIMITS } from './limits.ts';
import { levelOfBridge } from './passage.ts';

export type Effect = 'worse' | 'better' | 'none';

export interface DescriptionChange {
  /** A member of the description, or `encryption`: the best level a network is offered. */
  readonly member: string;
  /** The network, bridge, key, protocol or feature it is about. */
  readonly subject?: string;
  /** Levels and the like: never text the domain is free to choose. Absent: there was none, there is none. */
  readonly from?: string;
  readonly to?: string;
  /** For the people who are to be reached there. */
  readonly effect: Effect;
}

/** One change of a domain's description, as somebody saw it. */
export interface HistoryEntry {
  /** When it was seen, in seconds since 1970. */
  readonly at: number;
  /** Hex SHA-256 of the document that was seen then. */
  readonly digest: string;
  /** Of a signed one. */
  readonly seq?: number;
  /** Worst first. None in the first entry: there was nothing to compare with. */
  readonly changes: readonly DescriptionChange[];
}

const ORDER: readonly Effect[] = ['worse', 'better', 'none'];
const SUBJECT_CHARACTERS = 253;

/** Everything that differs; at most as many changes as an entry holds, the worst first. */
export function compareDescriptions(before: Description, after: Description): DescriptionChange[] {
  const changes = [
    ...compareDeclared(before, after),
    ...compareLevels(before, after),
    ...compareTexts('feature', before.provider?.features, after.provider?.features, 'worse', 'better'),
    ...compareTexts('protocol', before.provider?.protocols, after.provider?.protocols, 'worse', 'better'),
    ...compareBridges(before.provider?.bridges ?? [], after.provider?.bridges ?? []),
    ...compareSigning(before, after),
    ...compareTexts('key', keyNames(before), keyNames(after), 'none', 'none'),
    ...compareMembers(before, after),
  ];
  return changes
    .toSorted((a, b) => ORDER.indexOf(a.effect) - ORDER.indexOf(b.effect))
    .slice(0, LIMITS.historyChanges)
    .map((change) =>
      change.subject === undefined ? change : { ...change, subject: change.subject.slice(0, SUBJECT_CHARACTERS) },
    );
}

/** The best level each network is offered: what is spoken needs no bridge, else the best bridge that serves it (§8.2). */
function levelsOf({ provider }: Description): Map<string, Level> {
  const levels = new Map<string, Level>();
  const offer = (network: string, level: Level): void => {
    const known = levels.get(network);
    if (known === undefined || LEVELS.indexOf(level) < LEVELS.indexOf(known)) levels.set(network, level);
  };
  for (const bridge of provider?.bridges ?? [])
    for (const network of bridge.from) offer(network, levelOfBridge(bridge));
  for (const protocol of provider?.protocols ?? []) offer(protocol, 'end-to-end');
  return levels;
}

/** What a network says of its own encryption, best first: to say nothing is better than to have none. */
const DECLARED: readonly (string | undefined)[] = ['end-to-end', undefined, 'none'];

function compareDeclared(before: Description, after: Description): DescriptionChange[] {
  const [from, to] = [before.provider?.encryption, after.provider?.encryption];
  if (from === to) return [];
  const change = between('encryption', before.domain, from, to);
  return [{ ...change, effect: DECLARED.indexOf(to) > DECLARED.indexOf(from) ? 'worse' : 'better' }];
}

function compareLevels(before: Description, after: Description): DescriptionChange[] {
  const [old, now] = [levelsOf(before), levelsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((subject) => {
    const [from, to] = [old.get(subject), now.get(subject)];
    if (from === to) return [];
    // No way at all is below the lowest level.
    const rank = (level: Level | undefined) => (level === undefined ? LEVELS.length : LEVELS.indexOf(level));
    return [{ ...between('encryption', subject, from, to), effect: rank(to) > rank(from) ? 'worse' : 'better' }];
  });
}

function compareTexts(
  member: string,
  before: readonly string[] = [],
  after: readonly string[] = [],
  lost: Effect = 'none',
  won: Effect = 'none',
): DescriptionChange[] {
  const gone = before.filter((text) => !after.includes(text));
  const come = after.filter((text) => !before.includes(text));
  return [
    ...gone.map((subject) => ({ ...between(member, subject, 'listed', undefined), effect: lost })),
    ...come.map((subject) => ({ ...between(member, subject, undefined, 'listed'), effect: won })),
  ];
}

/** Bridges without an id are told apart by what they are. */
const bridgeName = ({ id, protocol, from, placement }: Bridge): string =>
  id ?? `${protocol} ${placement} ${from.join(',')}`;

function compareBridges(before: readonly Bridge[], after: readonly Bridge[]): DescriptionChange[] {
  const [old, now] = [before, after].map((list) => new Map(list.map((bridge) => [bridgeName(bridge), bridge])));
  if (old === undefined || now === undefined) return [];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((subject): DescriptionChange[] => {
    const [from, to] = [old.get(subject), now.get(subject)];
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    const [was, is] = [from && levelOfBridge(from), to && levelOfBridge(to)];
    const change = between('bridge', subject, was, is);
    // One bridge more or less is judged by what networks are offered in all; the same one, by itself.
    if (was === undefined || is === undefined || was === is) return [{ ...change, effect: 'none' }];
    return [{ ...change, effect: LEVELS.indexOf(is) > LEVELS.indexOf(was) ? 'worse' : 'better' }];
  });
}

function compareSigning(before: Description, after: Description): DescriptionChange[] {
  const [was, is] = [before.signature !== undefined, after.signature !== undefined];
  if (was === is) return [];
  const say = (signed: boolean) => (signed ? 'signed' : 'unsigned');
  return [{ member: 'signature', from: say(was), to: say(is), effect: is ? 'better' : 'worse' }];
}

const keyNames = ({ jwks }: Description): string[] =>
  (jwks?.keys ?? []).map((key) => key.kid ?? key.x ?? key.kty ?? '').filter((name) => name !== '');

const REST = ['name', 'logo', 'contact', 'jwks', 'issuer', 'directory', 'witness', 'peers'] as const;

function compareMembers(before: Description, after: Description): DescriptionChange[] {
  return REST.filter((member) => JSON.stringify(before[member]) !== JSON.stringify(after[member])).map((member) => ({
    member,
    ...(before[member] === undefined ? {} : { from: 'given' }),
    ...(after[member] === undefined ? {} : { to: 'given' }),
    effect: 'none',
  }));
}

const between = (member: string, subject: string, from: string | undefined, to: string | undefined) => ({
  member,
  subject,
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
});
