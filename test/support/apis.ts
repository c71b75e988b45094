// Every app as it is built, without a world behind it: for tests of what apps serve, not of what they do.
import type { Client } from '../../src/client/client.ts';
import type { DirectoryContext, IssuerContext } from '../../src/server/context.ts';
import type { Lookups } from '../../src/server/lookups/context.ts';
import { UNCOUNTED } from '../../src/server/metrics.ts';
import { directoryApp } from '../../src/server/routes/directory.ts';
import { issuerApp } from '../../src/server/routes/issuer.ts';
import { resolverApp } from '../../src/server/routes/resolver.ts';
import { witnessApp } from '../../src/server/routes/witness.ts';
import type { WitnessContext } from '../../src/server/witness/add-checkpoint.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
// Apps look at the world only when they are asked something, and nobody asks here.
const world: unknown = { log: quiet, metrics: UNCOUNTED, directories: [] };

const quota = { capacity: 0, refill: 0, seconds: 60 };
const lookups: Lookups = {
  clock: () => 0,
  random: (octets) => new Uint8Array(octets),
  matrixIdentity: { fetch: () => Promise.reject(new Error()), homeservers: new Set(), quota },
  matrixAppservice: { token: 'not a secret' },
  webfinger: { quota },
};

const cosigner = (role: WitnessContext['role']) =>
  witnessApp({ log: quiet, metrics: UNCOUNTED, role } as unknown as WitnessContext);

export const APPS = {
  directory: () => directoryApp(world as DirectoryContext),
  issuer: () => issuerApp(world as IssuerContext, { authenticate: async () => undefined, owns: async () => undefined }),
  resolver: () =>
    resolverApp({
      log: quiet,
      metrics: UNCOUNTED,
      client: {} as unknown as Client,
      token: 'not a secret',
      hosts: [],
      origins: [],
      lookups,
    }),
  witness: () => cosigner('witness'),
  auditor: () => cosigner('auditor'),
};

export const ROLES = ['directory', 'issuer', 'resolver', 'witness', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

/** Method and path, whatever parameters are called. */
export const formatRoute = (method: string | undefined, path: string): string =>
  `${method ?? ''} ${path.replace('{api}', '/whereabouts').replaceAll(/\{\w+\}|:\w+|\*/g, '{}')}`;

/** What an app serves: middleware and "any other method" are under ALL. */
export function served(role: Role): string[] {
  const routes = APPS[role]().routes.filter(({ method }) => method !== 'ALL');
  return [...new Set(routes.map(({ method, path }) => formatRoute(method, path)))].toSorted();
}
