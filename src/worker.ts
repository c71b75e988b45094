// Door for Cloudflare Workers: Bindings → Config → Context → fetch, scheduled. The directory for now; its schema is brought up
// to date from Node (`whereabouts serve` or a migration run), because a pooled connection holds no session lock.
import { createSafeFetch } from './evidence/safe-fetch.ts';
import { CODES, WhereaboutsError } from './protocol/errors.ts';
import type { Group, GroupSource } from './protocol/group.ts';
import { nobleGroup } from './protocol/group-noble.ts';
import { readConfig, type Config } from './server/config.ts';
import { logFailure } from './server/failure.ts';
import type { Context, DirectoryContext, Log } from './server/context.ts';
import { endedKeys } from './server/directory/keys.ts';
import { inlineEvaluation } from './server/directory/inline-evaluation.ts';
import { purge } from './server/directory/purge.ts';
import { refreshDescriptions } from './server/directory/refresh.ts';
import { advance } from './server/directory/sequencer/advance.ts';
import { createMemory } from './server/directory/sequencer/flight.ts';
import { replaceKeys } from './server/key-rotation.ts';
import { openSecrets, type Keys } from './server/keys.ts';
import { createProgress, Publication } from './server/publication/publish.ts';
import { sweepFiles } from './server/publication/sweep.ts';
import { directoryContext } from './server/roles.ts';
import { directoryApp } from './server/routes/directory.ts';
import { checkReady, type Database } from './server/store/database.ts';
import { openPool } from './platform/postgres-pool.ts';
import { openGroup } from './platform/sodium.ts';
import sodium from './platform/workers/libsodium.wasm';
import { r2Store, type R2Bucket } from './platform/workers/r2-store.ts';
import { createFetchTransport } from './platform/workers/transport.ts';

interface Bindings {
  readonly HYPERDRIVE: { readonly connectionString: string };
  /** Where the directory's public octets are published as files, where they are. */
  readonly PUBLICATION?: R2Bucket;
  readonly [name: string]: unknown;
}

/** What the door uses of Cloudflare's `ExecutionContext`. */
interface Execution {
  waitUntil(work: Promise<unknown>): void;
}

interface Opened {
  readonly config: Config;
  readonly keys: Keys;
}

/** Read once per isolate: bindings never change within one. */
let opened: Promise<Opened> | undefined;

async function open(env: Bindings): Promise<Opened> {
  const texts = Object.fromEntries(Object.entries(env).filter(([, value]) => typeof value === 'string'));
  const { config, secrets } = readConfig(texts as Record<string, string>, {}, { data: '', keys: '', policy: '' });
  if (config.keys !== undefined)
    throw new WhereaboutsError(
      'config-invalid',
      'on Workers keys come from secrets: WHEREABOUTS_SIGNING_KEY and others',
    );
  if (config.directory.publication.to !== undefined)
    throw new WhereaboutsError('config-invalid', 'on Workers files are published to the R2 binding PUBLICATION');
  return { config, keys: await openSecrets(nobleGroup, secrets) };
}

/** Opened once per isolate; never kept as a promise, which would belong to the request that made it. */
let fastest: Group | undefined;
const group: GroupSource = async () => {
  if (fastest !== undefined) return fastest;
  fastest = await openGroup((reason) => log.warn('group-fallback', { reason }), sodium);
  log.info('group', { name: fastest.name });
  return fastest;
};

/** Facts, no promises: those would belong to the request that made them. */
const memory = createMemory();
const progress = createProgress();

/** One pool a request: a workerd socket belongs to the request that opened it. Never ended: workerd does that (postgres.js#1202). */
function connect(connectionString: string): Database {
  const { db } = openPool(connectionString, { statements: 3, transactions: 2 });
  return { db, ready: () => checkReady(db), close: async () => undefined };
}

const write =
  (level: 'debug' | 'info' | 'warn' | 'error') =>
  (event: string, fields: Readonly<Record<string, string | number | boolean>> = {}): void =>
    console[level](JSON.stringify({ event, ...fields }));
const log: Log = { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') };

async function createContext(env: Bindings, later: (work: Promise<void>) => void): Promise<DirectoryContext> {
  const { config, keys } = await (opened ??= open(env));
  const world: Context = {
    clock: () => Date.now(),
    random: (octets) => crypto.getRandomValues(new Uint8Array(octets)),
    log,
    later,
  };
  const fetch = createSafeFetch(createFetchTransport({}), { sandbox: false });
  return directoryContext({
    config,
    keys,
    database: connect(env.HYPERDRIVE.connectionString),
    fetch,
    world,
    group,
    evaluating: inlineEvaluation({ group, random: world.random }),
    extra: {},
    memory,
  });
}

/** Nothing works until the operator has put it right; what is wrong is in the log only (§12). */
const notConfigured = (): Response =>
  new Response(
    JSON.stringify({
      type: 'urn:whereabouts:error:internal-error',
      title: CODES['internal-error'],
      status: 500,
      code: 'internal-error',
    }),
    {
      status: 500,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    },
  );

const HOURLY = '17 * * * *';

export default {
  async fetch(request: Request, env: Bindings, execution: Execution): Promise<Response> {
    const context = await createContext(env, (work) => execution.waitUntil(work)).catch((error: unknown) => {
      log.error('configuration', { error: error instanceof WhereaboutsError ? error.message : 'not readable' });
    });
    if (context === undefined) return notConfigured();
    // Set by Cloudflare itself, whatever a caller sends.
    const client = request.headers.get('cf-connecting-ip');
    return directoryApp(context).fetch(request, client === null ? {} : { client });
  },
  /** Every minute: heartbeats, ended records, what a request that died left unpublished, files. Every hour the sweeps. */
  async scheduled({ cron }: { readonly cron: string }, env: Bindings, execution: Execution): Promise<void> {
    const context = await createContext(env, (work) => execution.waitUntil(work));
    const files = env.PUBLICATION === undefined ? undefined : r2Store(env.PUBLICATION);
    const publish = async () => {
      if (files === undefined) return;
      await (cron === HOURLY ? sweepFiles(context, files) : new Publication(files, progress).publish(context));
    };
    if (cron === HOURLY) await Promise.all([purge(context), refreshDescriptions(context)]);
    else await advance(context, { patient: false });
    await logFailure(log, 'publication-failed', publish());
    // The secret itself is the operator's to take away; this isolate forgets it.
    const ended = endedKeys(context);
    const { keys } = await (opened ??= open(env));
    replaceKeys(
      keys.oprf,
      keys.oprf.filter((key) => !ended.includes(key)),
    );
  },
};
