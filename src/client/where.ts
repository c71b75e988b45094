// "Where is Bob?": every directory of the policy is asked by the blind protocol, what they say judged and merged, and the answer
// laid out for the one who asks. What a question is about leaves this process only blinded; what the asker prefers, not at all.
import {
  answerRoute,
  mergeAnswers,
  type Answer,
  type AnswerRoute,
  type DirectoryFinding,
  type MergedAnswer,
} from '../protocol/answer.ts';
import { parseDomain } from '../protocol/domain.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { findLanguage } from '../protocol/language/language.ts';
import type { Language } from '../protocol/language/messages.ts';
import type { Facts } from '../protocol/passage.ts';
import type { Identifier } from '../protocol/identifier.ts';
import { judgeName, type JudgedRoute } from '../protocol/judgement.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { BlindedName } from '../protocol/name.ts';
import { listAlternatives } from './alternatives.ts';
import { createBlinding } from './blinding.ts';
import { createCitedReader, type CitedChains } from './cited-chains.ts';
import type { ClientContext } from './context.ts';
import { createExistences, type Existences } from './existence.ts';
import { operatorsOf, readKnown } from './known.ts';
import { lookUp, type Finding, type Reading } from './look-up.ts';
import { findPeers } from './policy.ts';
import { arrange, isFor, type Preferences } from './preferences.ts';

export interface WhereOptions extends Preferences {
  /** Domain of the network whose user asks: the policy's own unless given. */
  readonly from?: string;
  /** Region (ISO 3166) that national phone numbers are of. */
  readonly region?: string;
  /** Language of the texts, as a BCP 47 tag: English where it is none of ours. */
  readonly language?: string;
  /** List also what only unknown issuers claim (§5.3). */
  readonly unverified?: boolean;
  /** Networks the asking person added to those offered; each was added by `addNetwork`, nothing is fetched for a question. */
  readonly also?: readonly string[];
  /** Where this person was reached last: that route goes first and is marked. */
  readonly chosen?: string;
  /** Ask each network offered that runs a directory of its own whether the person is there. */
  readonly exists?: boolean;
  /** Report every check each directory's answer went through. */
  readonly explain?: boolean;
  /** Read sealed records also where there is no hit, so that not even the hit shows (§6.5). */
  readonly cover?: boolean;
  /**
   * Show identity chains that routes cite (§9.4). Off unless asked for: the directory then sees that whoever asked just now
   * looks at these chains, which are public, and so may tell whom he looked up.
   */
  readonly chains?: boolean;
  /** How long directories are waited for; what is not there by then is `unknown`. */
  readonly deadlineMilliseconds?: number;
}

/** For one question, and what each further one of the same round adds: its evaluation, and a bucket that it may not share. */
export const DEADLINE_MILLISECONDS = 3_000;
const DEADLINE_EACH_MILLISECONDS = 30;

/** What is at hand about networks and bridges: read before anything is asked, so that no answer makes us fetch. */
interface Known extends Facts {
  /** Its description is a copy that may be out of date. */
  readonly isStale: (domain: string) => boolean;
}

/** An answer, and what it was made of. */
export interface Asked {
  readonly answer: Answer;
  /** What the identifier is called in each directory that could evaluate it, and the epoch it was read from. */
  readonly seen: ReadonlyMap<string, { readonly names: readonly BlindedName[]; readonly epoch: number }>;
  /** What each directory had to say, and what they say together. */
  readonly found: readonly { readonly domain: string; readonly finding: Finding | undefined }[];
  readonly merged: MergedAnswer;
  /** The same answer laid out anew: by what is known of the networks by now. Nothing is asked. */
  again(): Promise<Answer>;
}

/** Asks about distinct identifiers: answers in their order, none made to wait for another. */
export function askRound(context: ClientContext, ids: readonly Identifier[], options: WhereOptions): Promise<Answer>[] {
  return askAll(context, ids, options).map(async (asked) => (await asked).answer);
}

