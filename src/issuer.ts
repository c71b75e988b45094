// The issuer as a library: a provider with a server of its own plugs in its accounts and becomes an issuer (§4.6).
// `createIssuer` opens what it needs; `issuerApp` is for those who have a context already.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono, type Handler } from 'hono';
import { createDescriptions } from './client/descriptions.ts';
import { createSafeFetch } from './evidence/safe-fetch.ts';
import { systemClock, systemRandom } from './platform/node/clock.ts';
import { openEmbedded } from './platform/node/embedded.ts';
import { openKeys } from './server/keys.ts';
import { openPostgres } from './platform/node/postgres.ts';
import { lazyGroup } from './platform/sodium.ts';
import { createNodeTransport } from './platform/node/transport.ts';
import { nobleGroup } from './protocol/group-noble.ts';
import type { Json } from './protocol/json.ts';
import type { IssuerContext, Log, Quota } from './server/context.ts';
import type { Accounts } from './server/issuer/accounts.ts';
import { createDirectories } from './server/issuer/directories.ts';
import {
  listDue,
  renewAttestations,
  type DueEntry,
  type DueOptions,
  type Renewed,
  type RenewRequest,
} from './server/issuer/renew.ts';
import { purgeIssuer } from './server/issuer/purge.ts';
import { UNCOUNTED } from './server/metrics.ts';
import { formatOwnDescription, signOwnDescription } from './server/own-description.ts';
import { issuerApp } from './server/routes/issuer.ts';
import { createDescriptionStore } from './server/store/descriptions.ts';

export { WhereaboutsError, type Code } from './protocol/errors.ts';
export type { Identifier } from './protocol/identifier.ts';
export type { IssuerContext, Log, Quota } from './server/context.ts';
export type { Account, Accounts, Ownership } from './server/issuer/accounts.ts';
export type { DueEntry, DueOptions, Renewed, RenewRequest } from './server/issuer/renew.ts';
export { issuerApp, purgeIssuer };

export interface IssuerOptions {
  /** The provider's domain: `iss` of its attestations, the host its description is served at. */
  readonly domain: string;
  /** Public base URL, no slash at the end: the API is under `<url>/whereabouts`. */
  readonly url: string;
  readonly name: string;
  /** Private Ed25519 key as a JWK. */
  readonly key: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string; readonly d: string };
  readonly accounts: Accounts;
  /** Domains of the directories it attests for. */
  readonly directories: readonly string[];
  /** PostgreSQL by URL, or an embedded database in a folder. */
  readonly database: { readonly url: string } | { readonly folder: string };
  /** How possession is established where `accounts` does not say: `["account"]` unless given. */
  readonly amr?: readonly string[];
  /** Further members of the description, such as `provider` (§8). */
  readonly description?: Readonly<Record<string, Json>>;
  readonly attestationsPerAccount?: Quota;
  /** CIDRs it may connect to beyond public addresses, and a DNS server (`address:port`) to ask. */
  readonly network?: { readonly allowAddresses?: readonly string[]; readonly dns?: string };
  /** Against a sandbox on this port of this machine: `*.localhost` over plain http. */
  readonly sandboxPort?: number;
  readonly log?: Log;
}

export interface Issuer {
  /** For Hono: `app.route('/', issuer.app)` leaves every other path as it is. */
  readonly app: Hono;
  /** For `node:http` and what is built on it: answers `/whereabouts/*` and `/.well-known/whereabouts`. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Attestations that have to be renewed, because a directory is changing its key or their end is near. */
  due(options?: DueOptions): Promise<DueEntry[]>;
  /** Renews what is due, for many at once: `accounts.owns` is asked for each. For `renew` of the SDK, or the person's device. */
  renew(
    requests: Iterable<RenewRequest> | AsyncIterable<RenewRequest>,
    options?: Pick<DueOptions, 'withinSeconds'>,
  ): AsyncGenerator<Renewed, void, undefined>;
  close(): Promise<void>;
}

const DAY = 86_400;
const PURGE_MILLISECONDS = 3_600_000;
const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Opens the database and makes the issuer; throws `config-invalid` when the options do not fit together. */
export async function createIssuer(options: IssuerOptions): Promise<Issuer> {
  const { domain, url, name, accounts, sandboxPort, network = {}, log = silent, amr = ['account'] } = options;
  const sandbox = sandboxPort !== undefined;
  const { signing, jwks, pepper } = await openKeys(nobleGroup, { oprf: [], signing: options.key, log: options.key });
  const text = formatOwnDescription({
    domain,
    name,
    jwks,
    issuer: { url, amr },
    extra: options.description ?? {},
    sandbox,
  });
  const transport = createNodeTransport({
    allow: network.allowAddresses ?? [],
    ...(network.dns === undefined ? {} : { dns: network.dns }),
    ...(sandboxPort === undefined ? {} : { sandboxPort }),
  });
  const fetch = createSafeFetch(transport, { sandbox });
  const database =
    'url' in options.database ? await openPostgres(options.database.url) : await openEmbedded(options.database.folder);
  const { db } = database;
  const ctx: IssuerContext = {
    role: 'issuer',
    domain,
    url,
    db,
    log,
    metrics: UNCOUNTED,
    amr,
    pepper,
    description: signOwnDescription(text, signing, systemClock),
    fetch,
    group: lazyGroup((reason) => log.warn('group-fallback', { reason }), 0),
    signingKey: signing,
    clock: systemClock,
    random: systemRandom,
    later: (work) => void work.catch(() => undefined),
    directories: new Set(options.directories),
    descriptions: createDescriptions({ fetch, clock: systemClock, sandbox, store: createDescriptionStore(db) }),
    attestationsPerAccount: options.attestationsPerAccount ?? { capacity: 20, refill: 20, seconds: DAY },
  };
  const app = issuerApp(ctx, accounts);
  const findDirectory = createDirectories(ctx);
  const purge = () => void purgeIssuer(ctx).catch(() => log.warn('purge-failed'));
  const timer = setInterval(purge, PURGE_MILLISECONDS).unref();
  return {
    app: onlyOwnPaths(app),
    listener: getRequestListener(app.fetch),
    due: (dueOptions) => listDue(ctx, findDirectory, dueOptions),
    renew: (requests, dueOptions) => renewAttestations(ctx, { accounts, findDirectory }, requests, dueOptions),
    close: () => {
      clearInterval(timer);
      return database.close();
    },
  };
}

/** The issuer's headers and deadlines are for its own paths: mounted as it is, they would cover the provider's pages too. */
function onlyOwnPaths(app: ReturnType<typeof issuerApp>): Hono {
  const answer: Handler = (c) => app.fetch(c.req.raw);
  return new Hono().all('/.well-known/whereabouts', answer).all('/whereabouts/*', answer);
}
