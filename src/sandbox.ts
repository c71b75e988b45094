// Door: `whereabouts serve --sandbox`. A directory, providers, a gatekeeper and a few people in one process on one port of this
// machine. The only door that opens anything to made-up accounts; it takes nothing that production takes.
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { styleText } from 'node:util';
import { WhereaboutsError } from './protocol/errors.ts';
import { nobleGroup } from './protocol/group-noble.ts';
import { readValues, type Environment } from './server/config.ts';
import type { Context } from './server/context.ts';
import { quotasOf } from './server/quota-settings.ts';
import { UNCOUNTED } from './server/metrics.ts';
import { purge } from './server/directory/purge.ts';
import { advance } from './server/directory/sequencer/advance.ts';
import { recheck } from './server/directory/recheck.ts';
import { directoryApp } from './server/routes/directory.ts';
import { issuerApp } from './server/routes/issuer.ts';
import { withPage } from './server/routes/page.ts';
import { resolverApp } from './server/routes/resolver.ts';
import { systemClock, systemRandom } from './platform/node/clock.ts';
import { openEmbedded } from './platform/node/embedded.ts';
import { createLog } from './platform/node/log.ts';
import { openSandboxOutside } from './platform/node/outside.ts';
import { findFolders, openFolder } from './platform/node/paths.ts';
import { findPage } from './platform/node/page-folder.ts';
import { closeOnSignal, createRunning, type Running } from './platform/node/running.ts';
import { sandboxAccounts } from './platform/node/sandbox/accounts.ts';
import { formatBanner } from './platform/node/sandbox/banner.ts';
import {
  describeProvider,
  sandboxClient,
  sandboxDirectory,
  sandboxIssuer,
  sandboxLookups,
  type SandboxParts,
} from './platform/node/sandbox/contexts.ts';
import type { Guests } from './platform/node/sandbox/guests.ts';
import { lazyGroup, WORTH_LOADING } from './platform/sodium.ts';
import { guestAt, virtualHosts, withDescription } from './platform/node/sandbox/hosts.ts';
import { openSandboxKeys } from './platform/node/sandbox/keys.ts';
import { homeApp, sandboxPage } from './platform/node/sandbox/page.ts';
import { registerPeople } from './platform/node/sandbox/people.ts';
import { signInApp, withSignIn } from './platform/node/sandbox/sign-in.ts';
import { openCosigners } from './platform/node/sandbox/witnessing.ts';
import { DIRECTORIES, DIRECTORY, GATEKEEPER, HARBOUR, PROVIDERS } from './platform/node/sandbox/world.ts';
import { listen, type Fetch } from './platform/node/serve.ts';

const HOST = '127.0.0.1';
const SECOND = 1_000;
const HOUR = 3_600_000;
const RECHECK = 600_000;
const REFRESH = 300_000;

/** §10 gives the sandbox 60 a minute: at once it gives as many as somebody's contacts may be. The environment's own win. */
const QUOTAS = {
  quotaAnonymous: '10000 refill 60 per minute',
  quotaUnlisted: '100000 refill 60000 per minute',
  quotaChanges: '1000 refill 1000 per minute',
  quotaWrites: '6000 refill 6000 per minute',
  quotaRecords: '100000',
};

/** Settings of the environment that mean something here. */
const isOurs = (name: string): boolean => /^WHEREABOUTS_(?:QUOTA_\w+|DATA|LOG_LEVEL)$/.test(name);