/** The same, for those who want to know when to ask again. */
export function askAll(
  context: ClientContext,
  ids: readonly Identifier[],
  options: WhereOptions,
  { keep = false } = {},
): Promise<Asked>[] {
  const asker = parseAsker(context, options);
  const asked = askDirectories(context, ids, asker, { ...options, keep });
  const readCited = options.chains === true ? createCitedReader(context) : undefined;
  return ids.map(async (id, place) => {
    const { known, findings, existences } = await asked;
    const found = await Promise.all(
      findings.map(async ({ domain, found: each }) => ({ domain, finding: await each[place] })),
    );
    const said = found.map(({ domain, finding }) => judge(domain, finding, asker));
    const chains = await readCited?.(found);
    return {
      found,
      merged: mergeAnswers(said),
      answer: await layOut(context, { id, place, said, known, asker, existences, chains }),
      seen: new Map(
        found.flatMap(({ domain, finding }) =>
          finding?.names === undefined || finding.proof === undefined
            ? []
            : [[domain, { names: finding.names, epoch: finding.proof.epoch }] as const],
        ),
      ),
      again: async () =>
        layOut(context, { id, place, said, known: await readFacts(context, asker), asker, existences, chains }),
    };
  });
}

/** Has every directory of the policy asked at once: one blinding serves them all, and none waits for another. */
async function askDirectories(
  context: ClientContext,
  ids: readonly Identifier[],
  asker: Asker,
  options: WhereOptions & { readonly keep: boolean },
): Promise<{ known: Known; findings: { domain: string; found: Promise<Finding>[] }[]; existences?: Existences }> {
  const { policy, clock, aside } = context;
  const now = clock();
  const known = await readFacts(context, asker);
  const peers = await findPeers(policy, (domain) => known.describe(domain));
  const domains = [...policy.directories, ...peers.filter((domain) => known.describe(domain)?.directory !== undefined)];
  const allowed =
    options.deadlineMilliseconds ??
    DEADLINE_MILLISECONDS + DEADLINE_EACH_MILLISECONDS * (ids.length - 1) * domains.length;
  const reading: Reading = {
    until: now + allowed,
    cover: options.cover === true,
    keep: options.keep,
    trust: policy.trust,
    keys: (issuer) => known.describe(issuer)?.jwks,
    blinding: createBlinding(context, ids),
  };
  const findings = domains.map((domain) => {
    const code = aside.find(domain);
    const found =
      code === undefined
        ? lookUpPatiently(context, domain, ids, reading)
        : ids.map(async (): Promise<Finding> => ({ records: [], code, checks: [] }));
    return { domain, found };
  });
  const existences = options.exists === true ? { existences: createExistences(context, ids, reading, known) } : {};
  return { known, findings, ...existences };
}

/** A directory that used up its time on the last question gets little of this one's. */
function lookUpPatiently(
  context: ClientContext,
  domain: string,
  ids: readonly Identifier[],
  reading: Reading,
): Promise<Finding>[] {
  const { clock, patience } = context;
  const until = patience.until(domain, clock(), reading.until);
  const found = lookUp(context, context.directory(domain), ids, { ...reading, until });
  for (const one of found)
    void one.then(
      ({ code }) => patience.answered(domain, code !== 'peer-unreachable' || clock() < until),
      () => undefined,
    );
  return found;
}

/** What of the options decides how an answer looks. */
interface Asker extends Preferences {
  readonly from: string;
  readonly language: Language;
  readonly unverified: boolean;
  readonly explain: boolean;
  readonly also: readonly string[];
  readonly chosen?: string;
  readonly region?: string;
}

function parseAsker({ policy }: ClientContext, options: WhereOptions): Asker {
  const { from = policy.domain, language = '', prefer = [], avoid = [], also = [] } = options;
  const { unverified = false, explain = false } = options;
  if (also.length > LIMITS.whereAlso) throw new WhereaboutsError('request-invalid', 'too many networks added');
  return {
    from: parseDomain(from),
    language: findLanguage(language) ?? 'en',
    prefer: prefer.map(parseDomain),
    avoid: avoid.map(parseDomain),
    ...(options.for === undefined ? {} : { for: options.for }),
    ...(options.chosen === undefined ? {} : { chosen: parseDomain(options.chosen) }),
    ...(options.region === undefined ? {} : { region: options.region }),
    also: also.map(parseDomain),
    unverified,
    explain,
  };
}

