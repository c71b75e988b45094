// A small federation in one process and one database, under production rules: a directory (or two), three providers, and a
// gatekeeper. Every request of every party goes through `transport`, which keeps a copy and can be told to spoil replies.
import { DepositGroup } from '../../src/server/directory/deposit-group.ts';
import { inlineEvaluation } from '../../src/server/directory/inline-evaluation.ts';
import { logParts } from '../../src/server/log-parts.ts';
import { createClient, type Client } from '../../src/client/client.ts';
import type { ClientParts } from '../../src/client/create-context.ts';
import { createDescriptions } from '../../src/client/descriptions.ts';
import type { Policy } from '../../src/client/policy.ts';
import { createSafeFetch, type Transport } from '../../src/evidence/safe-fetch.ts';
import { generateKeys, openKeys, type Keys } from '../../src/server/keys.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { formatNoteKey } from '../../src/protocol/note-key.ts';
import { generateKeyPair, keyId } from '../../src/protocol/oprf.ts';
import type { Context, DirectoryContext, IssuerContext, Log, Quota, Quotas } from '../../src/server/context.ts';
import type { Accounts } from '../../src/server/issuer/accounts.ts';
import { UNCOUNTED } from '../../src/server/metrics.ts';
import { formatOwnDescription, serveUnsigned } from '../../src/server/own-description.ts';
import { directoryApp } from '../../src/server/routes/directory.ts';
import { issuerApp } from '../../src/server/routes/issuer.ts';
import type { Database } from '../../src/server/store/database.ts';

export const DIRECTORY = 'directory.example';
export const ALICECHAT = 'alice.example';
export const BOBCHAT = 'bob.example';
export const CHARLIECHAT = 'charlie.example';
export const EVECHAT = 'eve.example';
const PROVIDERS = [BOBCHAT, CHARLIECHAT, EVECHAT];

export const POLICY: Policy = {
  domain: ALICECHAT,
  directories: [DIRECTORY],
  trust: { tel: [BOBCHAT, CHARLIECHAT], mailto: [BOBCHAT] },
  known: [EVECHAT],
  alternatives: [CHARLIECHAT, BOBCHAT],
};

/** One request as it went over the wire, its body as text. */
export interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What happens to a reply on its way: its octets are replaced, or it never comes. */
export type Spoil = (sent: Sent, reply: Response) => Promise<Response> | Response;

export interface World {
  readonly transport: Transport;
  readonly sent: Sent[];
  readonly logged: string[];
  readonly keys: ReadonlyMap<string, Keys>;
  readonly directory: DirectoryContext;
  /** Spoils every reply until it is removed again. */
  spoil: Spoil | undefined;
  /** A domain that nobody reaches. */
  away: string | undefined;
  now(): number;
  advance(seconds: number): void;
  /** AliceChat's server. */
  gatekeeper(change?: Partial<ClientParts>): Client;
  /** Somebody's own device: no credentials. */
  person(): Client;
  /** Gives the directory another OPRF key; the one there is ends `until` (seconds). */
  rotate(until: number): void;
  /** The issuer of a provider, for what its operator does. */
  readonly issuers: ReadonlyMap<string, IssuerContext>;
}

export const random = (octets: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(octets));

const ROOMY: Quota = { capacity: 100_000, refill: 100_000, seconds: 1 };
const NONE: Quota = { capacity: 0, refill: 0, seconds: 1 };
const QUOTAS: Quotas = {
  endUser: ROOMY,
  gatekeeper: ROOMY,
  unlisted: ROOMY,
  anonymous: NONE,
  changesPerNameAndIssuer: ROOMY,
  writesPerIssuer: ROOMY,
  writesPerListedIssuer: ROOMY,
  unlistedRecords: 1_000,
};

