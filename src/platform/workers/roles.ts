// What a Worker does for each role: answering a request, and what is due by the clock. A role on Workers is made anew for every
// request, from what the isolate knows and the database holds.
import { createClient, type Client } from '../../client/client.ts';
import { parsePolicy } from '../../client/policy.ts';
import { createTxtOverHttps } from '../../evidence/dns-over-https.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Role } from '../../server/config.ts';
import type { DirectoryContext } from '../../server/context.ts';
import { checkAccounts, followChains } from '../../server/directory/account-checks.ts';
import { inlineEvaluation } from '../../server/directory/inline-evaluation.ts';
import { endedKeys } from '../../server/directory/keys.ts';
import { purge } from '../../server/directory/purge.ts';
import { recheck } from '../../server/directory/recheck.ts';
import { refreshDescriptions } from '../../server/directory/refresh.ts';
import { advance } from '../../server/directory/sequencer/advance.ts';
import type { Accounts } from '../../server/issuer/accounts.ts';
import { purgeIssuer } from '../../server/issuer/purge.ts';
import { replaceKeys } from '../../server/key-rotation.ts';
import { tokensOf } from '../../server/evidence-settings.ts';
import { readLookups } from '../../server/lookups/context.ts';
import { logFailure } from '../../server/failure.ts';
import { Publication } from '../../server/publication/publish.ts';
import { sweepFiles } from '../../server/publication/sweep.ts';
import { directoryContext, issuerContext, witnessContext, type Parts } from '../../server/roles.ts';
import { directoryApp } from '../../server/routes/directory.ts';
import { issuerApp } from '../../server/routes/issuer.ts';
import { resolverApp } from '../../server/routes/resolver.ts';
import { witnessApp } from '../../server/routes/witness.ts';
import { createCheckpointStore } from '../../server/store/checkpoints.ts';
import { createDescriptionStore } from '../../server/store/descriptions.ts';
import { connect, fastestGroup, memory, openOutside, openWorld, progress } from './isolate.ts';
import type { Bindings, Execution, Opened } from './isolate.ts';
import { withAssets, type EdgeRequest } from './page-assets.ts';
import { r2Store } from './r2-store.ts';

/** Crons of wrangler.toml: heartbeats and what a request that died left unpublished; what is asked again; the sweep. */
export type Due = 'minute' | 'ten-minutes' | 'hour';

/** What one request or one alarm has to do with. */
export interface Turn {
  readonly opened: Opened;
  readonly env: Bindings;
  readonly execution: Execution;
  readonly accounts: Accounts | undefined;
}

export interface RoleAtWork {
  fetch(request: EdgeRequest, bindings: { readonly client?: string }): Response | Promise<Response>;
  due(what: Due): Promise<unknown>;
}

function partsOf({ opened: { config, keys }, env, execution }: Turn): Parts {
  return {
    config,
    keys,
    database: connect(env),
    fetch: openOutside(env).fetch,
    world: openWorld(env, execution),
    group: fastestGroup,
    extra: {},
    memory,
  };
}

function openDirectory(turn: Turn): RoleAtWork {
  const parts = partsOf(turn);
  const { random } = parts.world;
  const ctx = directoryContext({ ...parts, evaluating: inlineEvaluation({ group: fastestGroup, random }) });
  const { PUBLICATION, ASSETS } = turn.env;
  const files = PUBLICATION === undefined ? undefined : r2Store(PUBLICATION);
  const due: Record<Due, () => Promise<unknown>> = {
    minute: async () => {
      await advance(ctx, { patient: false });
      forgetKeys(ctx, parts);
      if (files !== undefined)
        await logFailure(ctx.log, 'publication-failed', new Publication(files, progress).publish(ctx));
      await logFailure(ctx.log, 'accounts-check-failed', lookAtAccounts(ctx, turn));
    },
    'ten-minutes': () => Promise.all([recheck(ctx), refreshDescriptions(ctx)]),
    hour: async () => {
      await purge(ctx);
      if (files !== undefined) await logFailure(ctx.log, 'publication-sweep-failed', sweepFiles(ctx, files));
    },
  };
  const api: RoleAtWork['fetch'] = (request, bindings) => directoryApp(ctx).fetch(request, bindings);
  return { fetch: withAssets(api, ctx, ASSETS), due: (what) => due[what]() };
}

