// The client a gatekeeper's server, a person's device or a command holds: a policy, its directories, and what they remember.
// Puts the verbs together; each is in its own file. Fetches descriptions when told to, never because of a question.
import type { AccountEvidence, AccountJudgement } from '../protocol/account-evidence.ts';
import type { Answer } from '../protocol/answer.ts';
import type { Description } from '../protocol/description.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { parseIdentifier } from '../protocol/identifier.ts';
import type { IndexEntry } from '../protocol/chain/sealed-index.ts';
import type { TemporaryKey } from '../protocol/token/temporary-key.ts';
import { readVerdicts, type ReadVerdict } from './cited-chains.ts';
import { appendLink, findChain, startChain, type FoundChain, type NextAction } from './chain.ts';
import { findChains, type ClaimingChains } from './chain-search.ts';
import { readIndex, type IndexedChain } from './chain-index.ts';
import { createConversations, type Conversations } from './conversations.ts';
import { layOutHistory, type DescriptionHistory } from './description-history.ts';
import { createMemoryCheckpoints, type SavedEvidence } from './checkpoints.ts';
import { createContext, type ClientParts } from './create-context.ts';
import type { RefreshFailure } from './descriptions.ts';
import { createFollower } from './follower.ts';
import { readLogView, type LogView } from './log-view.ts';
import { monitor, type MonitorReport, type WatchedName } from './monitor.ts';
import { createMemoryMonitorStore, type MonitorStore } from './monitor-state.ts';
import { readPolicyDescriptions, refreshPolicy } from './known.ts';
import { createNetworks, type Network } from './networks.ts';
import { waitAtMost } from './patience.ts';
import type { Policy } from './policy.ts';
import { register, renew, update, type RegisterOptions, type RenewOptions, type UpdateOptions } from './register.ts';
import type { Registration } from './registration.ts';
import {
  verifyAccount,
  verifyEvidence,
  verifyMany,
  type AccountAnswer,
  type AccountQuestion,
  type InvalidAccountAnswer,
  type VerifyOptions,
} from './verify.ts';
import { watch, type WatchEvent } from './watch.ts';
import { askRound, DEADLINE_MILLISECONDS, type WhereOptions } from './where.ts';
import { whereMany, type InvalidAnswer, type Progress } from './where-many.ts';
import { withdraw, type WithdrawOptions } from './withdraw.ts';

const HEAD_MILLISECONDS = 10_000;

export interface Client {
  readonly policy: Policy;
  /** Fetches the descriptions of the policy's domains, once; everything else awaits it. Tells who was not reached. */
  start(): Promise<readonly RefreshFailure[]>;
  /**
   * Fetches those that are no longer fresh, and checks whether the bridges they list answer: call it every few minutes, and
   * never because somebody asked something.
   */
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
  /**
   * The answer, then every change of it as its directories publish it, until the reader stops or `signal` is aborted.
   * Throws `identifier-invalid`, and `overloaded` where too much is watched.
   */
  watch(
    identifier: string,
    options?: WhereOptions & { readonly signal?: AbortSignal },
  ): AsyncGenerator<WatchEvent, void, undefined>;
  /**
   * Whether the owner of an identifier names an account as his (§11.10), with what proves it to others. Throws
   * `identifier-invalid`; whatever else went wrong makes it `unknown`.
   */
  verify(question: AccountQuestion, options?: VerifyOptions): Promise<AccountAnswer>;
  /** The same for many, in the order asked. */
  verifyMany(
    questions: readonly AccountQuestion[],
    options?: VerifyOptions,
  ): AsyncGenerator<AccountAnswer | InvalidAccountAnswer, void, undefined>;
  /**
   * Judges such evidence (JSON value) by this policy, as of when it was gathered: no directory is asked. Throws
   * `evidence-invalid` where it does not hold.
   */
  verifyEvidence(evidence: unknown): Promise<AccountJudgement & { readonly evidence: AccountEvidence }>;
  /**
   * Makes a network known that somebody adds by its domain, so that questions may offer it (`also`); `from` is the asker's own.
   * Throws why not: `description-invalid`, `provider-unknown`, `peer-unreachable`, `url-refused`, `request-invalid`.
   */
  addNetwork(domain: string, from?: string): Promise<Network>;
  /** What a domain says about itself (§8), fetched and checked unless a fresh copy is at hand. Throws why not. */
  describe(domain: string): Promise<Description>;
  /** Conversations across networks, planned by directories (§11.11). */
  readonly conversations: Conversations;
  register(options: RegisterOptions): Promise<Registration>;
  /** Changes a registration whose key was kept. */
  update(registration: Registration, options: UpdateOptions): Promise<Registration>;
  /** Registers anew with what issuers attested ahead: for many at once. */
  renew(registration: Registration, options: RenewOptions): Promise<Registration>;
  withdraw(registration: Registration, options?: WithdrawOptions): Promise<void>;
  /** Ids of the keys a directory lists now; one with an end (seconds) is being retired: register again before (§10). */
  keys(directory: string): Promise<readonly { readonly id: string; readonly until?: number }[]>;
  /** Tells of every record under these names that their owners did not make (§6.7); `store` remembers how far it read. */
  monitor(
    directory: string,
    watched: readonly WatchedName[],
    store?: MonitorStore,
  ): AsyncGenerator<MonitorReport, void, undefined>;
  /** The newest epochs of a directory's log and its tree, checked and made for looking at: 16 of them unless given. */
  log(directory: string, options?: { readonly epochs?: number }): Promise<LogView>;
  /** An identity chain (§9) as a directory has proven it; undefined where it has proven that there is none. */
  findChain(directory: string, id: string): Promise<FoundChain | undefined>;
  /** A page of chains that claim `<service>:<account>`, each proven; which ones there are is the directory's word (§9.6). */
  findChains(directory: string, account: string, options?: { readonly after?: string }): Promise<ClaimingChains>;
  /** What a directory says of the accounts of a chain: its own word (§9.3). */
  chainVerdicts(directory: string, id: string): Promise<readonly ReadVerdict[]>;
  /** Begins an identity chain with a key that the caller keeps. */
  startChain(directory: string, key: TemporaryKey): Promise<FoundChain>;
  /** Appends to one; throws `chain-stale` where somebody else was quicker. */
  appendLink(directory: string, id: string, action: NextAction, key: TemporaryKey): Promise<FoundChain>;
  /** Entries of a chain's index that its owner sealed for who knows this identifier (§9.4). Throws `identifier-invalid`. */
  readIndex(
    directory: string,
    chain: IndexedChain,
    identifier: string,
    options?: Pick<WhereOptions, 'region'>,
  ): Promise<readonly IndexEntry[]>;
  /** What changed in a domain's description (§8.3), as seen from here; undefined where nothing was seen. Asks nobody. */
  history(domain: string): Promise<DescriptionHistory | undefined>;
  /** What directories signed that they should not have (§6.6). */
  evidence(): Promise<readonly SavedEvidence[]>;
}

