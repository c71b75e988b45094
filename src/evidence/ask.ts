// One question to a service, on top of the guarded fetch (§8.1): answers become what they say, everything else a reason why
// nothing is known. Decides nothing about accounts: the services do.
import { z } from 'zod';
import type { AccountClaim } from '../protocol/account.ts';
import { isCode, WhereaboutsError } from '../protocol/errors.ts';
import { parseJson } from '../protocol/json.ts';
import { parseUtf8 } from '../protocol/wire.ts';
import type { FetchOptions, Fetched, SafeFetch } from './safe-fetch.ts';
import { unreached, type Finding } from './verdict.ts';

/** Tokens raise what a service allows; none is needed for any but Matrix events on servers without guests. */
export interface ServiceTokens {
  readonly github?: string | undefined;
  readonly gitlab?: string | undefined;
  /** An account of the operator's own, on a server that takes part in the rooms. */
  readonly matrix?: { readonly url: string; readonly token: string } | undefined;
}

/** What looking needs of the world. */
export interface EvidenceContext {
  readonly fetch: SafeFetch;
  /** TXT records, each with its strings joined; none where the name does not exist. Throws when nobody answers. */
  readonly resolveTxt: (name: string) => Promise<readonly string[]>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly checker: string;
  readonly tokens?: ServiceTokens;
}

/** A claim with the link that makes it, and what was seen when it was last looked at. */
export interface LinkedClaim extends AccountClaim {
  /** b64u SHA-256 of the `add-account` link. */
  readonly link: string;
  /** `ETag` of the answer the last verdict rests on. */
  readonly etag?: string | undefined;
}

/** One service: whom it says to have written what. Throws `peer-unreachable` with a reason where it does not say. */
export type FindStatement = (claim: LinkedClaim, ctx: EvidenceContext) => Promise<Finding>;

export interface Question {
  readonly accept?: readonly string[];
  readonly maxOctets?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly etag?: string | undefined;
  /** Sent as JSON by POST. */
  readonly body?: string;
  /** Statuses that are an answer too, beside 2xx, 304, 404 and 410. */
  readonly also?: readonly number[];
}

const JSON_TYPES = ['application/json'];

/** Asks; gives 2xx, 304, 404, 410 and what `also` lists, and throws `peer-unreachable` with a reason for anything else. */
export async function ask(
  ctx: Pick<EvidenceContext, 'fetch' | 'clock'>,
  url: string,
  question: Question = {},
): Promise<Fetched> {
  const { accept = JSON_TYPES, maxOctets, headers, etag, body, also = [] } = question;
  const options: FetchOptions = {
    accept,
    sameHost: true,
    headers: {
      // GitHub answers nobody without a name.
      'user-agent': 'whereabouts',
      ...headers,
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(maxOctets === undefined ? {} : { maxOctets }),
    ...(body === undefined ? {} : { method: 'POST', body }),
  };
  const reply = await send(ctx, url, options);
  const { status } = reply;
  if ((status >= 200 && status < 300) || status === 404 || status === 410 || also.includes(status)) return reply;
  if (status === 304 && etag !== undefined) return reply;
  const retryAfter = retryAfterOf(reply.headers, ctx.clock());
  // GitHub says 403 where others say 429, with nothing left.
  if (
    status === 429 ||
    (status === 403 && (retryAfter !== undefined || reply.headers.get('x-ratelimit-remaining') === '0'))
  )
    throw unreached('rate-limited', retryAfter);
  if (status >= 500) throw unreached('service-error', retryAfter);
  throw unreached(status === 401 || status === 403 || status === 451 ? 'access-denied' : 'answer-unusable');
}

async function send(ctx: { readonly fetch: SafeFetch }, url: string, options: FetchOptions): Promise<Fetched> {
  try {
    return await ctx.fetch(url, options);
  } catch (cause) {
    if (!(cause instanceof WhereaboutsError) || !isCode(cause.code)) throw cause;
    throw unreached(cause.code === 'url-refused' ? 'answer-unusable' : 'host-silent', undefined, cause);
  }
}

const DAY = 86_400;

/** RFC 9110 §10.2.3, and GitHub's moment of the next window; at most a day, whatever a service says. */
function retryAfterOf(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after');
  const seconds = text === null ? Number.NaN : /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN) - now / 1000;
  const wait = Number.isNaN(seconds) ? reset : seconds;
  return Number.isNaN(wait) ? undefined : Math.min(DAY, Math.max(1, Math.ceil(wait)));
}

export const isMissing = ({ status }: Fetched): boolean => status === 404 || status === 410;

/** Text of an answer; what is not UTF-8 cannot be read. */
export const textOf = ({ body }: Fetched): string => readable(() => parseUtf8(body));

/** The answer as `schema` wants it; anything else cannot be read. */
export const readAs = <T>(schema: z.ZodType<T>, { body }: Fetched): T => readable(() => schema.parse(parseJson(body)));

function readable<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw unreached('answer-unusable', undefined, cause);
  }
}

/** The validator of an answer, where it is one that can be sent back. */
export function etagOf({ headers }: Fetched): string | undefined {
  const etag = headers.get('etag');
  return etag !== null && /^(?:W\/)?"[\x21\x23-\x7e]{0,120}"$/.test(etag) ? etag : undefined;
}

/** A text member that may be missing, null or empty. */
export const optionalText = z.string().nullish();