/** What is claimed is taken up and what is due looked at, for less than the minute until the next cron. */
async function lookAtAccounts(ctx: DirectoryContext, { opened: { config, secrets } }: Turn): Promise<void> {
  const { evidence } = config.directory;
  if (!evidence.isOn) return;
  await followChains(ctx);
  const resolveTxt = createTxtOverHttps(ctx.fetch, ctx.clock, evidence.dnsOverHttps);
  await checkAccounts({ ...ctx, resolveTxt, tokens: tokensOf(evidence, secrets.evidence) });
}

/** The secret itself is the operator's to take away; this isolate forgets it. */
function forgetKeys(ctx: DirectoryContext, { keys }: Parts): void {
  const ended = endedKeys(ctx);
  replaceKeys(
    keys.oprf,
    keys.oprf.filter((key) => !ended.includes(key)),
  );
}

function openIssuer(turn: Turn): RoleAtWork {
  const { accounts } = turn;
  if (accounts === undefined)
    throw new WhereaboutsError(
      'config-invalid',
      'an issuer needs the accounts of its provider: createWorker({ accounts })',
    );
  const ctx = issuerContext(partsOf(turn));
  return {
    fetch: (request, bindings) => issuerApp(ctx, accounts).fetch(request, bindings),
    due: async (what) => (what === 'hour' ? purgeIssuer(ctx) : undefined),
  };
}

function openWitness(turn: Turn): RoleAtWork {
  const ctx = witnessContext(partsOf(turn));
  return { fetch: (request, bindings) => witnessApp(ctx).fetch(request, bindings), due: async () => undefined };
}

function openResolver(turn: Turn): RoleAtWork {
  const { config, secrets } = turn.opened;
  const world = openWorld(turn.env, turn.execution);
  const { token, client } = openClient(turn);
  const { hosts, origins, lookups } = config.resolver;
  const { fetch } = openOutside(turn.env);
  const spoken = readLookups(lookups, world, { fetch, hsToken: secrets.matrixHsToken });
  return {
    fetch: (request, bindings) => {
      // What the edge routed by; a caller may write anything into the header.
      const asked = new Request(request);
      asked.headers.set('host', new URL(request.url).host);
      return resolverApp({ ...world, client, token, hosts, origins, lookups: spoken }).fetch(asked, bindings);
    },
    due: async (what) => (what === 'ten-minutes' ? client.refresh() : undefined),
  };
}

function openClient({ opened, env, execution }: Turn): { readonly client: Client; readonly token: string } {
  const { config, secrets, keys, texts } = opened;
  const policy = parsePolicy(texts['WHEREABOUTS_POLICY'] ?? '');
  if (policy.domain !== config.domain)
    throw new WhereaboutsError('config-invalid', 'the policy is of another domain than WHEREABOUTS_DOMAIN');
  const token = secrets.resolverToken;
  if (token === undefined || token.length < 16)
    throw new WhereaboutsError('config-invalid', 'WHEREABOUTS_RESOLVER_TOKEN holds no token of 16 characters');
  const { clock, random } = openWorld(env, execution);
  const { db } = connect(env);
  const client = createClient({
    transport: openOutside(env).transport,
    clock,
    random,
    group: fastestGroup,
    sandbox: false,
    policy,
    checkpoints: createCheckpointStore(db),
    store: createDescriptionStore(db),
    credentials: { domain: config.domain, key: keys.signing },
  });
  return { client, token };
}

const OPEN: Partial<Record<Role, (turn: Turn) => RoleAtWork>> = {
  directory: openDirectory,
  issuer: openIssuer,
  witness: openWitness,
  resolver: openResolver,
};

/** Which role has a path's first part to itself; what every role has is the first one's to serve. */
const UNDER: Readonly<Record<string, Role>> = { whereabouts: 'issuer', witness: 'witness' };

/** The role that answers a request. */
export function roleFor(turn: Turn, pathname: string): RoleAtWork {
  const { roles } = turn.opened.config;
  const [, top = ''] = /^\/(\w+)\//.exec(pathname) ?? [];
  const own = Object.hasOwn(UNDER, top) ? UNDER[top] : undefined;
  const role = own !== undefined && roles.has(own) ? own : [...roles][0];
  const open = role === undefined ? undefined : OPEN[role];
  if (open === undefined) throw new WhereaboutsError('config-invalid', 'no role to serve');
  return open(turn);
}

/** Everything due, for every role. */
export async function doDue(turn: Turn, what: Due): Promise<void> {
  await Promise.all([...turn.opened.config.roles].map(async (role) => OPEN[role]?.(turn).due(what)));
}
