// Door: environment → Config → contexts → listening sockets. Production only; the sandbox has a door of its own.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from './client/client.ts';
import { parsePolicy } from './client/policy.ts';
import { WhereaboutsError } from './protocol/errors.ts';
import type { Group } from './protocol/group.ts';
import { nobleGroup } from './protocol/group-noble.ts';
import { openGroup } from './platform/sodium.ts';
import { openEvaluationPool } from './platform/node/evaluation-pool.ts';
import { readConfig, type Config, type Environment, type Secrets } from './server/config.ts';
import type { Context, Log } from './server/context.ts';
import { readingOf, UNCOUNTED } from './server/metrics.ts';
import { readLookups } from './server/lookups/context.ts';
import { readGauges } from './server/directory/gauges.ts';
import { purge } from './server/directory/purge.ts';
import { advance } from './server/directory/sequencer/advance.ts';
import { recheck } from './server/directory/recheck.ts';
import { refreshDescriptions } from './server/directory/refresh.ts';
import { purgeIssuer } from './server/issuer/purge.ts';
import { directoryApp } from './server/routes/directory.ts';
import { issuerApp } from './server/routes/issuer.ts';
import { withPage } from './server/routes/page.ts';
import { resolverApp } from './server/routes/resolver.ts';
import { checkpointFile } from './platform/node/checkpoint-file.ts';
import { systemClock, systemRandom } from './platform/node/clock.ts';
import { openDatabase, readDatabaseGauges } from './platform/node/database.ts';
import { loadAccounts } from './platform/node/accounts-module.ts';
import { keepKeys } from './platform/node/keep-keys.ts';
import { loadKeys } from './platform/node/keys-file.ts';
import { findPage } from './platform/node/page-folder.ts';
import { readExtra } from './platform/node/own-extra.ts';
import { createLog } from './platform/node/log.ts';
import { serveMetrics } from './platform/node/metrics-server.ts';
import { openOutside } from './platform/node/outside.ts';
import { tracedTransport } from './platform/node/traced-transport.ts';
import { openTracing } from './platform/node/tracing.ts';
import { findFolders, readFileValues, readNamed } from './platform/node/paths.ts';
import { openMetrics, type Exposition, type GaugeSource } from './platform/node/prometheus.ts';
import type { Keys } from './server/keys.ts';
import { directoryPage } from './server/page.ts';
import { ReadMemory } from './server/directory/read-memory.ts';
import { directoryContext, issuerContext, type Parts } from './server/roles.ts';
import { openDescriptions } from './platform/node/descriptions-folder.ts';
import { openCheckpoints } from './platform/node/seen-folder.ts';
import { closeOnSignal, createRunning, type Running } from './platform/node/running.ts';
import { releaseMemory } from './platform/node/release-memory.ts';
import { findSecretFile } from './platform/node/secret-file.ts';
import { listen, type Fetch, type Serving } from './platform/node/serve.ts';
import { keepChecking } from './platform/node/account-checking.ts';
import { keepPublishing } from './platform/node/publishing.ts';
import { openAuditor, openWitness } from './platform/node/witnessing.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;
const RECHECK = 600_000;
/** Descriptions a resolver keeps at hand are asked for on this schedule, never because of a question (§4.1). */
const REFRESH = 300_000;

/** Starts what the configuration asks for; throws `config-invalid`, `address-busy` or `database-busy` before anything listens. */
export async function serve(env: Environment, options: { readonly config?: string | undefined } = {}): Promise<void> {
  const folders = findFolders();
  const { config, secrets, warnings } = readConfig(env, readFileValues(env, folders, options.config), folders);
  const log = createLog(config.logLevel);
  const running = createRunning(log);
  // From the first line on: who is told to stop while it starts ends in order as well.
  closeOnSignal(running, log);
  const exposition = config.metrics && (await openMetrics());
  if (config.traces !== undefined) running.onClose(await openTracing(config.traces, log));
  const metrics = exposition?.metrics ?? UNCOUNTED;
  const world: Context = { clock: systemClock, random: systemRandom, log, metrics, later: running.later };
  try {
    const keys = await loadKeys(nobleGroup, config.keys, secrets);
    const group = await openGroup((reason) => log.warn('group-fallback', { reason }));
    const sockets: Serving[] = [];
    await serveNumbers(config, exposition, running, log);
    const addGauges = exposition?.addGauges ?? (() => undefined);
    await serveRoles({ config, secrets, keys, world, running, group, sockets, addGauges });
    // Only now: what cannot start says why in one line and nothing else.
    log.info('group', { name: group.name });
    for (const warning of warnings) log.warn('configuration', { warning });
    running.start();
    releaseMemory();
    // Opened last, closed first: nothing ends before everybody has been told.
    running.onClose(async () => {
      for (const socket of sockets) socket.drain();
      await sleep(config.drain);
    });
  } catch (error) {
    await running.close();
    throw error;
  }
}

