// A domain's description of itself (§8): its keys, and what it offers as issuer, provider, directory, witness. Says who holds
// which keys, never that he is to be believed. How it is fetched is evidence/safe-fetch.ts, how long it counts client/descriptions.ts.
import { z } from 'zod';
import { bridgeMembers, type Bridge } from './bridge-listing.ts';
import { isDomain, isLocal, isServiceUrl } from './domain.ts';
import { failAsSync, WhereaboutsError } from './errors.ts';
import { parseJsonObject, type Json } from './json.ts';
import { LIMITS } from './limits.ts';
import { text } from './token/claims.ts';
import type { Jwks } from './token/jws.ts';
import { utf8 } from './wire.ts';

export interface Description {
  readonly version: 1;
  readonly domain: string;
  readonly name?: string;
  readonly logo?: string;
  readonly contact?: string;
  readonly jwks?: Jwks;
  readonly issuer?: {
    readonly api: string;
    /** URL with `{jti}` in it. */
    readonly attestations: string;
    readonly amr?: readonly string[];
  };
  readonly provider?: {
    /** What it speaks without a bridge, its own protocol first. */
    readonly protocols?: readonly string[];
    readonly features?: readonly string[];
    /** Whether conversations within it are encrypted from end to end. */
    readonly encryption?: 'end-to-end' | 'none';
    readonly bridges?: readonly Bridge[];
  };
  readonly directory?: {
    readonly api: string;
    /** Where its public octets are published as files (§6.8). */
    readonly publication?: string;
    /** Verifier key of its log. */
    readonly log?: string;
    readonly witnesses?: readonly string[];
    readonly issuers?: 'open' | readonly string[];
    readonly limits?: Readonly<Record<string, unknown>>;
  };
  readonly witness?: { readonly url: string; readonly key: string };
  readonly peers?: readonly string[];
  /** RFC 3339. */
  readonly expires?: string;
  readonly seq?: number;
  readonly signature?: string;
}

/** Members of a JWK that make it a private or a shared key (RFC 7518 §6). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Keys of types this protocol does not use are left in peace: the domain may have other uses for its list. */
const jwk = z
  .looseObject({
    kty: z.string(),
    kid: z.string().min(1).exactOptional(),
    alg: z.string().exactOptional(),
    use: z.string().exactOptional(),
    crv: z.string().exactOptional(),
    x: z.string().exactOptional(),
    y: z.string().exactOptional(),
  })
  .refine((key) => SECRET_MEMBERS.every((member) => !(member in key)), 'is not a public key');

const domain = z.string().refine(isDomain, 'is not a domain in lower case');
const texts = z.array(text);

function descriptionOf(sandbox: boolean): z.ZodType<Description> {
  const isUrl = (value: string) => isServiceUrl(value, { sandbox });
  const url = z.string().refine(isUrl, 'is not an https URL');
  const template = z.string().refine(
    // Not in the host: who asks would connect to whatever is put in.
    (value) => /^https?:\/\/[^{}/?#]+[/?][^{}]*\{jti\}[^{}]*$/.test(value) && isUrl(value.replace('{jti}', 'jti')),
    'is no URL with {jti} behind the host',
  );
  return z
    .object({
      version: z.literal(1),
      domain: domain.refine((value) => sandbox || !isLocal(value), 'is a name of this machine'),
      name: text.exactOptional(),
      logo: url.exactOptional(),
      contact: text.exactOptional(),
      jwks: z.object({ keys: z.array(jwk) }).exactOptional(),
      issuer: z.object({ api: url, attestations: template, amr: texts.exactOptional() }).exactOptional(),
      provider: z
        .object({
          protocols: texts.exactOptional(),
          features: texts.exactOptional(),
          encryption: z.enum(['end-to-end', 'none']).exactOptional(),
          bridges: z.array(z.object(bridgeMembers(sandbox))).exactOptional(),
        })
        .exactOptional(),
      directory: z
        .object({
          api: url,
          publication: url.exactOptional(),
          log: text.exactOptional(),
          witnesses: texts.exactOptional(),
          issuers: z.union([z.literal('open'), z.array(domain)]).exactOptional(),
          limits: z.record(z.string(), z.unknown()).exactOptional(),
        })
        .exactOptional(),
      witness: z.object({ url, key: text }).exactOptional(),
      peers: z.array(domain).exactOptional(),
      expires: z.iso.datetime().exactOptional(),
      seq: z.int().min(0).exactOptional(),
      signature: z.string().exactOptional(),
    })
    .refine(
      ({ signature, seq, expires }) => signature === undefined || (seq !== undefined && expires !== undefined),
      'has a signature without seq and expires',
    );
}

const FORMS = { production: descriptionOf(false), sandbox: descriptionOf(true) };

/** What is wrong with a description, and where: every step of the path is a member of §8 or a number, never what was sent. */
export interface Fault {
  readonly path: readonly (string | number)[];
  readonly reason: string;
}

/** A description as far as it could be read: whole, or with everything that is wrong with it. */
export type ReadDescription =
  | { readonly description: Description; readonly json: { readonly [member: string]: Json } }
  | { readonly faults: readonly Fault[] };

/** Reads the description served by `expected`, telling all faults there are. */
export function readDescription(
  input: Uint8Array | string,
  expected: string,
  { sandbox = false }: { readonly sandbox?: boolean } = {},
): ReadDescription {
  const octets = typeof input === 'string' ? utf8(input) : input;
  const whole = (reason: string) => ({ faults: [{ path: [], reason }] });
  if (octets.length > LIMITS.descriptionOctets) return whole('is too large');
  const json = failAsSync('description-invalid', 'the description is not a JSON object', () => parseJsonObject(octets));
  const result = (sandbox ? FORMS.sandbox : FORMS.production).safeParse(json);
  if (!result.success) return { faults: result.error.issues.map(faultOf) };
  // §8: whoever serves a document can only speak for the host it was asked of.
  if (result.data.domain !== expected) return { faults: [{ path: ['domain'], reason: 'is of another domain' }] };
  return { description: result.data, json };
}

/**
 * Parses the description served by `expected`. Members that are not listed in §8 are ignored, listed ones have their form:
 * `description-invalid` names the place, never what stands there. `sandbox` lets names and URLs be of `*.localhost`, over http.
 */
export function parseDescription(
  input: Uint8Array | string,
  expected: string,
  options: { readonly sandbox?: boolean } = {},
): Description {
  const read = readDescription(input, expected, options);
  if ('description' in read) return read.description;
  const [{ path, reason } = { path: [], reason: 'is not valid' }] = read.faults;
  const place = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  const where = place === '' ? '' : `is wrong at ${place.replace(/^\./, '')}: `;
  throw new WhereaboutsError('description-invalid', `the description ${where}${reason}`);
}

const faultOf = (issue: z.core.$ZodIssue): Fault => ({
  path: issue.path.map((step) => (typeof step === 'number' ? step : String(step))),
  reason: issue.code === 'custom' ? issue.message : 'is missing or not of the right form',
});