/** `Bearer <account>`: every account owns every identifier, at the address `@account:provider`. */
export const accountsOf = (provider: string): Accounts => ({
  authenticate: async (request) => {
    const id = /^Bearer ([a-z]+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
    return id === undefined ? undefined : { id };
  },
  owns: async (account) => ({ address: `@${account.id}:${provider}` }),
});

export async function openWorld(database: Database): Promise<World> {
  let now = 1_790_000_000_000;
  const sent: Sent[] = [];
  const logged: string[] = [];
  const keys = new Map<string, Keys>();
  for (const domain of [DIRECTORY, ALICECHAT, ...PROVIDERS])
    keys.set(domain, await openKeys(nobleGroup, await generateKeys(nobleGroup, random)));
  const keysOf = (domain: string): Keys => {
    const found = keys.get(domain);
    if (found === undefined) throw new Error('no such domain');
    return found;
  };

  const write = (event: string, fields: object = {}) => void logged.push(`${event} ${JSON.stringify(fields)}`);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const clock = () => now;
  const context: Context = { clock, random, log, metrics: UNCOUNTED, later: (work) => void work };
  const apps = new Map<string, (request: Request) => Response | Promise<Response>>();
  const world: Pick<World, 'spoil' | 'away'> = { spoil: undefined, away: undefined };
  const transport: Transport = async ({ url, method, headers, body, signal }) => {
    const app = apps.get(url.hostname);
    if (app === undefined || url.hostname === world.away) throw new Error('no such host');
    const request: Sent = { url, method, headers, body: typeof body === 'string' ? body : '' };
    sent.push(request);
    const reply = await app(
      new Request(url, { method, headers: { ...headers, host: url.host }, signal, ...(body && { body }) }),
    );
    return world.spoil === undefined ? reply : world.spoil(request, reply);
  };
  const fetch = createSafeFetch(transport, { sandbox: false });
  const descriptions = () => createDescriptions({ fetch, clock, sandbox: false });

  const oprfKeys = [...keysOf(DIRECTORY).oprf];
  const directory: DirectoryContext = {
    ...context,
    role: 'directory',
    deposits: new DepositGroup(),
    domain: DIRECTORY,
    url: `https://${DIRECTORY}`,
    db: database.db,
    evaluating: inlineEvaluation({ group: () => nobleGroup, random }),
    oprfKeys,
    signingKey: keysOf(DIRECTORY).signing,
    ...logParts({
      domain: DIRECTORY,
      keys: keysOf(DIRECTORY),
      world: context,
      interval: 0,
      heartbeat: 600_000,
      peers: [],
    }),
    pepper: keysOf(DIRECTORY).pepper,
    issuers: 'open',
    listed: new Set([ALICECHAT, BOBCHAT, CHARLIECHAT]),
    quotas: QUOTAS,
    descriptions: descriptions(),
    fetch,
    description: serveUnsigned(
      formatOwnDescription({
        domain: DIRECTORY,
        name: 'Directory',
        jwks: keysOf(DIRECTORY).jwks,
        directory: {
          api: `https://${DIRECTORY}`,
          log: formatNoteKey(`${DIRECTORY}/whereabouts`, keysOf(DIRECTORY).log),
          issuers: 'open',
          limits: {},
        },
        sandbox: false,
      }),
    ),
  };
  apps.set(DIRECTORY, directoryApp(directory).fetch);

  const issuers = new Map<string, IssuerContext>();
  for (const domain of PROVIDERS) {
    const ctx: IssuerContext = {
      ...context,
      role: 'issuer',
      domain,
      url: `https://${domain}`,
      db: database.db,
      group: () => nobleGroup,
      signingKey: keysOf(domain).signing,
      pepper: keysOf(domain).pepper,
      amr: ['account'],
      directories: new Set([DIRECTORY]),
      descriptions: descriptions(),
      fetch,
      attestationsPerAccount: ROOMY,
      description: serveUnsigned(describe(domain, keysOf(domain), true)),
    };
    issuers.set(domain, ctx);
    apps.set(domain, issuerApp(ctx, accountsOf(domain)).fetch);
  }
  const alice = describe(ALICECHAT, keysOf(ALICECHAT), false);
  apps.set(ALICECHAT, () => new Response(alice, { headers: { 'content-type': 'application/json' } }));

  const parts: ClientParts = { policy: POLICY, transport, sandbox: false, clock, random, group: () => nobleGroup };
  return Object.assign(world, {
    transport,
    sent,
    logged,
    keys,
    directory,
    now: () => Math.floor(now / 1000),
    advance: (seconds: number) => {
      now += seconds * 1000;
    },
    gatekeeper: (change: Partial<ClientParts> = {}) =>
      createClient({ ...parts, credentials: { domain: ALICECHAT, key: keysOf(ALICECHAT).signing }, ...change }),
    person: () => createClient(parts),
    issuers,
    rotate: (until: number) => {
      const pair = generateKeyPair(nobleGroup, random);
      const keys = [
        ...oprfKeys.map((key) => (key.until === undefined ? { ...key, until } : key)),
        { ...pair, id: keyId(pair.publicKey) },
      ];
      oprfKeys.splice(0, oprfKeys.length, ...keys.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
    },
  });
}

/** A provider that speaks its own language and has a bridge for AliceChat. */
function describe(domain: string, keys: Keys, issues: boolean): string {
  const protocol = domain.replace('.example', 'chat');
  const bridge = {
    id: `${domain}/alicechat`,
    from: [ALICECHAT],
    protocol: 'alicechat',
    endpoint: `https://${domain}/bridge`,
    placement: 'server',
    encryption: 're-encrypted',
    networks: [domain, ALICECHAT],
    operator: domain,
    features: ['text'],
    priority: 10,
    for: ['direct'],
  };
  return formatOwnDescription({
    domain,
    name: protocol,
    jwks: keys.jwks,
    ...(issues ? { issuer: { url: `https://${domain}`, amr: ['account'] } } : {}),
    extra: {
      provider: { protocols: [protocol], features: ['text', 'file'], bridges: domain === ALICECHAT ? [] : [bridge] },
    },
    sandbox: false,
  });
}

/** The code a piece of work fails with. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof WhereaboutsError ? error.code : String(error)),
  );
