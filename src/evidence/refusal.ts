// Why a document of another system was refused (§9.5): one code, `import-invalid`, and a reason of a closed list beside it.
import { WhereaboutsError } from '../protocol/errors.ts';

/** Every reason (docs/protocol.md §9.5) with what it means. */
export const REASONS = {
  algorithm: 'an algorithm that is not on the list',
  claim: 'a claim that is no URI of a scheme that can be an account',
  expired: 'the document has expired',
  fingerprint: 'a fingerprint that is not that of the key',
  'genesis-other': 'the first operation does not make this DID',
  'id-other': 'an identifier that is not the hash of what it names',
  'key-missing': 'a key is named and not there',
  'key-not-live': 'signed by a key that could not sign at that point',
  'key-unowned': 'nothing shows that the key and the name belong together',
  'nullified-other': 'what the directory calls nullified is not what the rules nullify',
  'outer-other': 'the signed outer link and the inner one differ',
  'owner-other': 'another user than the one asked about',
  'payload-other': 'what was signed is not what is shown',
  'previous-other': 'a link that does not follow the one before it',
  'recovery-late': 'a recovery more than 72 hours after what it undoes',
  'recovery-weak': 'a recovery by a key of no higher rank than what it undoes',
  'reverse-signature': 'a new key did not sign that it was added',
  'revocation-empty': 'a revoked signature that is not in the chain',
  'section-foreign': 'a member that such a link cannot have',
  sequence: 'a link out of sequence',
  'server-other': 'what the server says beside a link is not what the link says',
  signature: 'a signature that does not verify',
  size: 'more than is read',
  'stub-forbidden': 'a link of this kind cannot be left out',
  syntax: 'not a document of this kind',
  'tail-unsigned': 'the last link is not shown, so nobody signed it',
  'time-disordered': 'an operation older than the one before it',
  tombstoned: 'an operation after the end',
  'type-foreign': 'a link of a kind that is not known and must not be skipped',
  'version-foreign': 'a version that is not known',
} as const;

export type Reason = keyof typeof REASONS;

/** The error for `reason`; its message is fixed, so nothing of the document gets out through it. */
export const refused = (reason: Reason, cause?: unknown): WhereaboutsError =>
  new WhereaboutsError('import-invalid', REASONS[reason], { cause, extensions: { reason } });

/** Runs `work`; whatever it throws that is no refusal yet is one for `reason`. */
export function refusedAs<T>(reason: Reason, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof WhereaboutsError && cause.code === 'import-invalid') throw cause;
    throw refused(reason, cause);
  }
}
