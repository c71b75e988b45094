// Every way this protocol says no: one error class, one closed list of codes. HTTP statuses are in server/problem.ts.

/** The closed list of codes (docs/protocol.md §12) with the title that goes out beside each. */
export const CODES = {
  'account-invalid': 'Not an account of this service',
  'account-refused': 'The account does not own this identifier',
  'address-busy': 'The network address is in use by another program',
  'attestation-unknown': 'No such attestation',
  'attestation-withdrawn': 'The attestation was withdrawn',
  'bucket-invalid': 'A bucket does not fit its proof',
  'bundle-invalid': 'The proof of an answer does not hold',
  'chain-ended': 'The identity chain was ended by its owner',
  'chain-invalid': 'The identity chain does not follow the rules',
  'chain-stale': 'The identity chain has another newest link',
  'chain-unknown': 'No such identity chain',
  'changes-invalid': 'A list of changes does not fit the log',
  'checkpoint-invalid': 'A checkpoint is not signed as it must be',
  'checkpoint-stale': 'A later checkpoint of this log was seen before',
  'config-changed': 'The configuration is not the one this was asked under',
  'config-invalid': 'The configuration cannot be used',
  'consistency-invalid': 'The log does not contain what was seen of it before',
  'conversation-changed': 'The conversation has another newest plan',
  'conversation-refused': 'A network may change its own part of a conversation only',
  'conversation-unknown': 'No such conversation',
  'credentials-invalid': 'The credentials are not valid',
  'credentials-required': 'Credentials are required',
  'database-busy': 'The data folder is in use by another process',
  'database-newer': 'The database was written by a newer version',
  'database-stale': 'The database is older than what was seen of its log',
  'depth-changed': 'The directory uses another bucket depth now',
  'description-invalid': 'The description does not follow the rules',
  'description-stale': 'A newer description of this domain was seen before',
  'did-invalid': 'Not a DID, or not the document of this DID',
  'directory-refused': 'The issuer does not attest for this directory',
  'element-invalid': 'A blinded element is not valid',
  'epoch-invalid': 'The log says something impossible about an epoch',
  'epoch-stale': 'The answer is too old, or ahead of the clock',
  'evaluation-invalid': 'The proof of an evaluation does not hold',
  'evidence-invalid': 'This proves nothing',
  'host-refused': 'This host name is not served here',
  'identifier-invalid': 'Not a phone number or e-mail address',
  'import-invalid': 'A document of another system does not hold',
  'inclusion-invalid': 'The epoch is not the newest of its log',
  'internal-error': 'Internal error',
  'issuer-refused': 'The issuer is not accepted',
  'key-unknown': 'The key is not in use',
  'log-forked': 'Two different logs carry one signature',
  'map-invalid': 'The map does not lead to the log',
  'media-type-unsupported': 'The content type is not supported',
  'method-refused': 'The method is not allowed here',
  'name-full': 'No room for another record here',
  'nonce-invalid': 'The nonce is unknown, used or expired',
  overloaded: 'Too busy, try again later',
  'path-unknown': 'Nothing here',
  'peer-unreachable': 'Another server could not be reached',
  'plan-invalid': 'The plan is not the one that follows from its inputs',
  'plan-stale': 'A later plan of this conversation is known',
  'policy-invalid': 'The policy cannot be used',
  'provider-unknown': 'No description of this domain',
  'quota-exceeded': 'The quota is used up',
  'record-invalid': 'The record does not hold together',
  'record-stale': 'A newer record is known',
  'record-unknown': 'No such record',
  'request-invalid': 'The request is not valid',
  'request-too-large': 'The request is too large',
  'token-invalid': 'A token is not valid',
  'url-refused': 'This address may not be fetched',
  'vkey-invalid': 'Not a verifier key',
  'witnesses-missing': 'Too few witnesses signed',
} as const;

export type Code = keyof typeof CODES;

/** Members beside the standard ones of a problem document (RFC 9457 §3.2): never anything that was sent. */
export type Extensions = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * The one error of this project. The message is for people and never holds input: no identifier, element, token, key.
 * `extensions` go out as members of the problem document.
 */
export class WhereaboutsError extends Error {
  override readonly name = 'WhereaboutsError';
  readonly code: Code;
  readonly extensions: Extensions;

  constructor(code: Code, message: string = CODES[code], options: { cause?: unknown; extensions?: Extensions } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.extensions = options.extensions ?? {};
  }
}

export const isCode = (value: unknown): value is Code => typeof value === 'string' && Object.hasOwn(CODES, value);

/** Runs `work`; whatever it throws comes out as `code`, the first failure kept as cause. */
export async function failAs<T>(code: Code, message: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new WhereaboutsError(code, message, { cause });
  }
}

/** The same for work that does not wait. */
export function failAsSync<T>(code: Code, message: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new WhereaboutsError(code, message, { cause });
  }
}