async function readFacts(context: ClientContext, { from, also }: Asker): Promise<Known> {
  const known = await readKnown(context, [from, ...also]);
  return {
    describe: (domain) => known.get(domain)?.description,
    isStale: (domain) => known.get(domain)?.stale === true,
    health: await context.health.read(),
  };
}

/** What one directory says about a name. */
function judge(domain: string, finding: Finding | undefined, { unverified, explain }: Asker): DirectoryFinding {
  if (finding === undefined) return { domain, code: 'internal-error' };
  const judged = judgeName(finding.records, { unverified });
  const { code, proof, checks } = finding;
  return { domain, judged, ...proof, ...(code === undefined ? {} : { code }), ...(explain ? { checks } : {}) };
}

interface LaidOut {
  readonly id: Identifier;
  readonly place: number;
  readonly said: DirectoryFinding[];
  readonly known: Known;
  readonly asker: Asker;
  readonly existences?: Existences | undefined;
  readonly chains?: CitedChains | undefined;
}

async function layOut(context: ClientContext, laidOut: LaidOut): Promise<Answer> {
  const { id, place, said, known, asker, existences, chains } = laidOut;
  const merged = mergeAnswers(said, (route) => isFor(route.for, asker.for));
  const { outcome, contested, directories } = merged;
  const routes = await Promise.all(merged.routes.map((judged) => layOutRoute(context, judged, known, asker, chains)));
  const arranged = chooseFirst(
    arrange(routes, ({ provider, connect }) => offer(provider.domain, connect), asker),
    asker.chosen,
  );
  // Who does not want to be found is not to be looked for elsewhere.
  const alternatives =
    arranged.length > 0 || outcome === 'opted-out'
      ? []
      : arrange(
          await listAlternatives(context.policy, { ...endsOf(asker, known), ...asker, id, place, existences }),
          ({ domain, connect }) => offer(domain, connect),
          asker,
        );
  return { id, language: asker.language, outcome, contested, routes: arranged, alternatives, directories };
}

async function layOutRoute(
  { descriptions }: ClientContext,
  judged: JudgedRoute,
  known: Known,
  asker: Asker,
  chains: CitedChains | undefined,
): Promise<AnswerRoute> {
  // A copy somebody else had fetched will do for a name and a bridge; keys come from the policy's domains alone.
  const find = async (domain: string) => known.describe(domain) ?? (await descriptions.find(domain));
  const { provider: domain } = judged.route;
  const copy = known.describe(domain) === undefined ? await descriptions.findCopy(domain) : undefined;
  const provider = known.describe(domain) ?? copy?.description;
  const operators = await Promise.all(
    operatorsOf(provider, judged.route.bridges).map(async (domain) => [domain, await find(domain)] as const),
  );
  const described = new Map(operators);
  const route = answerRoute(judged, {
    ...endsOf(asker, known),
    provider,
    stale: known.isStale(asker.from) || known.isStale(domain) || copy?.stale === true,
    describe: (domain) => described.get(domain) ?? known.describe(domain),
  });
  const cited = chains?.get(judged.holder);
  return cited === undefined ? route : { ...route, chains: cited };
}

/** What was chosen once stays chosen, as long as it is among the routes. */
function chooseFirst(routes: readonly AnswerRoute[], chosen: string | undefined): AnswerRoute[] {
  const isChosen = ({ provider }: AnswerRoute): boolean => provider.domain === chosen;
  return [
    ...routes.filter(isChosen).map((route) => ({ ...route, chosen: true as const })),
    ...routes.filter((route) => !isChosen(route)),
  ];
}

const endsOf = ({ from, language }: Asker, known: Known) => ({
  ...known,
  from,
  fromDescription: known.describe(from),
  language,
});

const offer = (domain: string, connect: AnswerRoute['connect']) => ({
  domain,
  operators: connect?.bridges.flatMap(({ operator }) => operator ?? []) ?? [],
});
