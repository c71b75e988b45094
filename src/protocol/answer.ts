// The answer to "where is Bob?" (§7): what several directories say made into one, and laid out for the one who asks. What
// each directory's records come to was judged before, in judgement.ts; what the asker prefers is applied after, in client/.
import type { Service } from './account.ts';
import type { Check } from './checks.ts';
import { selectBridge, type Connect, type Ends } from './bridge.ts';
import type { Encryption } from './encryption.ts';
import type { Code } from './errors.ts';
import { ASSURANCES, type Assurance, type JudgedName, type JudgedRoute } from './judgement.ts';
import type { Language } from './language/messages.ts';
import type { Route } from './token/route.ts';

export interface Answer {
  /** The canonical identifier. */
  readonly id: string;
  /** Of the texts in it. */
  readonly language: Language;
  readonly outcome: 'found' | 'absent' | 'opted-out' | 'unknown';
  /** Two are at odds over this name, or over whether it wants to be found. */
  readonly contested: boolean;
  readonly routes: readonly AnswerRoute[];
  /** Networks to offer where nobody is found. */
  readonly alternatives: readonly Alternative[];
  readonly directories: readonly DirectoryReport[];
}

export interface AnswerRoute {
  readonly provider: Provider;
  readonly address?: string;
  readonly assurance: Assurance;
  readonly issuers: readonly string[];
  /** The person asks to be routed here without being asked again. */
  readonly auto: boolean;
  readonly contested: boolean;
  /** RFC 3339, as all times here. */
  readonly since: string;
  /** Null: there is no way from here. */
  readonly connect: Connect | null;
  readonly encryption: Encryption;
  readonly features: readonly string[];
  readonly expires: string;
  /** This is where the person was reached last, as the asker says. */
  readonly chosen?: true;
  /** Identity chains of the same person (§9.4), where they were asked for and name this registration back. */
  readonly chains?: readonly AnswerChain[];
}

/** A lasting public identity: replayed, and tied to the registration from both ends. */
export interface AnswerChain {
  readonly id: string;
  /** Where it was read. */
  readonly directory: string;
  /** In the order they were claimed. */
  readonly accounts: readonly AnswerAccount[];
}

/** An account the chain claims, and what was seen there (§9.3): the word of `checker`. */
export interface AnswerAccount {
  readonly service: Service;
  readonly account: string;
  readonly where?: string;
  readonly state: 'ok' | 'failed' | 'unreachable';
  /** Why not. */
  readonly reason?: string;
  readonly checkedAt?: string;
  /** While it is unreachable: the last answer there was. */
  readonly answer?: 'ok' | 'failed' | 'unreachable';
  readonly answeredAt?: string;
  /** There has been no answer for 7 days. */
  readonly stale?: true;
  readonly checker: string;
}

/** A network as people know it, where its description is at hand. */
export interface Provider {
  readonly domain: string;
  readonly name?: string;
  readonly logo?: string;
  /** What is known of it may be out of date: its domain has not been reached lately (§8.1). */
  readonly stale?: true;
}

export interface Alternative {
  readonly domain: string;
  readonly name?: string;
  readonly stale?: true;
  /** The asker's own addition to the list. */
  readonly added?: true;
  /** Nothing is known of it at present: its description is not at hand. */
  readonly available?: false;
  /** Whether its own directory has the person there, where that was asked. */
  readonly exists?: Existence;
  readonly connect: Connect | null;
  readonly encryption: Encryption;
}

/** What a network's own directory says: `found` if the network itself vouches for an account there. */
export type Existence = DirectoryReport['outcome'];

export interface DirectoryReport {
  readonly domain: string;
  /** `found`: there is a record that counts, be it one that asks not to be found. */
  readonly outcome: 'found' | 'absent' | 'unknown';
  readonly epoch?: number;
  /** Time of that epoch. */
  readonly asOf?: string;
  /** Witnesses that cosigned it. */
  readonly witnesses?: number;
  /** Why it is unknown. */
  readonly code?: Code;
  /** Every check it went through, where that was asked for. */
  readonly checks?: readonly Check[];
}

/** What one directory had to say. Without `judged`, or with a `code` and nothing found, the question was not completed. */
export interface DirectoryFinding {
  readonly domain: string;
  readonly judged?: JudgedName;
  readonly code?: Code;
  readonly epoch?: number;
  /** Milliseconds since 1970. */
  readonly asOf?: number;
  readonly witnesses?: number;
  readonly checks?: readonly Check[];
}

/** One answer of several directories, its routes not yet laid out. */
export interface MergedAnswer extends Pick<Answer, 'outcome' | 'contested' | 'directories'> {
  readonly routes: readonly JudgedRoute[];
}

/**
 * Makes one answer of what the directories asked say; their order makes no difference. Routes that are not `wanted` are left
 * out, but he who has no others was found all the same.
 */
export function mergeAnswers(
  findings: readonly DirectoryFinding[],
  wanted: (route: Route) => boolean = () => true,
): MergedAnswer {
  const directories = findings.map(report).toSorted((a, b) => compareText(a.domain, b.domain));
  const optOuts = findings.flatMap(({ judged }) => (judged?.optedOut === undefined ? [] : [judged.optedOut]));
  const optedOut = optOuts.length === 0 ? undefined : Math.max(...optOuts);
  const records = findings.flatMap(readRecords);
  const verified = records.filter(({ best }) => best < CLAIMED);
  // §5.3: the later of an opt-out and a record with routes decides, wherever each of them lies.
  const listed = verified.filter(({ since }) => optedOut === undefined || since > optedOut);
  const atOdds = optedOut !== undefined && verified.length > 0;
  const contested = atOdds || findings.some(({ judged }) => judged?.contested === true);
  if (optedOut !== undefined && listed.length === 0)
    return { outcome: 'opted-out', contested, routes: [], directories };
  const claimed = records.filter(({ best }) => best === CLAIMED);
  const all = [...listed, ...claimed].toSorted(compareRecords).flatMap((record) => record.routes);
  const routes = listOnce(all.filter(({ route }) => wanted(route)));
  return {
    outcome: all.length > 0 ? 'found' : summarize(directories),
    contested,
    routes: atOdds ? routes.map((route) => ({ ...route, auto: false, contested: true })) : routes,
    directories,
  };
}