interface Deployment {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly keys: Keys;
  readonly world: Context;
  readonly running: Running;
  readonly group: Group;
  /** What listens, filled as it does. */
  readonly sockets: Serving[];
  /** For what is read when somebody looks at the metrics. */
  readonly addGauges: (source: GaugeSource) => void;
}

/** Opened first, closed last: also how a server ends can be watched. */
async function serveNumbers(
  { metrics }: Config,
  exposition: Exposition | undefined,
  running: Running,
  log: Log,
): Promise<void> {
  if (metrics === undefined || exposition === undefined) return;
  const socket = await serveMetrics(exposition, metrics, tellFault(log));
  running.onClose(() => socket.close());
  log.info('metrics', { metricsPort: socket.port });
}

/** A fault below HTTP is one log line: its kind, never its message. */
const tellFault = (log: Log) => (error: unknown) =>
  log.error('socket', { error: error instanceof Error ? error.name : '' });

async function serveRoles(deployment: Deployment): Promise<void> {
  const { config, world } = deployment;
  const { roles, network, tls } = config;
  if ([...roles].some((role) => role !== 'resolver')) {
    const certificate = tls && {
      cert: readNamed(tls.cert, 'the TLS certificate'),
      key: readNamed(tls.key, 'the TLS key'),
    };
    const fetch = await openPublic(deployment);
    const { trustedProxies } = network;
    const onFault = tellFault(world.log);
    const socket = await listen({ fetch, ...config.listen, tls: certificate, trustedProxies, onFault });
    announce(deployment, socket, [...roles].filter((role) => role !== 'resolver').join(','));
  }
  if (roles.has('resolver')) await serveResolver(deployment);
}

function announce({ world, running, sockets }: Deployment, socket: Serving, roles: string): void {
  running.onClose(() => socket.close());
  sockets.push(socket);
  world.log.info('listening', { roles, port: socket.port });
}

/** All public roles share a listener and a database. */
async function openPublic(deployment: Deployment): Promise<Fetch> {
  const { config, secrets, keys, world, running, group, addGauges } = deployment;
  const database = await openDatabase(config, secrets, world.log);
  running.onClose(() => database.close());
  addGauges(() => readDatabaseGauges(database));
  const { checkpoint } = config.directory.log;
  const parts: Parts = {
    config,
    keys,
    database,
    fetch: openOutside(config.network, tracedTransport(knownHosts(config))).fetch,
    world,
    group: () => group,
    extra: readExtra(config.profile.description),
    shown: checkpoint === undefined ? undefined : checkpointFile(checkpoint),
  };
  const { roles } = config;
  const directory = roles.has('directory') ? await openDirectory(parts, deployment) : undefined;
  const issuer = roles.has('issuer') ? await openIssuer(parts, running) : undefined;
  const witness = roles.has('witness') ? openWitness(parts) : undefined;
  const auditor = roles.has('auditor') ? await openAuditor(parts, running) : undefined;
  // What every role has, such as the description, is the first one's to serve.
  const first = directory ?? issuer ?? witness ?? auditor;
  if (first === undefined) throw new WhereaboutsError('config-invalid', 'no role to serve');
  const under = { whereabouts: issuer, witness, auditor };
  return (request, bindings) => {
    const [, top = ''] = /^\/(\w+)\//.exec(new URL(request.url).pathname) ?? [];
    const app = isRole(top, under) ? under[top] : undefined;
    return (app ?? first)(request, bindings);
  };
}

