// What comes of looking at an account (§9.3): states and reasons are closed lists, and silence is never a no.
import { WhereaboutsError } from '../protocol/errors.ts';

/** Raised whenever the same pages could lead to another verdict. */
export const EVIDENCE_RULES = 1;

/** The service answered, and this is why it does not bear the claim out. */
export const FAILED = {
  'account-missing': 'The service has no such account, or not any more',
  'account-moved': 'The account goes by another name now',
  'author-differs': 'Somebody else wrote it',
  'post-copied': 'It is a copy of what somebody else wrote',
  'post-hidden': 'Not everybody can read it',
  'post-missing': 'There is no such post, or not any more',
  'post-shared': 'Others may write there too',
  'statement-missing': 'The account does not name the chain',
} as const;

/** Why nothing is known. */
export const UNREACHABLE = {
  'access-denied': 'The service does not let us look',
  'answer-unusable': 'The answer is none that can be read',
  'host-silent': 'Nothing came in time',
  'rate-limited': 'The service asks us to wait',
  'service-error': 'The service has a fault',
  unchecked: 'Nobody has looked yet',
} as const;

export type FailedReason = keyof typeof FAILED;
export type UnreachableReason = keyof typeof UNREACHABLE;

interface Looked {
  /** Seconds since 1970. */
  readonly checkedAt: number;
  readonly rules: number;
  /** Whose word this is: a directory's domain, or `self`. */
  readonly checker: string;
}

export type Verdict = Looked &
  (
    | { readonly state: 'ok'; readonly etag?: string }
    | { readonly state: 'failed'; readonly reason: FailedReason; readonly etag?: string }
    | { readonly state: 'unreachable'; readonly reason: UnreachableReason; readonly retryAfterSeconds?: number }
  );

/** What a service says: who wrote there and what, or why there is nothing of the account's own. */
export type Finding =
  | { readonly author: string; readonly texts: readonly string[]; readonly etag?: string | undefined }
  | { readonly none: FailedReason }
  | 'unchanged';

/** No answer that counts: carries its reason, and how long the service asks to be left alone. */
export const unreached = (reason: UnreachableReason, retryAfterSeconds?: number, cause?: unknown): WhereaboutsError =>
  new WhereaboutsError('peer-unreachable', undefined, {
    cause,
    extensions: { reason, ...(retryAfterSeconds === undefined ? {} : { retryAfter: retryAfterSeconds }) },
  });
