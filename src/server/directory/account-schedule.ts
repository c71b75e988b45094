// When a claimed account is looked at again, and when a host (§9.3). Pure: a row and what a look came to in, times out.
import type { Verdict } from '../../evidence/verdict.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { CheckedAccount, Settled } from '../store/accounts.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = LIMITS.evidenceRecheckSeconds * SECOND;

/** Whoever looked at most so often at one host may look on: accounts in one visit, and rest after it. */
export interface Pace {
  readonly most: number;
  readonly rest: number;
}

/** GitHub gives 60 answers an hour to whoever has no token, 5,000 to whoever has one. */
const PACES: Readonly<Record<string, Pace>> = {
  'api.github.com': { most: 1, rest: 65 * SECOND },
  'api.github.com with a token': { most: 10, rest: 10 * SECOND },
  'gitlab.com': { most: 5, rest: 10 * SECOND },
  'hacker-news.firebaseio.com': { most: 10, rest: 5 * SECOND },
  'plc.directory': { most: 10, rest: 10 * SECOND },
};
const OTHERS: Pace = { most: 1, rest: 5 * SECOND };

export const paceOf = (host: string, { github }: { readonly github: boolean }): Pace =>
  PACES[host === 'api.github.com' && github ? 'api.github.com with a token' : host] ?? OTHERS;

/** Twice as long each time, up to a day. */
const backOff = (first: number, failures: number): number => Math.min(DAY, first * 2 ** Math.min(failures, 20));

/**
 * The row after a look. `ok` is looked at again within a day, spread over its last sixth; a no sooner while it is new, since who
 * has just claimed an account is about to post; silence leaves the last answer standing.
 */
export function settle(row: CheckedAccount, verdict: Verdict | 'unchanged', now: number, spread: number): Settled {
  const seen = verdict === 'unchanged' ? repeated(row) : verdict;
  const reason = seen.state === 'ok' ? null : seen.reason;
  const common = { chain: row.chain, link: row.link, state: seen.state, reason, checkedAt: now };
  if (seen.state === 'unreachable') {
    const wait = Math.max(backOff(5 * MINUTE, row.failures), (seen.retryAfterSeconds ?? 0) * SECOND);
    const { answer, answerReason, answeredAt, firstOkAt, rules, etag } = row;
    const left = { answer, answerReason, answeredAt, firstOkAt, rules, etag };
    return { ...common, ...left, failures: row.failures + 1, nextAt: now + wait };
  }
  const isOk = seen.state === 'ok';
  const wait = isOk
    ? DAY - Math.floor((spread * DAY) / 6)
    : backOff(row.firstOkAt === null ? MINUTE : HOUR, row.failures);
  return {
    ...common,
    failures: isOk ? 0 : row.failures + 1,
    nextAt: now + wait,
    answer: seen.state,
    answerReason: reason,
    answeredAt: now,
    firstOkAt: row.firstOkAt ?? (isOk ? now : null),
    rules: verdict === 'unchanged' ? row.rules : verdict.rules,
    etag: verdict === 'unchanged' ? row.etag : (seen.etag ?? null),
  };
}

type Answer =
  | { readonly state: 'ok'; readonly etag?: string }
  | { readonly state: 'failed'; readonly reason: string; readonly etag?: string };

/** The service says that its answer is still the same: so is the verdict. */
const repeated = ({ answer, answerReason }: CheckedAccount): Answer =>
  answer === 'ok' ? { state: 'ok' } : { state: 'failed', reason: answerReason ?? 'statement-missing' };

/** Until when a host is left alone after a visit; `wait`: what it asked for, undefined where it answered. */
export function restOf(
  pace: Pace,
  failures: number,
  silence: { readonly retryAfterSeconds: number | undefined } | undefined,
): { readonly rest: number; readonly failures: number } {
  if (silence === undefined) return { rest: pace.rest, failures: 0 };
  const wait = Math.min(HOUR, backOff(30 * SECOND, failures));
  return { rest: Math.max(pace.rest, wait, (silence.retryAfterSeconds ?? 0) * SECOND), failures: failures + 1 };
}
