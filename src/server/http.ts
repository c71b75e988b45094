// What every role's HTTP has in common: how errors leave, headers, CORS, methods, a deadline. Knows no endpoint.
import { Hono, type Context, type Handler, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import { WhereaboutsError } from '../protocol/errors.ts';
import type { Bindings } from './client-address.ts';
import type { Log } from './context.ts';
import { describeFailure } from './failure.ts';
import { problem } from './problem.ts';
import { isDatabaseTrouble } from './store/database.ts';

/** Hono's type argument for every app of ours. */
export interface Env {
  Bindings: Bindings;
}

/** Past this nobody is kept waiting; what was under way may still be done, and doing it again is harmless. */
const DEADLINE_MILLISECONDS = 20_000;
const RETRY_SECONDS = 5;

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
  log: Log,
  options: { readonly origins: '*' | readonly string[]; readonly areas?: readonly Area[] },
): Hono<Env> {
  const { areas = [] } = options;
  const areaOf = (c: Context<Env>) => areas.find(({ prefix }) => c.req.path.startsWith(prefix));
  const refuse = (c: Context<Env>, error: WhereaboutsError) => areaOf(c)?.refuse(c, error) ?? problem(c, error);
  const app = new Hono<Env>();
  app.onError((error, c) => {
    const judged = judgeFailure(error, log, c);
    tellLimit(judged, c);
    return refuse(c, judged);
  });
  app.notFound((c) => refuse(c, new WhereaboutsError('path-unknown')));
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

function allowOrigins(origins: '*' | readonly string[]): MiddlewareHandler {
  return cors({
    origin: origins === '*' ? '*' : [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    allowHeaders: ['authorization', 'content-type', 'if-none-match'],
    exposeHeaders: ['cache-status', 'etag', 'ratelimit', 'ratelimit-policy', 'retry-after'],
    maxAge: 86_400,
  });
}

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

function codedFailure(error: Error): WhereaboutsError {
  // A peer that cannot be reached fails with the same causes as a database: what has a code of its own keeps it.
  if (error instanceof WhereaboutsError && error.code !== 'internal-error') return error;
  if (isDatabaseTrouble(error))
    return new WhereaboutsError('overloaded', undefined, { cause: error, extensions: { retryAfter: RETRY_SECONDS } });
  return error instanceof WhereaboutsError
    ? error
    : new WhereaboutsError('internal-error', undefined, { cause: error });
}

/** Our own errors speak for themselves; a database in trouble is `overloaded`; anything else says nothing (§12). */
function judgeFailure(error: Error, log: Log, c: Context<Env>): WhereaboutsError {
  const judged = codedFailure(error);
  const route = `${c.req.method} ${routePath(c, -1)}`;
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
