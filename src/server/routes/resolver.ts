// The resolver's HTTP (§7): for the gatekeeper's own machines, on an address of its own. Identifiers come in bodies only, but
// for the look-ups whose standards put them into URLs, which are switched on one by one.
import type { Context, Hono, MiddlewareHandler } from 'hono';
import { accepts } from 'hono/accepts';
import type { Client } from '../../client/client.ts';
import { parseDomain } from '../../protocol/domain.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { chooseLanguage } from '../../protocol/language/language.ts';
import { LANGUAGES, type Language } from '../../protocol/language/messages.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { equalOctets, utf8 } from '../../protocol/wire.ts';
import { readJson } from '../body.ts';
import { streamEvents } from '../event-stream.ts';
import { createHttpApp, endpoint, parameter, type Area, type Env, type Observers } from '../http.ts';
import type { Lookups } from '../lookups/context.ts';
import { problem } from '../problem.ts';
import { RESOLVER } from '../reference/resolver.ts';
import { networkRequest } from '../resolver/networks.ts';
import { readVerifyOptions, verifyRequest } from '../resolver/verify.ts';
import { tellEvents } from '../resolver/watch.ts';
import { readOptions, streamAnswers, watchRequest, whereRequest } from '../resolver/where.ts';
import { readBearer } from './bearer.ts';
import { healthRoutes } from './health.ts';
import { serveMatrixIdentity } from './matrix-identity.ts';
import { MATRIX_AREAS } from './matrix-refusal.ts';
import { serveMatrixThirdParty } from './matrix-thirdparty.ts';
import { referenceRoute } from './reference.ts';
import { serveWebFinger } from './webfinger.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };

/** What describes the API is no look-up, and everybody's to read. */
const AREAS: readonly Area[] = [...MATRIX_AREAS, { prefix: '/openapi.json', origins: '*', refuse: problem }];

export interface ResolverContext extends Observers {
  readonly client: Client;
  /** What callers show as bearer token. Only the sandbox has none. */
  readonly token?: string;
  /** Host names, with or without port, under which the resolver is called. */
  readonly hosts: readonly string[];
  /** Whose web pages may ask; nobody's by default. */
  readonly origins: readonly string[];
  /** Look-ups in the words of other standards; none unless given. */
  readonly lookups?: Lookups;
}

export function resolverApp(context: ResolverContext): Hono<Env> {
  const { client } = context;
  const app = createHttpApp(context, { role: 'resolver', origins: context.origins, areas: AREAS });
  app.use(noStore);
  healthRoutes(app, () => client.ready());
  referenceRoute(app, 'resolver', RESOLVER);
  for (const path of ['/v1/*', '/_matrix/*', '/.well-known/*']) app.use(path, checkHost(context.hosts));
  if (context.token !== undefined) app.use('/v1/*', checkToken(context.token));
  endpoint(app, '/v1/where', { POST: (c) => where(c, context) });
  endpoint(app, '/v1/where/watch', { POST: (c) => watch(c, context) });
  endpoint(app, '/v1/verify', { POST: (c) => verify(c, context) });
  endpoint(app, '/v1/networks', { POST: (c) => addNetwork(c, context) });
  endpoint(app, '/v1/providers/:domain/history', {
    GET: async (c) => {
      const history = await client.history(parseDomain(parameter(c, 'domain')));
      if (history === undefined) throw new WhereaboutsError('provider-unknown');
      return c.json(history);
    },
  });
  if (context.lookups !== undefined) serveLookups(app, client, context.lookups);
  return app;
}

function serveLookups(app: Hono<Env>, client: Client, lookups: Lookups): void {
  const { matrixIdentity, matrixAppservice, webfinger } = lookups;
  if (matrixIdentity !== undefined) serveMatrixIdentity(app, client, { ...lookups, ...matrixIdentity });
  if (matrixAppservice !== undefined) serveMatrixThirdParty(app, client, matrixAppservice.token);
  if (webfinger !== undefined) serveWebFinger(app, client, { ...lookups, ...webfinger });
}

async function where(c: Context<Env>, { client, log }: ResolverContext): Promise<Response> {
  const request = await readJson(c, whereRequest, LIMITS.whereRequestOctets);
  const options = readOptions(request, preferredLanguage(c));
  const { id, ids } = request;
  if (id !== undefined) {
    const answer = await client.where(id, options);
    log.debug('where', { outcome: answer.outcome, routes: answer.routes.length });
    return c.json(answer);
  }
  const all = ids ?? [];
  log.debug('where-many', { ids: all.length });
  return c.body(streamAnswers(client.whereMany(all, options)), 200, NDJSON);
}

async function verify(c: Context<Env>, { client, log }: ResolverContext): Promise<Response> {
  const request = await readJson(c, verifyRequest, LIMITS.whereRequestOctets);
  const options = readVerifyOptions(request);
  if ('items' in request) {
    log.debug('verify-many', { items: request.items.length });
    return c.body(streamAnswers(client.verifyMany(request.items, options)), 200, NDJSON);
  }
  const answer = await client.verify(request, options);
  log.debug('verify', { verdict: answer.verdict });
  return c.json(answer);
}

async function watch(c: Context<Env>, { client, log }: ResolverContext): Promise<Response> {
  const request = await readJson(c, watchRequest, LIMITS.requestOctets);
  const ended = new AbortController();
  const options = { ...readOptions(request, preferredLanguage(c)), signal: ended.signal };
  const events = tellEvents(client.watch(request.id, options));
  // Refusals come before anything is sent.
  const { done, value } = await events.next();
  if (done === true) throw new WhereaboutsError('internal-error', 'a question without an answer');
  log.debug('watch', {});
  return c.body(
    streamEvents(value, events, () => ended.abort()),
    200,
    { 'content-type': 'text/event-stream' },
  );
}

async function addNetwork(c: Context<Env>, { client }: ResolverContext): Promise<Response> {
  const { domain, from } = await readJson(c, networkRequest, LIMITS.requestOctets);
  return c.json(await client.addNetwork(domain, from));
}

/** What a browser asks for (RFC 9110 §12.5.4): the gatekeeper may pass its user's header on. */
function preferredLanguage(c: Context<Env>): Language {
  const best = accepts(c, {
    header: 'Accept-Language',
    supports: [...LANGUAGES],
    default: 'en',
    match: (given) => {
      const wanted = given.filter(({ q }) => q > 0).toSorted((a, b) => b.q - a.q);
      return chooseLanguage(wanted.map(({ type }) => type)) ?? 'en';
    },
  });
  return chooseLanguage([best]) ?? 'en';
}

const noStore: MiddlewareHandler<Env> = async (c, next) => {
  await next();
  c.header('cache-control', 'no-store');
};

/** A page whose own name was made to point here (DNS rebinding) names itself as host: it gets nothing. */
function checkHost(hosts: readonly string[]): MiddlewareHandler<Env> {
  const known = new Set(hosts.map((host) => host.toLowerCase()));
  return async (c, next) => {
    const host = (c.req.header('host') ?? new URL(c.req.url).host).toLowerCase();
    if (!known.has(host) && !known.has(host.replace(/:\d+$/, ''))) throw new WhereaboutsError('host-refused');
    await next();
  };
}

function checkToken(token: string): MiddlewareHandler<Env> {
  const expected = utf8(token);
  return async (c, next) => {
    const given = readBearer(c);
    if (!equalOctets(utf8(given), expected)) throw new WhereaboutsError('credentials-invalid');
    await next();
  };
}
