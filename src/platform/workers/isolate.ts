// What a Worker's isolate keeps from one request to the next: facts only. Promises, sockets and timers belong to the request that
// made them; workerd refuses or forgets those of another.
import { createSafeFetch, type SafeFetch } from '../../evidence/safe-fetch.ts';
import type { Transport } from '../../evidence/safe-fetch.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Group } from '../../protocol/group.ts';
import { nobleGroup } from '../../protocol/group-noble.ts';
import { readConfig, type Config, type Secrets } from '../../server/config.ts';
import type { Context, Log } from '../../server/context.ts';
import { createMemory, type Memory } from '../../server/directory/sequencer/flight.ts';
import { createProgress, type Progress } from '../../server/publication/publish.ts';
import { openSecrets, type Keys } from '../../server/keys.ts';
import { checkReady, type Database } from '../../server/store/database.ts';
import { openPool } from '../postgres-pool.ts';
import { openGroup } from '../sodium.ts';
import { analyticsMetrics } from './analytics.ts';
import sodium from './libsodium.wasm';
import type { Assets } from './page-assets.ts';
import type { R2Bucket } from './r2-store.ts';
import { createFetchTransport } from './transport.ts';

export interface Bindings {
  readonly HYPERDRIVE?: { readonly connectionString: string };
  /** Where the directory's public octets are published as files, where they are. */
  readonly PUBLICATION?: R2Bucket;
  /** The built page, where the directory shows one. */
  readonly ASSETS?: Assets;
  /** A service of the operator's own that carries what goes out, where the platform's `fetch` is not to. */
  readonly EGRESS?: { readonly fetch: typeof globalThis.fetch };
  readonly [name: string]: unknown;
}

/** What the door uses of Cloudflare's `ExecutionContext`. */
export interface Execution {
  waitUntil(work: Promise<unknown>): void;
}

/** Read once per isolate: bindings never change within one. */
export interface Opened {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly keys: Keys;
  /** Variables as they are. */
  readonly texts: Readonly<Record<string, string>>;
}

let opened: Promise<Opened> | undefined;

export const openOnce = (env: Bindings): Promise<Opened> => (opened ??= open(env));

async function open(env: Bindings): Promise<Opened> {
  const texts = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  const { config, secrets } = readConfig(texts, {}, { data: '', keys: '', policy: '' });
  const refuse = (why: string) => new WhereaboutsError('config-invalid', why);
  if (config.keys !== undefined) throw refuse('on Workers keys come from secrets: WHEREABOUTS_SIGNING_KEY and others');
  if (config.roles.has('auditor')) throw refuse('an auditor keeps a whole directory at hand: not on Workers');
  if (config.directory.publication.to !== undefined)
    throw refuse('on Workers files are published to the R2 binding PUBLICATION');
  if (config.roles.has('resolver') && config.roles.size > 1)
    throw refuse('a resolver is a Worker of its own: it is not for everybody to call');
  return { config, secrets, keys: await openSecrets(nobleGroup, secrets), texts };
}

const write =
  (level: 'debug' | 'info' | 'warn' | 'error') =>
  (event: string, fields: Readonly<Record<string, string | number | boolean>> = {}): void =>
    console[level](JSON.stringify({ event, ...fields }));
export const log: Log = { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') };

let fastest: Group | undefined;

export async function fastestGroup(): Promise<Group> {
  if (fastest !== undefined) return fastest;
  fastest = await openGroup((reason) => log.warn('group-fallback', { reason }), sodium);
  log.info('group', { name: fastest.name });
  return fastest;
}

export const memory: Memory = createMemory();
/** Of the files published from here. */
export const progress: Progress = createProgress();

/** The world as one request may use it. */
export const openWorld = ({ METRICS }: Bindings, execution: Execution): Context => ({
  metrics: analyticsMetrics(METRICS),
  clock: () => Date.now(),
  random: (octets) => crypto.getRandomValues(new Uint8Array(octets)),
  log,
  later: (work) => execution.waitUntil(work),
});

export function openOutside({ EGRESS }: Bindings): { readonly transport: Transport; readonly fetch: SafeFetch } {
  const transport = createFetchTransport(
    EGRESS === undefined ? {} : { fetch: (input, init) => EGRESS.fetch(input, init) },
  );
  return { transport, fetch: createSafeFetch(transport, { sandbox: false }) };
}

/** One pool a request: a workerd socket belongs to the request that opened it. Never ended: workerd does that (postgres.js#1202). */
export function connect({ HYPERDRIVE }: Bindings): Database {
  if (HYPERDRIVE === undefined) throw new WhereaboutsError('config-invalid', 'the HYPERDRIVE binding is missing');
  const { db } = openPool(HYPERDRIVE.connectionString, { statements: 3, transactions: 2, isLasting: false });
  return { db, ready: () => checkReady(db), close: async () => undefined };
}
