// What changed between two answers to one question (§7), as Alice is told: better or worse for her, and why. Pure: when to look
// is client/follower.ts, the words are in language/.
import type { Answer, AnswerRoute } from './answer.ts';
import { ASSURANCES } from './judgement.ts';
import { messagesIn } from './language/language.ts';
import type { ChangeCode, Language } from './language/messages.ts';
import { LEVELS } from './levels.ts';

/** Every kind of change, and whether it is for the better. `neither` is for what only its consequences make good or bad. */
export const CHANGES = {
  found: 'better',
  gone: 'worse',
  'opted-out': 'worse',
  unknown: 'worse',
  moved: 'neither',
  'route-added': 'better',
  'route-removed': 'worse',
  'address-changed': 'neither',
  'bridge-gone': 'worse',
  'bridge-found': 'better',
  'bridge-changed': 'neither',
  'encryption-worse': 'worse',
  'encryption-better': 'better',
  'reader-joined': 'worse',
  'reader-left': 'better',
  'assurance-worse': 'worse',
  'assurance-better': 'better',
  contested: 'worse',
  uncontested: 'better',
  'features-fewer': 'worse',
  'features-more': 'better',
} as const satisfies Readonly<Record<ChangeCode, Direction>>;

export type Direction = 'better' | 'worse' | 'neither';

export interface AnswerChange {
  readonly code: ChangeCode;
  /** Domain of the network it is about; the person's best route moved from `from`. */
  readonly provider?: string;
  readonly from?: string;
  /** Who can read along now, or no longer. */
  readonly readers?: readonly string[];
  /** For people, in the language of the new answer. */
  readonly text: string;
}

type Found = Omit<AnswerChange, 'text'>;

/** What changed from `before` to `after`, the worst first; nothing where nobody would act otherwise. */
export function compareAnswers(before: Answer, after: Answer): AnswerChange[] {
  const changes = [
    ...compareOutcomes(before, after),
    ...compareContested(before, after),
    ...compareBest(before, after),
    ...compareRoutes(before, after),
  ];
  return changes
    .toSorted((a, b) => SEVERITY.indexOf(CHANGES[a.code]) - SEVERITY.indexOf(CHANGES[b.code]))
    .map((change) => ({ ...change, text: say(change, after.language) }));
}

function say({ code, provider = '', from, readers = [] }: Found, language: Language): string {
  // What each code is about is all that is said of it: see Changes.
  const about = [provider, ...(from === undefined ? [] : [from]), ...readers];
  const words: (...about: string[]) => string = messagesIn(language).changes[code];
  return words(...about);
}

/** Of all changes together: one for the worse makes them so. */
export const directionOf = (changes: readonly Pick<AnswerChange, 'code'>[]): Direction =>
  SEVERITY.find((direction) => changes.some(({ code }) => CHANGES[code] === direction)) ?? 'neither';

const SEVERITY: readonly Direction[] = ['worse', 'better', 'neither'];

function compareOutcomes(before: Answer, after: Answer): Found[] {
  if (before.outcome === after.outcome) return [];
  if (after.outcome === 'found') return [{ code: 'found' }];
  if (after.outcome !== 'absent') return [{ code: after.outcome }];
  return before.outcome === 'found' ? [{ code: 'gone' }] : [];
}

const compareContested = (before: Answer, after: Answer): Found[] =>
  before.contested === after.contested ? [] : [{ code: after.contested ? 'contested' : 'uncontested' }];

function compareBest(before: Answer, after: Answer): Found[] {
  const [from, to] = [before.routes[0]?.provider.domain, after.routes[0]?.provider.domain];
  if (from === undefined || to === undefined || from === to) return [];
  return [{ code: 'moved', provider: to, from }];
}

/** Route by route: one is the same as long as it leads to the same network. */
function compareRoutes(before: Answer, after: Answer): Found[] {
  // Where there was nobody, or is nobody now, that says it all.
  if (before.outcome !== 'found' || after.outcome !== 'found') return [];
  const [old, now] = [byProvider(before), byProvider(after)];
  const changes: Found[] = [];
  for (const provider of old.keys()) if (!now.has(provider)) changes.push({ code: 'route-removed', provider });
  for (const [provider, route] of now) {
    const known = old.get(provider);
    if (known === undefined) changes.push({ code: 'route-added', provider });
    else changes.push(...compareRoute(known, route).map((change) => ({ ...change, provider })));
  }
  return changes;
}

function byProvider({ routes }: Answer): ReadonlyMap<string, AnswerRoute> {
  const found = new Map<string, AnswerRoute>();
  // The best of several accounts on one network stands for it.
  for (const route of routes) if (!found.has(route.provider.domain)) found.set(route.provider.domain, route);
  return found;
}

function compareRoute(before: AnswerRoute, after: AnswerRoute): Found[] {
  const changes: Found[] = [];
  if (before.address !== after.address) changes.push({ code: 'address-changed' });
  if (before.connect !== null && after.connect === null) changes.push({ code: 'bridge-gone' });
  else if (before.connect === null && after.connect !== null) changes.push({ code: 'bridge-found' });
  else if (before.connect?.endpoint !== after.connect?.endpoint || before.connect?.operator !== after.connect?.operator)
    changes.push({ code: 'bridge-changed' });
  changes.push(
    ...compareRank('encryption', LEVELS.indexOf(before.encryption.level), LEVELS.indexOf(after.encryption.level)),
    ...compareReaders(before.encryption.readers, after.encryption.readers),
    ...compareRank('assurance', ASSURANCES.indexOf(before.assurance), ASSURANCES.indexOf(after.assurance)),
    ...compareFeatures(before.features, after.features),
  );
  return changes;
}

/** Ranks of lists that begin with the best. */
function compareRank(what: 'encryption' | 'assurance', before: number, after: number): Found[] {
  return before === after ? [] : [{ code: after > before ? `${what}-worse` : `${what}-better` }];
}

function compareReaders(before: readonly string[], after: readonly string[]): Found[] {
  const joined = after.filter((reader) => !before.includes(reader));
  const left = before.filter((reader) => !after.includes(reader));
  return [
    ...(joined.length === 0 ? [] : [{ code: 'reader-joined' as const, readers: joined }]),
    ...(left.length === 0 ? [] : [{ code: 'reader-left' as const, readers: left }]),
  ];
}

function compareFeatures(before: readonly string[], after: readonly string[]): Found[] {
  const [lost, won] = [before.some((one) => !after.includes(one)), after.some((one) => !before.includes(one))];
  if (lost) return [{ code: 'features-fewer' }];
  return won ? [{ code: 'features-more' }] : [];
}
