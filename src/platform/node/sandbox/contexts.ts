// The sandbox’s roles: two directories, each over a database of its own, three issuers, and AliceChat’s client. Roomy quotas, plain http, this machine only.
import { DepositGroup } from '../../../server/directory/deposit-group.ts';
import { createClient, type Client } from '../../../client/client.ts';
import { createDescriptions } from '../../../client/descriptions.ts';
import type { GroupSource } from '../../../protocol/group.ts';
import { formatNoteKey } from '../../../protocol/note-key.ts';
import type { Context, DirectoryContext, IssuerContext, Quota, Quotas } from '../../../server/context.ts';
import { inlineEvaluation } from '../../../server/directory/inline-evaluation.ts';
import { ReadMemory } from '../../../server/directory/read-memory.ts';
import type { Lookups } from '../../../server/lookups/context.ts';
import { logParts, witnessPeer } from '../../../server/log-parts.ts';
import { formatOwnDescription, signOwnDescription, type OwnText } from '../../../server/own-description.ts';
import type { Database } from '../../../server/store/database.ts';
import { createDescriptionStore } from '../../../server/store/descriptions.ts';
import type { Outside } from '../outside.ts';
import { withGuests, type Guests } from './guests.ts';
import type { SandboxKeys } from './keys.ts';
import { describeCosigners } from './witnessing.ts';
import { CHARACTERS, DIRECTORIES, DIRECTORY, GATEKEEPER, POLICY, type SandboxDomain } from './world.ts';

export interface SandboxParts {
  readonly port: number;
  readonly keys: SandboxKeys;
  /** Of each directory; the first one's also holds what everybody else keeps. */
  readonly databases: Readonly<Record<DirectoryDomain, Database>>;
  readonly outside: Outside;
  readonly world: Context;
  readonly quotas: Quotas;
  /** Of everything the sandbox keeps. */
  readonly folder: string;
  readonly guests: Guests;
  readonly group: GroupSource;
}

export type DirectoryDomain = (typeof DIRECTORIES)[number];

export const baseOf = (domain: string, port: number): string => `http://${domain}:${port}`;

/** Somebody watches: quicker than in production. */
const INTERVAL = 100;
/** A witness that was too slow on a busy machine is asked again this soon. */
const HEARTBEAT = 60_000;

export function sandboxDirectory(parts: SandboxParts, domain: DirectoryDomain): DirectoryContext {
  const { port, keys, databases, outside, world, group, quotas } = parts;
  const { db } = databases[domain];
  const own = keys(domain);
  const { oprf, pepper, jwks, log, signing } = own;
  const url = baseOf(domain, port);
  const witnesses = describeCosigners(port);
  const peers = witnesses.map(({ url: at, key }) => witnessPeer(outside.fetch, key, at));
  const { endUser, gatekeeper, unlisted, anonymous } = quotas;
  const text = formatOwnDescription({
    domain,
    name: CHARACTERS[domain].name,
    jwks,
    directory: {
      api: url,
      log: formatNoteKey(`${domain}/whereabouts`, log),
      witnesses: witnesses.map(({ key }) => key),
      issuers: 'open',
      limits: { endUser, gatekeeper, unlisted, anonymous },
    },
    sandbox: true,
  });
  return {
    ...world,
    ...logParts({ domain, keys: own, world, interval: INTERVAL, heartbeat: HEARTBEAT, peers }),
    role: 'directory',
    deposits: new DepositGroup(),
    domain,
    url,
    db,
    evaluating: inlineEvaluation({ group, random: world.random }),
    reading: new ReadMemory(),
    oprfKeys: oprf,
    signingKey: signing,
    pepper,
    issuers: 'open',
    listed: new Set(),
    quotas,
    descriptions: createDescriptions({
      fetch: outside.fetch,
      clock: world.clock,
      sandbox: true,
      store: createDescriptionStore(db),
    }),
    fetch: outside.fetch,
    description: signOwnDescription(text, signing, world.clock),
  };
}

/** As many as anybody may want while trying things out. */
const ATTESTATIONS: Quota = { capacity: 1_000, refill: 60, seconds: 60 };
const AMR = ['account'];

export function sandboxIssuer(parts: SandboxParts, domain: SandboxDomain): IssuerContext {
  const { port, keys, databases, outside, world, group } = parts;
  const { fetch } = outside;
  const { signing, pepper } = keys(domain);
  return {
    ...world,
    role: 'issuer',
    domain,
    url: baseOf(domain, port),
    db: databases[DIRECTORY].db,
    group,
    signingKey: signing,
    pepper,
    amr: AMR,
    directories: new Set(DIRECTORIES),
    descriptions: createDescriptions({ fetch, clock: world.clock, sandbox: true }),
    fetch,
    attestationsPerAccount: ATTESTATIONS,
    description: describeProvider(parts, domain, true),
  };
}

/** The description of a provider, with its bridges. */
export function describeProvider({ port, keys, world }: SandboxParts, domain: SandboxDomain, issues: boolean): OwnText {
  const { name, provider } = CHARACTERS[domain];
  const url = baseOf(domain, port);
  const { jwks, signing } = keys(domain);
  const text = formatOwnDescription({
    domain,
    name,
    jwks,
    ...(issues ? { issuer: { url, amr: AMR } } : {}),
    extra: provider === undefined ? {} : { provider: provider(url) },
    sandbox: true,
  });
  return signOwnDescription(text, signing, world.clock);
}

/** AliceChat's resolver speaks everything: it is on this machine only. A guest that is a homeserver has users that may ask. */
export function sandboxLookups({ outside, world, guests, quotas }: SandboxParts): Lookups {
  const { clock, random } = world;
  const { fetch } = outside;
  const quota = quotas.anonymous;
  return {
    clock,
    random,
    matrixIdentity: { fetch, homeservers: new Set(guests.keys()), quota },
    matrixAppservice: { token: 'sandbox-hs-token' },
    webfinger: { quota },
  };
}

/** The SDK as AliceChat runs it, with AliceChat's credentials; the canned people register through one like it without. */
export function sandboxClient(
  { outside, world, group, keys, guests }: SandboxParts,
  options: { readonly gatekeeper: boolean },
): Client {
  const { clock, random } = world;
  const parts = {
    transport: outside.transport,
    clock,
    random,
    group,
    sandbox: true,
    policy: withGuests(POLICY, guests),
  };
  // People are registered whether anybody cosigned in time or not: whoever asks for them waits for that.
  if (!options.gatekeeper) return createClient({ ...parts, policy: { ...parts.policy, logs: {} } });
  const { domain } = POLICY;
  return createClient({ ...parts, credentials: { domain, key: keys(GATEKEEPER).signing } });
}
