// The client a gatekeeper's server, a person's device or a command holds: a policy, its directories, and what they remember.
// Puts the verbs together; each is in its own file. Fetches descriptions when told to, never because of a question.
import type { Transport } from '../evidence/safe-fetch.ts';
import { createSafeFetch } from '../evidence/safe-fetch.ts';
import type { Answer } from '../protocol/answer.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import type { Group } from '../protocol/group.ts';
import { parseIdentifier } from '../protocol/identifier.ts';
import type { Random } from '../protocol/oprf.ts';
import type { ClientContext } from './context.ts';
import { layOutHistory, type DescriptionHistory } from './description-history.ts';
import type { DescriptionStore } from './description-store.ts';
import { createDescriptions, type RefreshFailure } from './descriptions.ts';
import { createMemoryCheckpoints, type Checkpoints, type SavedEvidence } from './checkpoints.ts';
import { Directory } from './directory.ts';
import type { Credentials } from './evaluate.ts';
import { monitor, type MonitorReport, type WatchedName } from './monitor.ts';
import { createMemoryMonitorStore, type MonitorStore } from './monitor-state.ts';
import { describedDomains, type Policy } from './policy.ts';
import { register, update, type RegisterOptions, type UpdateOptions } from './register.ts';
import type { Registration } from './registration.ts';
import { askRound, type WhereOptions } from './where.ts';
import { whereMany, type InvalidAnswer, type Progress } from './where-many.ts';
import { withdraw, type WithdrawOptions } from './withdraw.ts';

export interface Client {
  readonly policy: Policy;
  /** Fetches the descriptions of the policy's domains, once; everything else awaits it. Tells who was not reached. */
  start(): Promise<readonly RefreshFailure[]>;
  /** Fetches those that are no longer fresh: call it every few minutes, and never because somebody asked something. */
  refresh(): Promise<readonly RefreshFailure[]>;
  /** Throws `peer-unreachable` unless the description of at least one directory is at hand. */
  ready(): Promise<void>;
  /** Where one person wants to be reached. Throws `identifier-invalid`; whatever else went wrong is in the answer. */
  where(identifier: string, options?: WhereOptions): Promise<Answer>;
  /** The same for many, in the order asked. */
  whereMany(
    identifiers: Iterable<string> | AsyncIterable<string>,
    options?: WhereOptions & { readonly onProgress?: (progress: Progress) => void },
  ): AsyncGenerator<Answer | InvalidAnswer, void, undefined>;
  register(options: RegisterOptions): Promise<Registration>;
  /** Changes a registration whose key was kept. */
  update(registration: Registration, options: UpdateOptions): Promise<Registration>;
  withdraw(registration: Registration, options?: WithdrawOptions): Promise<void>;
  /** Tells of every record under these names that their owners did not make (§6.7); `store` remembers how far it read. */
  monitor(
    directory: string,
    watched: readonly WatchedName[],
    store?: MonitorStore,
  ): AsyncGenerator<MonitorReport, void, undefined>;
  /** What changed in a domain's description (§8.3), as seen from here; undefined where nothing was seen. Asks nobody. */
  history(domain: string): Promise<DescriptionHistory | undefined>;
  /** What directories signed that they should not have (§6.6). */
  evidence(): Promise<readonly SavedEvidence[]>;
}

export interface ClientParts {
  readonly policy: Policy;
  readonly transport: Transport;
  readonly sandbox: boolean;
  readonly clock: () => number;
  readonly random: Random;
  readonly group: Group;
  readonly credentials?: Credentials;
  readonly store?: DescriptionStore;
  /** What is remembered of logs: memory unless given. */
  readonly checkpoints?: Checkpoints;
}

export function createClient(parts: ClientParts): Client {
  const { checkpoints = createMemoryCheckpoints() } = parts;
  const context = createContext(parts, checkpoints);
  const { policy, descriptions } = context;
  const memory = createMemoryMonitorStore();
  let started: Promise<readonly RefreshFailure[]> | undefined;
  const refresh = () => descriptions.refresh(describedDomains(policy));
  const start = async () => {
    started ??= refresh();
    try {
      return await started;
    } catch (error) {
      // The store was in trouble, not the domains: the next one may try again.
      started = undefined;
      throw error;
    }
  };

  return {
    policy,
    start,
    refresh,
    async ready() {
      await start();
      const found = await Promise.all(policy.directories.map((domain) => descriptions.find(domain)));
      if (found.every((description) => description === undefined))
        throw new WhereaboutsError('peer-unreachable', 'no directory has been reached yet');
    },
    async where(identifier, options = {}) {
      const id = parseIdentifier(identifier, options.region);
      await start();
      const [answer] = askRound(context, [id], options);
      if (answer === undefined) throw new WhereaboutsError('internal-error', 'a question without an answer');
      return answer;
    },
    async *whereMany(identifiers, options = {}) {
      await start();
      yield* whereMany(identifiers, (ids) => askRound(context, ids, options), options);
    },
    register: (options) => register(context, options),
    update: (registration, options) => update(context, registration, options),
    withdraw: (registration, options) => withdraw(context, registration, options),
    history: (domain) => layOutHistory(descriptions, domain),
    async *monitor(domain, watched, store = memory) {
      await descriptions.fetch(domain);
      yield* monitor({ directory: context.directory(domain), store, clock: context.clock }, watched);
    },
    evidence: () => checkpoints.listEvidence(),
  };
}

function createContext(parts: ClientParts, checkpoints: Checkpoints): ClientContext {
  const { policy, clock, random, group, sandbox, credentials, store } = parts;
  const fetch = createSafeFetch(parts.transport, { sandbox });
  const descriptions = createDescriptions({ fetch, clock, sandbox, ...(store === undefined ? {} : { store }) });
  const directories = new Map<string, Directory>();
  return {
    policy,
    sandbox,
    fetch,
    clock,
    random,
    group,
    descriptions,
    ...(credentials === undefined ? {} : { credentials }),
    directory: (domain) => {
      const known =
        directories.get(domain) ??
        new Directory({ fetch, clock, descriptions, checkpoints, pin: policy.logs?.[domain] }, domain);
      directories.set(domain, known);
      return known;
    },
  };
}