/** Absent only if every directory asked says so; nobody asked is nothing known. */
function summarize(directories: readonly DirectoryReport[]): 'absent' | 'unknown' {
  return directories.length > 0 && directories.every(({ outcome }) => outcome === 'absent') ? 'absent' : 'unknown';
}

function report({ domain, judged, code, epoch, asOf, witnesses, checks }: DirectoryFinding): DirectoryReport {
  return {
    domain,
    outcome: outcomeOf(judged, code),
    ...(epoch === undefined ? {} : { epoch }),
    ...(asOf === undefined ? {} : { asOf: formatTime(asOf / 1000) }),
    ...(witnesses === undefined ? {} : { witnesses }),
    ...(code === undefined ? {} : { code }),
    ...(checks === undefined ? {} : { checks }),
  };
}

function outcomeOf(judged: JudgedName | undefined, code: Code | undefined): DirectoryReport['outcome'] {
  if (judged === undefined) return 'unknown';
  if (judged.outcome !== 'absent') return 'found';
  return code === undefined ? 'absent' : 'unknown';
}

/** The routes of one record in one directory, in the person's order. */
interface Listed {
  readonly domain: string;
  readonly holder: string;
  readonly since: number;
  /** Place of the best route's assurance among ASSURANCES. */
  readonly best: number;
  readonly routes: readonly JudgedRoute[];
}

const CLAIMED = ASSURANCES.indexOf('claimed');

function readRecords({ domain, judged }: DirectoryFinding): Listed[] {
  const byHolder = Map.groupBy(judged?.routes ?? [], ({ holder }) => holder);
  return Array.from(byHolder, ([holder, routes]) => ({
    domain,
    holder,
    since: Math.min(...routes.map(({ since }) => since)),
    best: Math.min(...routes.map(({ assurance }) => ASSURANCES.indexOf(assurance))),
    routes,
  }));
}

/** Better assurance first, then the older; within one record the person's own order stands (§5.3). The rest only makes it one order. */
function compareRecords(a: Listed, b: Listed): number {
  return a.best - b.best || a.since - b.since || compareText(a.domain, b.domain) || compareText(a.holder, b.holder);
}

/**
 * A way to be reached stands once, where its assurance is best, then where it is older: who is registered in two directories
 * has another key in each. Where one of the routes that name it is contested, so is the one that is listed.
 */
function listOnce(routes: readonly JudgedRoute[]): JudgedRoute[] {
  const ways = new Map<string, JudgedRoute>();
  for (const route of routes) {
    const { provider, address } = route.route;
    const way = JSON.stringify([provider, address]);
    const known = ways.get(way);
    const better = known === undefined || compareListings(route, known) < 0;
    const listed = better ? route : known;
    const contested = route.contested || known?.contested === true;
    // Taken out first, it stands where the better one does.
    if (better) ways.delete(way);
    ways.set(way, { ...listed, contested, auto: listed.auto && !contested });
  }
  return [...ways.values()];
}

const compareListings = (a: JudgedRoute, b: JudgedRoute): number =>
  ASSURANCES.indexOf(a.assurance) - ASSURANCES.indexOf(b.assurance) || a.since - b.since;

/** Who asks, and what is at hand about the two networks and the bridges between them. */
export interface AnswerEnds extends Omit<Ends, 'route'> {
  /** A description of either network is a copy that may be out of date. */
  readonly stale?: boolean | undefined;
}

/** Lays a route out for the one who asks. */
export function answerRoute(judged: JudgedRoute, ends: AnswerEnds): AnswerRoute {
  const { route, assurance, issuers, auto, contested, since, expires } = judged;
  const { connect, encryption, features } = selectBridge({ ...ends, route });
  return {
    provider: nameProvider(route.provider, ends),
    ...(route.address === undefined ? {} : { address: route.address }),
    assurance,
    issuers,
    auto,
    contested,
    since: formatTime(since),
    connect,
    encryption,
    features,
    expires: formatTime(expires),
  };
}

/** Lays out a network to be tried instead. */
export function answerAlternative(domain: string, ends: AnswerEnds): Alternative {
  const { connect, encryption } = selectBridge({ ...ends, route: { provider: domain } });
  const { logo: _, ...network } = nameProvider(domain, ends);
  const unavailable = ends.provider === undefined ? { available: false as const } : {};
  return { ...network, ...unavailable, connect, encryption };
}

function nameProvider(domain: string, { provider, stale }: AnswerEnds): Provider {
  const { name, logo } = provider ?? {};
  return {
    domain,
    ...(name === undefined ? {} : { name }),
    ...(logo === undefined ? {} : { logo }),
    ...(stale === true ? { stale } : {}),
  };
}

/** RFC 3339 in whole seconds. */
export const formatTime = (seconds: number): string =>
  new Date(Math.floor(seconds) * 1000).toISOString().replace('.000Z', 'Z');

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