export function createClient(parts: ClientParts): Client {
  const { checkpoints = createMemoryCheckpoints() } = parts;
  const context = createContext(parts, checkpoints);
  const { policy, descriptions, aside, health, clock } = context;
  const memory = createMemoryMonitorStore();
  const networks = createNetworks(context);
  const follower = createFollower(context);
  let started: Promise<readonly RefreshFailure[]> | undefined;
  const refreshDescriptions = async () => {
    await aside.load();
    return refreshPolicy(context, networks.list());
  };
  const refresh = async () => {
    const failures = await refreshDescriptions();
    const known = await readPolicyDescriptions(context, networks.list());
    await health.check(Array.from(known.values(), ({ description }) => description));
    await follower.reconsider();
    return failures;
  };
  const start = async () => {
    // Without checks of bridges: a client may be started by its first question.
    started ??= refreshDescriptions();
    try {
      return await started;
    } catch (error) {
      // The store was in trouble, not the domains: the next one may try again.
      started = undefined;
      throw error;
    }
  };

  /** The first question waits for descriptions, but a provider that hangs must not cost it its answer. */
  const startInTime = ({ deadlineMilliseconds = DEADLINE_MILLISECONDS }: WhereOptions) =>
    waitAtMost(start(), deadlineMilliseconds / 2);

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
      await startInTime(options);
      const [answer] = askRound(context, [id], options);
      if (answer === undefined) throw new WhereaboutsError('internal-error', 'a question without an answer');
      return answer;
    },
    async *whereMany(identifiers, options = {}) {
      await startInTime(options);
      yield* whereMany(identifiers, (ids) => askRound(context, ids, options), options);
    },
    async *watch(identifier, { signal, ...options } = {}) {
      const id = parseIdentifier(identifier, options.region);
      await startInTime(options);
      yield* watch(follower.join(id, options), signal === undefined ? {} : { signal });
    },
    async verify(question, options = {}) {
      await startInTime(options);
      return verifyAccount(context, question, options);
    },
    async *verifyMany(questions, options = {}) {
      await startInTime(options);
      yield* verifyMany(context, questions, options);
    },
    async verifyEvidence(evidence) {
      await start();
      return verifyEvidence(context, evidence);
    },
    async addNetwork(domain, from) {
      await start();
      return networks.add(domain, from);
    },
    describe: (domain) => descriptions.fetch(domain),
    conversations: createConversations(context, startInTime),
    register: (options) => register(context, options),
    update: (registration, options) => update(context, registration, options),
    renew: (registration, options) => renew(context, registration, options),
    withdraw: (registration, options) => withdraw(context, registration, options),
    async keys(domain) {
      await descriptions.fetch(domain);
      const { config } = await context.directory(domain).head(parts.clock() + HEAD_MILLISECONDS, { fresh: true });
      return config.keys.map(({ id, until }) => ({ id, ...(until === undefined ? {} : { until }) }));
    },
    async findChain(domain, id) {
      await descriptions.fetch(domain);
      return findChain(context, domain, id);
    },
    async findChains(domain, account, { after } = {}) {
      await descriptions.fetch(domain);
      return findChains(context, domain, account, after);
    },
    async chainVerdicts(domain, id) {
      await descriptions.fetch(domain);
      return readVerdicts(context, domain, id);
    },
    async startChain(domain, key) {
      await descriptions.fetch(domain);
      return startChain(context, domain, key);
    },
    async appendLink(domain, id, action, key) {
      await descriptions.fetch(domain);
      return appendLink(context, domain, id, action, key);
    },
    async readIndex(domain, chain, identifier, { region } = {}) {
      const id = parseIdentifier(identifier, region);
      await descriptions.fetch(domain);
      return readIndex(context, domain, chain, id);
    },
    history: (domain) => layOutHistory(descriptions, domain),
    async *monitor(domain, watched, store = memory) {
      await descriptions.fetch(domain);
      yield* monitor({ directory: context.directory(domain), store, clock: context.clock }, watched);
    },
    async log(domain, { epochs = 16 } = {}) {
      await descriptions.fetch(domain);
      return readLogView(context.directory(domain), epochs, clock());
    },
    evidence: () => checkpoints.listEvidence(),
  };
}
