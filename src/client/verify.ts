// "Is this really Charlie?" (§11.10): asks as any look-up does, and keeps what proves the answer to others. Checks such evidence with the
// policy and the descriptions at hand; asks nobody for that.
import {
  judgeAccount,
  judgeEvidence,
  parseAccountEvidence,
  type AccountEvidence,
  type AccountJudgement,
  type ClaimedAccount,
} from '../protocol/account-evidence.ts';
import { WhereaboutsError, type Code } from '../protocol/errors.ts';
import { parseIdentifier, type Identifier } from '../protocol/identifier.ts';
import type { ClientContext } from './context.ts';
import { answerInOrder } from './in-order.ts';
import { readKnown } from './known.ts';
import { findPeers } from './policy.ts';
import { askAll, type WhereOptions } from './where.ts';

/** Somebody who says he is the owner of an identifier and writes from this account. */
export interface AccountQuestion {
  /** Phone number or e-mail address in any notation. */
  readonly id: string;
  readonly claims: ClaimedAccount;
}

export type VerifyOptions = Pick<WhereOptions, 'from' | 'region' | 'deadlineMilliseconds'>;

export interface AccountAnswer extends AccountJudgement {
  readonly id: string;
  readonly claims: ClaimedAccount;
  /** Null where nothing is known: that cannot be proven. */
  readonly evidence: AccountEvidence | null;
}

/** In place of an answer where the input was no identifier; `index` is its place in the input. */
export interface InvalidAccountAnswer {
  readonly id: null;
  readonly verdict: 'invalid';
  readonly index: number;
  readonly code: Code;
}

export async function verifyAccount(
  context: ClientContext,
  { id: text, claims }: AccountQuestion,
  options: VerifyOptions,
): Promise<AccountAnswer> {
  return verifyIdentifier(context, parseIdentifier(text, options.region), claims, options);
}

async function verifyIdentifier(
  context: ClientContext,
  id: Identifier,
  claims: ClaimedAccount,
  options: VerifyOptions,
): Promise<AccountAnswer> {
  const checkedAt = Math.floor(context.clock() / 1000);
  const [asked] = askAll(context, [id], options, { keep: true });
  if (asked === undefined) throw new WhereaboutsError('internal-error', 'a question without an answer');
  const { found, merged } = await asked;
  const judgement = judgeAccount(merged, claims);
  const directories = found.flatMap(({ domain, finding }) =>
    finding?.proven === undefined ? [] : [{ domain, ...finding.proven }],
  );
  const evidence: AccountEvidence = { version: 1, id, claims, checkedAt, directories };
  return { id, claims, ...judgement, evidence: judgement.verdict === 'unknown' ? null : evidence };
}

/** One answer per question, in order. */
export const verifyMany = (
  context: ClientContext,
  questions: readonly AccountQuestion[],
  options: VerifyOptions,
): AsyncGenerator<AccountAnswer | InvalidAccountAnswer, void, undefined> =>
  answerInOrder(questions, (question, index) => verifyItem(context, question, index, options));

/** Gives an answer for what is no identifier, too. */
export async function verifyItem(
  context: ClientContext,
  { id: text, claims }: AccountQuestion,
  index: number,
  options: VerifyOptions,
): Promise<AccountAnswer | InvalidAccountAnswer> {
  let id: Identifier;
  try {
    id = parseIdentifier(text, options.region);
  } catch (error) {
    if (!(error instanceof WhereaboutsError)) throw error;
    return { id: null, verdict: 'invalid', index, code: error.code };
  }
  return verifyIdentifier(context, id, claims, options);
}

/**
 * Checks what somebody else gathered (JSON value), as of when he did: whether that is long ago is for the caller to judge.
 * Throws `evidence-invalid`.
 */
export async function verifyEvidence(
  context: ClientContext,
  value: unknown,
): Promise<AccountJudgement & { readonly evidence: AccountEvidence }> {
  const evidence = parseAccountEvidence(value);
  const { policy, clock, group, sandbox } = context;
  const known = await readKnown(context, []);
  const describe = (domain: string) => known.get(domain)?.description;
  const judgement = await judgeEvidence(evidence, {
    now: Math.floor(clock() / 1000),
    directories: [...policy.directories, ...(await findPeers(policy, describe))],
    log: (domain) => context.directory(domain).policy(),
    trust: policy.trust,
    keys: (issuer) => describe(issuer)?.jwks,
    group: await group(1),
    sandbox,
  });
  return { ...judgement, evidence };
}
