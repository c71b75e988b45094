// "Where is Bob?": every directory of the policy is asked by the blind protocol, what they say judged and merged, and the answer
// laid out for the one who asks. What a question is about leaves this process only blinded; what the asker prefers, not at all.
import {
  answerAlternative,
  answerRoute,
  mergeAnswers,
  type Alternative,
  type Answer,
  type AnswerEnds,
  type AnswerRoute,
  type DirectoryFinding,
} from '../protocol/answer.ts';
import { parseDomain } from '../protocol/domain.ts';
import type { Identifier } from '../protocol/identifier.ts';
import { judgeName, type JudgedRoute } from '../protocol/judgement.ts';
import type { ClientContext } from './context.ts';
import type { DescriptionCopy } from './descriptions.ts';
import { lookUp, type Finding, type Reading } from './look-up.ts';
import { describedDomains } from './policy.ts';
import { arrange, isFor, type Preferences } from './preferences.ts';

export interface WhereOptions extends Preferences {
  /** Domain of the network whose user asks: the policy's own unless given. */
  readonly from?: string;
  /** Region (ISO 3166) that national phone numbers are of. */
  readonly region?: string;
  /** List also what only unknown issuers claim (§5.3). */
  readonly unverified?: boolean;
  /** Report every check each directory's answer went through. */
  readonly explain?: boolean;
  /** Read sealed records also where there is no hit, so that not even the hit shows (§6.5). */
  readonly cover?: boolean;
  /** How long directories are waited for; what is not there by then is `unknown`. */
  readonly deadlineMilliseconds?: number;
}

/** For one question, and what each further one of the same round adds: its evaluation, and a bucket that it may not share. */
const DEADLINE_MILLISECONDS = 3_000;
const DEADLINE_EACH_MILLISECONDS = 30;

/** What is at hand about the networks of the policy: read before anything is asked, so that no answer makes us fetch. */
type Known = ReadonlyMap<string, DescriptionCopy>;

/** Asks about distinct identifiers: answers in their order, none made to wait for another. */
export function askRound(context: ClientContext, ids: readonly Identifier[], options: WhereOptions): Promise<Answer>[] {
  const { policy, clock } = context;
  const asker = parseAsker(context, options);
  const allowed =
    options.deadlineMilliseconds ??
    DEADLINE_MILLISECONDS + DEADLINE_EACH_MILLISECONDS * (ids.length - 1) * policy.directories.length;
  const until = clock() + allowed;
  const asked = readKnown(context, asker.from).then((known) => {
    const reading: Reading = {
      until,
      cover: options.cover === true,
      trust: policy.trust,
      keys: (issuer) => known.get(issuer)?.description.jwks,
    };
    const findings = policy.directories.map((domain) => ({
      domain,
      found: lookUp(context, context.directory(domain), ids, reading),
    }));
    return { known, findings };
  });
  return ids.map(async (id, place) => {
    const { known, findings } = await asked;
    const said = await Promise.all(findings.map(async ({ domain, found }) => judge(domain, await found[place], asker)));
    return layOut(context, { id, said, known, asker });
  });
}

/** What of the options decides how an answer looks. */
interface Asker extends Preferences {
  readonly from: string;
  readonly unverified: boolean;
  readonly explain: boolean;
}

function parseAsker({ policy }: ClientContext, options: WhereOptions): Asker {
  const { from = policy.domain, prefer = [], avoid = [], unverified = false, explain = false } = options;
  return {
    from: parseDomain(from),
    prefer: prefer.map(parseDomain),
    avoid: avoid.map(parseDomain),
    ...(options.for === undefined ? {} : { for: options.for }),
    unverified,
    explain,
  };
}

async function readKnown({ descriptions, policy }: ClientContext, from: string): Promise<Known> {
  const known = new Map<string, DescriptionCopy>();
  for (const domain of new Set([...describedDomains(policy), from])) {
    const copy = await descriptions.findCopy(domain);
    if (copy !== undefined) known.set(domain, copy);
  }
  return known;
}

/** What one directory says about a name. */
function judge(domain: string, finding: Finding | undefined, { unverified, explain }: Asker): DirectoryFinding {
  if (finding === undefined) return { domain, code: 'internal-error' };
  const judged = judgeName(finding.records, { unverified });
  const { code, proof, checks } = finding;
  return { domain, judged, ...proof, ...(code === undefined ? {} : { code }), ...(explain ? { checks } : {}) };
}

async function layOut(
  context: ClientContext,
  { id, said, known, asker }: { id: Identifier; said: DirectoryFinding[]; known: Known; asker: Asker },
): Promise<Answer> {
  const merged = mergeAnswers(said, (route) => isFor(route.for, asker.for));
  const { outcome, contested, directories } = merged;
  const routes = await Promise.all(merged.routes.map((judged) => layOutRoute(context, judged, known, asker)));
  const arranged = arrange(routes, ({ provider, connect }) => offer(provider.domain, connect), asker);
  // Who does not want to be found is not to be looked for elsewhere.
  const alternatives = arranged.length > 0 || outcome === 'opted-out' ? [] : offerAlternatives(context, known, asker);
  return { id, outcome, contested, routes: arranged, alternatives, directories };
}

async function layOutRoute(
  { descriptions }: ClientContext,
  judged: JudgedRoute,
  known: Known,
  { from }: Asker,
): Promise<AnswerRoute> {
  // A copy somebody else had fetched will do for a name and a bridge; keys come from the policy's domains alone.
  const provider = known.get(judged.route.provider) ?? (await descriptions.findCopy(judged.route.provider));
  return answerRoute(judged, endsOf(from, known.get(from), provider));
}

const endsOf = (from: string, own: DescriptionCopy | undefined, other: DescriptionCopy | undefined): AnswerEnds => ({
  from,
  fromDescription: own?.description,
  provider: other?.description,
  stale: own?.stale === true || other?.stale === true,
});

function offerAlternatives({ policy }: ClientContext, known: Known, asker: Asker): Alternative[] {
  const { from } = asker;
  const alternatives = policy.alternatives
    .filter((domain) => domain !== from)
    .map((domain) => answerAlternative(domain, endsOf(from, known.get(from), known.get(domain))));
  return arrange(alternatives, ({ domain, connect }) => offer(domain, connect), asker);
}

const offer = (domain: string, connect: AnswerRoute['connect']) => ({ domain, operator: connect?.operator });
