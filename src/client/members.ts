// Who joins a conversation is checked (§11.10): by what was carried along to prove him, else by asking. He may come from a network that
// is reached over others: then none of them is believed, and only the bridge that the plan names may show him here.
import type { AccountEvidence, AccountJudgement, ClaimedAccount } from '../protocol/account-evidence.ts';
import { readPaths } from '../protocol/conversation/paths.ts';
import type { Plan } from '../protocol/conversation/plan.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { parseIdentifier } from '../protocol/identifier.ts';
import type { ClientContext } from './context.ts';
import { answerInOrder } from './in-order.ts';
import {
  verifyEvidence,
  verifyItem,
  type AccountQuestion,
  type InvalidAccountAnswer,
  type VerifyOptions,
} from './verify.ts';

/** Somebody in a conversation; `claims.provider` is the network he is at home on. */
export interface Member extends AccountQuestion {
  /** What was carried along to prove it (JSON value): the `evidence` of somebody's answer. */
  readonly evidence?: unknown;
  /** The bridge that shows him, and the network it shows him on. */
  readonly shown?: { readonly by: string; readonly on: string };
}

export interface MemberOptions extends VerifyOptions {
  /** How old evidence may be, in seconds; a day unless given. */
  readonly maxAgeSeconds?: number;
  /** Whether to ask where evidence does not settle it; true unless given. */
  readonly ask?: boolean;
}

export interface MemberAnswer extends Pick<AccountJudgement, 'verdict' | 'assurance' | 'contested'> {
  readonly id: string;
  readonly claims: ClaimedAccount;
  /** `plan`: by the plan he cannot be there, so nobody was asked. `nothing`: no evidence settled it, and `ask` was false. */
  readonly by: 'evidence' | 'directories' | 'plan' | 'nothing';
  /** What became of what was carried along: `other` is about somebody else or another account, `old` or of the future. */
  readonly carried: 'none' | 'held' | 'invalid' | 'other' | 'old';
  /** To be carried on. */
  readonly evidence: AccountEvidence | null;
}

const DAY = 86_400;

/** One answer per member, in order. */
export function verifyMembers(
  context: ClientContext,
  { terminals, edges }: Pick<Plan, 'terminals' | 'edges'>,
  members: readonly Member[],
  options: MemberOptions,
): AsyncGenerator<MemberAnswer | InvalidAccountAnswer, void, undefined> {
  const paths = readPaths(edges);
  const canBeThere = ({ claims: { provider }, shown }: Member): boolean =>
    terminals.includes(provider) && (shown === undefined || paths.represents(provider, shown.on) === shown.by);
  return answerInOrder(members, (member, index) => verifyMember(context, member, index, canBeThere(member), options));
}

async function verifyMember(
  context: ClientContext,
  member: Member,
  index: number,
  canBeThere: boolean,
  options: MemberOptions,
): Promise<MemberAnswer | InvalidAccountAnswer> {
  const { id, claims } = member;
  const unknown = { id, claims, verdict: 'unknown', contested: false, carried: 'none', evidence: null } as const;
  if (!canBeThere) return { ...unknown, by: 'plan' };
  const shown = await readCarried(context, member, options);
  // Only a match: whoever is on the way could carry along what spoke against him before he registered.
  if (shown.answer?.verdict === 'match' || (options.ask === false && shown.answer !== undefined)) return shown.answer;
  const { carried } = shown;
  if (options.ask === false) return { ...unknown, by: 'nothing', carried };
  const answer = await verifyItem(context, member, index, options);
  if (answer.verdict === 'invalid') return answer;
  const { directories: _, ...judged } = answer;
  return { ...judged, by: 'directories', carried };
}

type Carried = { readonly carried: MemberAnswer['carried']; readonly answer?: MemberAnswer };

/** Judges what was carried along: it must be about this person and this account, whole, and new enough. */
async function readCarried(
  context: ClientContext,
  { id: text, claims, evidence: value }: Member,
  { region, maxAgeSeconds = DAY }: MemberOptions,
): Promise<Carried> {
  if (value === undefined || value === null) return { carried: 'none' };
  try {
    const { evidence, verdict, assurance, contested } = await verifyEvidence(context, value);
    const { id, claims: about, checkedAt } = evidence;
    if (id !== parseIdentifier(text, region)) return { carried: 'other' };
    if (about.provider !== claims.provider || about.address !== claims.address) return { carried: 'other' };
    if (checkedAt < Math.floor(context.clock() / 1000) - maxAgeSeconds) return { carried: 'old' };
    const judged = { verdict, contested, ...(assurance === undefined ? {} : { assurance }) };
    return { carried: 'held', answer: { id, claims, ...judged, by: 'evidence', carried: 'held', evidence } };
  } catch (error) {
    if (error instanceof WhereaboutsError && REFUSED.has(error.code)) return { carried: 'invalid' };
    throw error;
  }
}

const REFUSED = new Set(['evidence-invalid', 'identifier-invalid']);
