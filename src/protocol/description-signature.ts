// Signed descriptions (§8): a detached JWS over the RFC 8785 form of the document, and which document may follow which.
// What a description may hold is description.ts; where the last one is kept is client/descriptions.ts.
import canonicalize from 'canonicalize';
import { parseDescription, type Description } from './description.ts';
import { failAs, failAsSync, WhereaboutsError } from './errors.ts';
import { parseJsonObject, type Json } from './json.ts';
import { LIMITS } from './limits.ts';
import { parseDetachedJws, signDetached, verifyDomain, type Jwks, type SigningKey } from './token/jws.ts';
import { utf8 } from './wire.ts';

/** What was seen of a domain before. */
export interface SeenDescription {
  /** The last one that was accepted. */
  readonly last?: Description | undefined;
  /** Highest `seq` of a signed one that was accepted, be it longer ago. */
  readonly seq?: number | undefined;
}

const invalid = (what: string) => new WhereaboutsError('description-invalid', `the description ${what}`);

/** The octets that are signed: everything but the signature, members included that this version does not know. */
function signedOctets(document: { readonly [member: string]: Json }): Uint8Array {
  const { signature: _, ...rest } = document;
  // RFC 8785 §3.2.2.3: a number JSON.parse could not hold has no form.
  return failAsSync('description-invalid', 'the description has no RFC 8785 form', () =>
    utf8(canonicalize(rest) ?? ''),
  );
}

/** Signs a document that has `seq` and `expires`: JSON text of it with its `signature`. */
export async function signDescription(document: { readonly [member: string]: Json }, key: SigningKey): Promise<string> {
  const signature = await signDetached('description', signedOctets(document), key);
  return JSON.stringify({ ...document, signature });
}

/** Whether a description counts at `now` (seconds) as far as its own `expires` goes. */
export const isExpired = ({ expires }: Description, now: number): boolean =>
  expires !== undefined && Date.parse(expires) <= now * 1000;

/**
 * The description in `body`, served by `domain`, if it may follow what was seen before (`now` in seconds): else
 * `description-invalid`, or `description-stale` for one that is older than one already seen.
 */
export async function acceptDescription(
  body: string,
  domain: string,
  {
    sandbox,
    now,
    seen,
    parse = (text) => parseDescription(text, domain, { sandbox }),
  }: {
    readonly sandbox: boolean;
    readonly now: number;
    readonly seen: SeenDescription;
    /** Parses as `parseDescription` does; a cache of the caller's. */
    readonly parse?: (body: string) => Description;
  },
): Promise<Description> {
  const description = parse(body);
  if (isExpired(description, now)) throw invalid('has expired');
  const { last } = seen;
  // §8: whoever signed once is believed only when signed, until that one ends.
  const pinned = last?.signature !== undefined && !isExpired(last, now) ? last : undefined;
  if (description.signature === undefined) {
    if (pinned !== undefined) throw invalid('is not signed, and the one before was');
    return description;
  }
  await verifySignature(body, description.signature, description.jwks, 'a key of its own');
  if (pinned !== undefined) await verifySignature(body, description.signature, pinned.jwks, 'a key of the one before');
  verifyTimes(description, now);
  if (seen.seq !== undefined && (description.seq ?? 0) < seen.seq) throw new WhereaboutsError('description-stale');
  return description;
}

async function verifySignature(body: string, signature: string, jwks: Jwks | undefined, by: string): Promise<void> {
  const octets = signedOctets(parseJsonObject(body));
  await failAs('description-invalid', `the description has no signature that holds by ${by}`, async () => {
    await verifyDomain(parseDetachedJws(signature, 'description', octets), '', () => jwks);
  });
}

/** A `seq` from the future would shut out every later document, a far `expires` every key that is not listed yet. */
function verifyTimes({ seq = 0, expires = '' }: Description, now: number): void {
  if (seq > now + LIMITS.clockSkewSeconds) throw invalid('has a seq ahead of the clock');
  if (Date.parse(expires) > (now + LIMITS.descriptionLifeSeconds + LIMITS.clockSkewSeconds) * 1000)
    throw invalid('expires too far ahead');
}
