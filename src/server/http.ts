// What every role's HTTP has in common: how errors leave, headers, CORS, methods, a deadline. Knows no endpoint.
import { Hono, type Context, type Handler, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import { WhereaboutsError } from '../protocol/errors.ts';
import type { Bindings } from './client-address.ts';
import type { Role } from './config.ts';
import type { Log } from './context.ts';
import { codedFailure, describeFailure, RETRY_SECONDS } from './failure.ts';
import type { Metrics } from './metrics.ts';
import { problem } from './problem.ts';
import { startWatch } from './stopwatch.ts';
import { traced } from './trace.ts';

/** Hono's type argument for every app of ours. */
export interface Env {
  Bindings: Bindings;
  /** `policy`: a content security policy in place of the one for data, which forbids everything. */
  Variables: { policy?: string };
}

/** Past this nobody is kept waiting; what was under way may still be done, and doing it again is harmless. */
const DEADLINE_MILLISECONDS = 20_000;

/** Who is told of requests. */
export interface Observers {
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Paths where another standard says how a refusal looks, and whose web pages may ask. */
export interface Area {
  /** What the paths begin with. */
  readonly prefix: string;
  readonly origins?: '*';
  readonly refuse: (c: Context<Env>, error: WhereaboutsError) => Response;
}

/**
 * An app that answers every failure with a problem document, or as the area it happened in has it.
 * `origins`: whose web pages may call it (§10): `*` for public APIs, else a list; never with credentials.
 */
export function createHttpApp(
  observers: Observers,
  options: { readonly role: Role; readonly origins: '*' | readonly string[]; readonly areas?: readonly Area[] },
): Hono<Env> {
  const { log } = observers;
  const { role, areas = [] } = options;
  const areaOf = (c: Context<Env>) => areas.find(({ prefix }) => c.req.path.startsWith(prefix));
  const refuse = (c: Context<Env>, error: WhereaboutsError) => areaOf(c)?.refuse(c, error) ?? problem(c, error);
  const app = new Hono<Env>();
  app.onError((error, c) => {
    const judged = judgeFailure(error, log, c);
    countRefusal(observers.metrics, role, judged);
    tellLimit(judged, c);
    return refuse(c, judged);
  });
  app.notFound((c) => {
    const judged = new WhereaboutsError('path-unknown');
    countRefusal(observers.metrics, role, judged);
    return refuse(c, judged);
  });
  app.use(watchRequests(observers, role));
  app.use(ownPolicy);
  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      // Public reads are for everybody's pages.
      crossOriginResourcePolicy: options.origins === '*' ? 'cross-origin' : 'same-origin',
      // The door knows whether there is TLS.
      strictTransportSecurity: false,
    }),
  );
  const open = allowOrigins('*');
  const own = allowOrigins(options.origins);
  app.use((c, next) => (areaOf(c)?.origins === '*' ? open : own)(c, next));
  app.use(deadline);
  return app;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

/** The template a request was matched by: what anybody may make up in a path is one and the same. */
function routeOf(c: Context<Env>): string {
  const route = routePath(c, -1);
  return route === '/*' || route === '*' ? 'unknown' : route;
}

/** One measurement, one span and one line for each request: nothing of who asked, and of what only the route's template. */
function watchRequests({ log, metrics }: Observers, role: Role): MiddlewareHandler<Env> {
  return async (c, next) => {
    const elapsed = startWatch();
    const [method, route] = [METHODS.has(c.req.method) ? c.req.method : 'other', routeOf(c)];
    const attributes = { 'http.request.method': method, 'http.route': route, 'whereabouts.role': role };
    await traced(`${method} ${route}`, { kind: 'asked', attributes }, async (span) => {
      await next();
      const { error } = c;
      const failed = error === undefined ? {} : { 'error.type': codedFailure(error).code };
      span.note({ 'http.response.status_code': c.res.status, ...failed });
    });
    const seconds = elapsed();
    const { status } = c.res;
    metrics.observe('http_request_duration_seconds', { role, method, route, status: String(status) }, seconds);
    log.debug('request', { role, method, route, status, milliseconds: Math.round(seconds * 1_000) });
  };
}

function countRefusal(metrics: Metrics, role: Role, { code, extensions }: WhereaboutsError): void {
  metrics.count('refusals_total', { role, code });
  if (code !== 'quota-exceeded') return;
  const policies: unknown = extensions['violated-policies'];
  for (const policy of Array.isArray(policies) ? policies : ['other'])
    metrics.count('quota_refusals_total', { policy: String(policy) });
}

function allowOrigins(origins: '*' | readonly string[]): MiddlewareHandler {
  const allow = cors({
    origin: origins === '*' ? '*' : [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    allowHeaders: ['authorization', 'content-type', 'if-none-match'],
    exposeHeaders: ['cache-status', 'etag', 'ratelimit', 'ratelimit-policy', 'retry-after'],
    maxAge: 86_400,
  });
  return async (c, next) => {
    if (c.req.method === 'OPTIONS') return allow(c, next);
    // Afterwards, when there is a reply: headers that wait for one make every reply be put together twice.
    await next();
    await allow(c, async () => undefined);
  };
}

/** Before the middleware that sets everybody's headers: it comes after it on the way out. */
const ownPolicy: MiddlewareHandler<Env> = async (c, next) => {
  await next();
  const policy = c.get('policy');
  if (policy !== undefined) c.res.headers.set('content-security-policy', policy);
};

const deadline: MiddlewareHandler<Env> = async (_c, next) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(busy()), DEADLINE_MILLISECONDS);
  });
  try {
    await Promise.race([next(), late]);
  } finally {
    clearTimeout(timer);
  }
};

const busy = (): WhereaboutsError =>
  new WhereaboutsError('overloaded', undefined, { extensions: { retryAfter: RETRY_SECONDS } });

/** Which quota refused, in the words of draft-ietf-httpapi-ratelimit-headers: not enough is as good as nothing. */
function tellLimit({ extensions }: WhereaboutsError, c: Context<Env>): void {
  const { 'violated-policies': policies, retryAfter } = extensions;
  if (Array.isArray(policies) && typeof retryAfter === 'number')
    c.header('ratelimit', policies.map((policy) => `"${policy}";r=0;t=${retryAfter}`).join(', '));
}

/** One line for each failure, as loud as it is our fault. */
function judgeFailure(error: Error, log: Log, c: Context<Env>): WhereaboutsError {
  const judged = codedFailure(error);
  const route = `${c.req.method} ${routeOf(c)}`;
  if (judged.code === 'overloaded') log.warn('overloaded', { route, ...describeFailure(error) });
  else if (judged.code === 'internal-error' || judged.code === 'config-invalid')
    log.error('request-failed', { route, code: judged.code, ...describeFailure(error) });
  else log.debug('request-refused', { route, code: judged.code });
  return judged;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One path and everything it takes; any other method is `method-refused` with `Allow` (RFC 9110 §15.5.6). */
export function endpoint(app: Hono<Env>, path: string, handlers: Partial<Record<Method, Handler<Env>>>): void {
  for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handler);
  const methods = Object.keys(handlers);
  const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  app.all(path, (c) => {
    c.header('allow', allowed);
    throw new WhereaboutsError('method-refused');
  });
}

/** A path parameter that the route's own pattern guarantees. */
export function parameter(c: Context<Env>, name: string): string {
  const value = c.req.param(name);
  if (value === undefined) throw new WhereaboutsError('path-unknown');
  return value;
}