/** Whom the operator named: in traces they may be called by their names. */
const knownHosts = ({ directory, issuer, logs }: Config): ReadonlySet<string> =>
  new Set([
    ...directory.listed,
    ...directory.log.witnesses.map(({ url }) => new URL(url).hostname),
    ...issuer.directories,
    ...logs.flatMap((log) => ('domain' in log ? [log.domain] : [])),
  ]);

const isRole = <T extends object>(name: string, under: T): name is Extract<keyof T, string> =>
  Object.hasOwn(under, name);

async function openDirectory(parts: Parts, deployment: Deployment): Promise<Fetch> {
  const { running, group, addGauges } = deployment;
  const evaluating = openEvaluationPool({ group, random: parts.world.random });
  running.onClose(() => evaluating.close());
  const files = findPage();
  const ctx = { ...directoryContext({ ...parts, evaluating }), reading: new ReadMemory() };
  const page = files && directoryPage(files, ctx.domain, ctx.listed);
  addGauges(() => readGauges(ctx));
  addGauges(async () => [readingOf('evaluation_waiting_elements', {}, evaluating.waiting())]);
  // A database older than its log ends the start here, before anybody is answered.
  await advance(ctx, { patient: false });
  running.every(SECOND, 'epoch-failed', () => advance(ctx, { patient: false }));
  running.every(SECOND, 'keys-failed', keepKeys({ ctx, keys: parts.keys.oprf, file: parts.config.keys, log: ctx.log }));
  running.every(HOUR, 'purge-failed', () => purge(ctx));
  running.every(RECHECK, 'recheck-failed', (signal) => recheck(ctx, signal));
  running.every(REFRESH, 'refresh-failed', () => refreshDescriptions(ctx));
  keepPublishing(ctx, deployment);
  keepChecking(ctx, deployment);
  return withPage(directoryApp(ctx).fetch, ctx, page);
}

async function openIssuer(parts: Parts, running: Running): Promise<Fetch> {
  const accounts = await loadAccounts(parts.config.issuer.accounts ?? '');
  const ctx = issuerContext(parts);
  running.every(HOUR, 'purge-failed', () => purgeIssuer(ctx));
  return issuerApp(ctx, accounts).fetch;
}

async function serveResolver(deployment: Deployment): Promise<void> {
  const { config, secrets, keys, world, running, group } = deployment;
  const { host, port, tokenFile, origins, hosts } = config.resolver;
  const policy = parsePolicy(readNamed(config.policy, 'the policy'));
  if (policy.domain !== config.domain)
    throw new WhereaboutsError('config-invalid', 'the policy is of another domain than WHEREABOUTS_DOMAIN');
  const token = secrets.resolverToken ?? (tokenFile === undefined ? undefined : findSecretFile(tokenFile)?.trim());
  if (token === undefined || token.length < 16)
    throw new WhereaboutsError('config-invalid', 'WHEREABOUTS_RESOLVER_TOKEN_FILE holds no token of 16 characters');
  const outside = openOutside(config.network, tracedTransport(new Set(policy.directories)));
  const client = createClient({
    transport: outside.transport,
    clock: world.clock,
    random: world.random,
    group: () => group,
    sandbox: false,
    policy,
    // Outlives restarts: nobody shows this resolver a log it has seen otherwise.
    checkpoints: openCheckpoints(path.join(config.data, 'seen')),
    // So do what domains said last, and how far their numbers had come (§8).
    store: openDescriptions(path.join(config.data, 'descriptions')),
    credentials: { domain: config.domain, key: keys.signing },
  });
  running.every(REFRESH, 'refresh-failed', () => client.refresh());
  const { fetch } = outside;
  const lookups = readLookups(config.resolver.lookups, world, { fetch, hsToken: secrets.matrixHsToken });
  const app = resolverApp({ ...world, client, token, hosts, origins, lookups });
  const onFault = tellFault(world.log);
  const { trustedProxies } = config.network;
  announce(deployment, await listen({ fetch: app.fetch, host, port, trustedProxies, onFault }), 'resolver');
}
