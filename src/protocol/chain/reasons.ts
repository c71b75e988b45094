// Why an identity chain is refused (§9.2): one code, `chain-invalid`, and a closed list of reasons beside it.
import { WhereaboutsError } from '../errors.ts';

/** Every reason with its meaning; docs/protocol.md §9.2 lists the same. */
export const CHAIN_REASONS = {
  'account-absent': 'takes back an account that the chain does not claim',
  'account-invalid': 'the account, or the place of its post, is none of that service in its normal form',
  'account-there': 'claims an account that the chain claims already',
  'accounts-full': 'more accounts than a chain may claim',
  ended: 'comes after the end',
  'first-link': 'the first link is no start, or a start comes later',
  'index-invalid': 'an entry of the index is not as it must be',
  'key-absent': 'removes a key that is not live',
  'key-again': 'brings back a key that was removed',
  'key-last': 'removes the last key, which only an end does',
  'key-removed': 'signed by a key that was removed',
  'key-there': 'adds a key that is live already',
  'key-unknown': 'signed by a key that was never the chain’s',
  'keys-full': 'more keys than a chain may have at once',
  'links-full': 'past the links or octets of a chain, of which the last are kept for its end',
  'members-invalid': 'a member is missing, unknown, or not of its form',
  'name-absent': 'takes back a name that the chain does not hold',
  'name-there': 'adds a name that the chain holds already',
  'names-full': 'more names than a chain may hold',
  'other-chain': 'names another chain',
  'prev-wrong': 'does not name the link before it',
  'reverse-invalid': 'the new key did not sign in reverse',
  'seq-wrong': 'does not have the number of its place',
  'signature-invalid': 'the signature does not hold',
  'time-ahead': 'dated in the future',
  'time-back': 'dated before the links before it',
  'token-invalid': 'not a token of this kind in its strict form',
  'type-unknown': 'of a type that there is not',
  'version-unknown': 'of a version that there is not',
} as const;

export type ChainReason = keyof typeof CHAIN_REASONS;

/** The refusal of one link; `seq` is its place in the chain, where that is known. */
export const refusal = (reason: ChainReason, seq?: number, cause?: unknown): WhereaboutsError =>
  new WhereaboutsError('chain-invalid', CHAIN_REASONS[reason], {
    extensions: { reason, ...(seq === undefined ? {} : { seq }) },
    ...(cause === undefined ? {} : { cause }),
  });

/** Why a chain was refused; undefined for any other error. */
export function chainReason(error: unknown): ChainReason | undefined {
  if (!(error instanceof WhereaboutsError) || error.code !== 'chain-invalid') return undefined;
  const { reason } = error.extensions;
  return typeof reason === 'string' && isReason(reason) ? reason : undefined;
}

const isReason = (text: string): text is ChainReason => Object.hasOwn(CHAIN_REASONS, text);