/** Starts the sandbox; throws `address-busy`, `database-busy` or `config-invalid` when it cannot. */
export async function serveSandbox(
  env: Environment,
  options: { readonly port: number; readonly data?: string | undefined; readonly guests?: Guests },
): Promise<void> {
  const { values, problems } = readValues(
    Object.fromEntries(Object.entries(env).filter(([name]) => isOurs(name))),
    QUOTAS,
  );
  if (problems.length > 0) throw new WhereaboutsError('config-invalid', problems.join('; '));
  const folder = openFolder(path.resolve(options.data ?? values.data ?? path.join(findFolders().data, 'sandbox')));
  // A person reads this terminal: lines of a server's log only when something is wrong, or when asked for.
  const level = env['WHEREABOUTS_LOG_LEVEL'] === undefined ? 'warn' : (values.logLevel ?? 'warn');
  const log = createLog(level);
  const running = createRunning(log);
  const world: Context = { clock: systemClock, random: systemRandom, log, metrics: UNCOUNTED, later: running.later };
  try {
    const site = await openSite(running, world, options.port);
    const { port } = site;
    const databases = await openDatabases(running, folder, log);
    const keys = await openSandboxKeys(folder, nobleGroup, systemRandom);
    const outside = openSandboxOutside(port, { [OPENING]: site.pass });
    const guests: Guests = options.guests ?? new Map();
    const group = lazyGroup((reason) => log.warn('group-fallback', { reason }), WORTH_LOADING);
    const parts: SandboxParts = {
      port,
      keys,
      databases,
      outside,
      world,
      quotas: quotasOf(values),
      folder,
      guests,
      group,
    };
    site.show(await openApps(parts, running));
    const client = sandboxClient(parts, { gatekeeper: false });
    const count = await registerPeople({ client, folder, clock: systemClock });
    site.open();
    running.start();
    log.info('sandbox', { port, registered: count });
    const { stdout } = process;
    const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
      styleText(format, text, { stream: stdout });
    stdout.write(
      `${formatBanner({ port, folder, bold: style('bold'), loud: style(['bold', 'black', 'bgYellow']) })}\n`,
    );
  } catch (error) {
    await running.close();
    throw error;
  }
  closeOnSignal(running, log);
}

/** What the sandbox's own requests show while its people are still being registered. */
const OPENING = 'x-sandbox-opening';

/**
 * Listens at once, so that a taken port is the first thing told. Visitors are kept waiting until `open`: before everybody is
 * registered, any answer about them would be wrong. The sandbox's own roles come in with `pass` as soon as there is an app.
 */
async function openSite(running: Running, { log }: Context, port: number) {
  const pass = randomUUID();
  const doors = Promise.withResolvers<undefined>();
  const shown = Promise.withResolvers<Fetch>();
  const socket = await listen({
    fetch: async (request, bindings) => {
      const apps = await shown.promise;
      if (request.headers.get(OPENING) !== pass) await doors.promise;
      return apps(request, bindings);
    },
    host: HOST,
    port,
    onFault: (error) => log.error('socket', { error: error instanceof Error ? error.name : '' }),
  });
  running.onClose(() => socket.close());
  return { port: socket.port, pass, show: shown.resolve, open: () => doors.resolve(undefined) };
}

/** A database for each directory: the first one's in the folder itself, which it also locks. */
async function openDatabases(
  running: Running,
  folder: string,
  log: Context['log'],
): Promise<SandboxParts['databases']> {
  const open = async (at: string, from?: () => Promise<Blob>) => {
    const database = await openEmbedded(at, { log, ...(from && { from }) });
    running.onClose(() => database.close());
    return database;
  };
  const first = await open(folder);
  const from = first.isNew ? () => first.dump() : undefined;
  return { [DIRECTORY]: first, [HARBOUR]: await open(openFolder(path.join(folder, 'harbour')), from) };
}

/** One app a domain, and the page at none. */
async function openApps(parts: SandboxParts, running: Running): Promise<Fetch> {
  const files = findPage();
  const pageAt = (domain: string) => sandboxPage(files, parts.guests, domain);
  const directories = DIRECTORIES.map((domain): [string, Fetch] => {
    const directory = sandboxDirectory(parts, domain);
    running.every(HOUR, 'purge-failed', () => purge(directory));
    running.every(SECOND, 'epoch-failed', () => advance(directory, { patient: false }));
    running.every(RECHECK, 'recheck-failed', (signal) => recheck(directory, signal));
    return [domain, withPage(directoryApp(directory).fetch, parts.world, pageAt(domain))];
  });
  const client = sandboxClient(parts, { gatekeeper: true });
  running.every(REFRESH, 'refresh-failed', () => client.refresh());
  const lookups = sandboxLookups(parts);
  const resolver = resolverApp({ ...parts.world, client, hosts: [GATEKEEPER], origins: [], lookups });
  const providers = PROVIDERS.map((domain): [string, Fetch] => [
    domain,
    withSignIn(issuerApp(sandboxIssuer(parts, domain), sandboxAccounts(domain)).fetch, signInApp(parts.world).fetch),
  ]);
  const apps = new Map<string, Fetch>([
    ...directories,
    ...providers,
    ...(await openCosigners(parts, running)),
    ...Array.from(parts.guests, ([domain, port]): [string, Fetch] => [domain, guestAt(port)]),
    [GATEKEEPER, withDescription(describeProvider(parts, GATEKEEPER, false), resolver.fetch, parts.world)],
  ]);
  return virtualHosts(apps, homeApp(parts.world, pageAt(DIRECTORY), [...apps.keys()]));
}
