// Fetching other people's URLs (§8.1): which URL may be asked, which redirect followed, how much read, how long waited.
// Does not resolve names or open sockets: which address may be connected to is the transport's rule (platform/).
import { isServiceUrl, registrableDomain } from '../protocol/domain.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { concat } from '../protocol/wire.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One exchange, redirects not followed. Throws `url-refused` for an address it may not connect to. */
export type Transport = (request: {
  readonly url: URL;
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
}) => Promise<Response>;

export interface FetchRules {
  /** Plain http to `*.localhost` is allowed, and nothing else more. */
  readonly sandbox: boolean;
}

export interface FetchOptions {
  readonly method?: Method;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Media types a 2xx reply may have: JSON or JWT if not given. */
  readonly accept?: readonly string[];
  readonly maxOctets?: number;
  /** For everything together: names, connection, redirects, body. */
  readonly timeoutMs?: number;
  /** The URL stands in a description, which may name a port other than 443. */
  readonly describedPort?: boolean;
  /** No redirect leaves the host: for what only that host may say. */
  readonly sameHost?: boolean;
  /** Leave the body unread. */
  readonly headersOnly?: boolean;
}

export interface Fetched {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where an error came in a media type nobody asked for. */
  readonly body: Uint8Array;
  /** Where the reply came from, after redirects. */
  readonly url: URL;
}

/** Fetches within the rules; `url-refused` when a rule is broken, `peer-unreachable` when nothing came in time. */
export type SafeFetch = (url: string, options?: FetchOptions) => Promise<Fetched>;

const ACCEPT = ['application/json', 'application/jwt'];
const PROBLEM = 'application/problem+json';
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const refused = (message: string) => new WhereaboutsError('url-refused', message);

export function createSafeFetch(transport: Transport, rules: FetchRules): SafeFetch {
  return async (text, options = {}) => {
    const limit = new AbortController();
    const late = Promise.withResolvers<never>();
    // A transport deaf to its signal must not hold the caller either.
    const timer = setTimeout(() => {
      const error = new WhereaboutsError('peer-unreachable');
      late.reject(error);
      limit.abort(error);
    }, options.timeoutMs ?? LIMITS.fetchMilliseconds);
    try {
      return await Promise.race([follow(transport, rules, text, options, limit.signal), late.promise]);
    } catch (cause) {
      if (cause instanceof WhereaboutsError) throw cause;
      throw new WhereaboutsError('peer-unreachable', undefined, { cause });
    } finally {
      clearTimeout(timer);
    }
  };
}

async function follow(
  transport: Transport,
  rules: FetchRules,
  text: string,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<Fetched> {
  const method = options.method ?? 'GET';
  const accept = options.accept ?? ACCEPT;
  const headers = new Headers(options.headers);
  headers.set('accept', [...accept, PROBLEM].join(', '));
  // What was meant for one host is not carried to another: credentials and bodies follow no redirect.
  const mayFollow = method === 'GET' && !headers.has('authorization') && !headers.has('cookie');
  const body = options.body === undefined ? {} : { body: options.body };
  let url = parseUrl(text, rules);
  const port = options.describedPort === true ? url.port : '';
  for (let redirects = 0; ; redirects++) {
    if (url.port !== '' && url.port !== port) throw refused('a port that no description names');
    const response = await transport({ url, method, headers: Object.fromEntries(headers), ...body, signal });
    if (signal.aborted) discard(response);
    const redirected = response.type === 'opaqueredirect' || REDIRECTS.has(response.status);
    if (!redirected) return { ...(await read(response, accept, options)), url };
    discard(response);
    if (!mayFollow) throw refused('a redirect of a request that carries something');
    if (redirects === LIMITS.fetchRedirects) throw refused('too many redirects');
    const to = parseRedirect(url, response.headers.get('location'), rules);
    if (options.sameHost === true && to.host !== url.host) throw refused('a redirect to another host');
    url = to;
  }
}

/** What §8.1 asks of a URL before anything is sent. */
function parseUrl(text: string, rules: FetchRules): URL {
  if (!isServiceUrl(text, rules)) throw refused('not an https URL with a host name and no credentials');
  return new URL(text);
}

function parseRedirect(from: URL, location: string | null, rules: FetchRules): URL {
  const text = location === null ? null : URL.parse(location, from.href)?.href;
  if (text === null || text === undefined) throw refused('a redirect to nowhere');
  const to = parseUrl(text, rules);
  if (registrableDomain(to.hostname) !== registrableDomain(from.hostname))
    throw refused('a redirect to another registrable domain');
  return to;
}

async function read(
  response: Response,
  accept: readonly string[],
  options: FetchOptions,
): Promise<Omit<Fetched, 'url'>> {
  const { status, headers } = response;
  if (headerOctets(headers) > LIMITS.fetchHeaderOctets) {
    discard(response);
    throw refused('headers that are too large');
  }
  const type = (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const good = status >= 200 && status < 300;
  const wanted = accept.includes(type) || (!good && type === PROBLEM);
  if (options.headersOnly === true || response.body === null || !wanted) {
    discard(response);
    if (good && !wanted && response.body !== null) throw refused('a media type that was not asked for');
    return { status, headers, body: new Uint8Array() };
  }
  const limit = options.maxOctets ?? LIMITS.descriptionOctets;
  if (Number(headers.get('content-length')) > limit) {
    discard(response);
    throw refused('a reply that is too large');
  }
  return { status, headers, body: await readBody(response.body, limit) };
}

/** About what the headers took on the wire: names, values, and what stands between them. */
const headerOctets = (headers: Headers): number =>
  Array.from(headers, ([name, value]) => name.length + value.length + 4).reduce((sum, octets) => sum + octets, 0);

async function readBody(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  for (let left = limit; ;) {
    const { done, value } = await reader.read();
    if (done) return concat(...parts);
    left -= value.length;
    if (left < 0) {
      void reader.cancel().catch(() => undefined);
      throw refused('a reply that is too large');
    }
    parts.push(value);
  }
}

/** Lets go of a body nobody reads, so that its connection is freed. */
function discard(response: Response): void {
  void response.body?.cancel().catch(() => undefined);
}
