// The SDK's door, for browsers, Node and Workers: fills in clock, randomness and network, and lists what is exported.
// On Node, `transport` should be the one of platform/node: it connects only to addresses it has checked (§8.1).
import { createClient as createClientOf, type Client } from './client/client.ts';
import type { HealthStore } from './client/bridge-health.ts';
import type { Checkpoints } from './client/checkpoints.ts';
import type { DescriptionStore } from './client/description-store.ts';
import type { Credentials } from './client/evaluate.ts';
import { parsePolicy } from './client/policy.ts';
import { lazyGroup, WORTH_LOADING } from './platform/sodium.ts';
import type { Transport } from './evidence/safe-fetch.ts';
import type { Group } from './protocol/group.ts';
import type { Random } from './protocol/oprf.ts';

export interface ClientOptions {
  /** Whom to ask and whom to believe: JSON text, or its value. */
  readonly policy: unknown;
  /** Who asks: a domain with a key of its description. A person who registers needs none. */
  readonly credentials?: Credentials;
  /** The platform's own unless given. */
  readonly fetch?: typeof globalThis.fetch;
  /** Instead of `fetch`: one exchange, by somebody who checks addresses. */
  readonly transport?: Transport;
  /** Only for `*.localhost` domains served over plain http by `npm start`; the port they are on is 8080 unless given. */
  readonly sandbox?: boolean | { readonly port: number };
  /** Where descriptions are kept: memory unless given. */
  readonly store?: DescriptionStore;
  /** Where it is kept which bridges answered: memory unless given. */
  readonly health?: HealthStore;
  /** Where the last checkpoint of each log and evidence are kept: memory unless given. What lives longer notices more. */
  readonly checkpoints?: Checkpoints;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  readonly random?: Random;
  /** The group's arithmetic: noble, and for many identifiers libsodium where it can be loaded, unless given. */
  readonly group?: Group;
}

/** A client of the directories its policy names. */
export function createClient(options: ClientOptions): Client {
  const { sandbox = false, fetch: get = globalThis.fetch, credentials, store, health, checkpoints } = options;
  const port = typeof sandbox === 'object' ? sandbox.port : 8080;
  return createClientOf({
    policy: parsePolicy(options.policy),
    transport: options.transport ?? createFetchTransport(get, port),
    sandbox: sandbox !== false,
    clock: options.clock ?? Date.now,
    random: options.random ?? ((octets) => crypto.getRandomValues(new Uint8Array(octets))),
    group: groupOf(options.group),
    ...(credentials === undefined ? {} : { credentials }),
    ...(store === undefined ? {} : { store }),
    ...(health === undefined ? {} : { health }),
    ...(checkpoints === undefined ? {} : { checkpoints }),
  });
}

const groupOf = (given: Group | undefined) =>
  given === undefined ? lazyGroup(() => undefined, WORTH_LOADING) : () => given;

/** No cookies, no referrer, and no trace of what was read in a browser's cache. */
const QUIET: RequestInit = { credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' };

/** A transport over a platform's fetch. What addresses that connects to is the platform's business. */
function createFetchTransport(get: typeof globalThis.fetch, sandboxPort: number): Transport {
  return ({ url, method, headers, body, signal }) => {
    const address = new URL(url);
    // A sandbox's domains carry no port. Nothing else is ever http: see evidence/safe-fetch.ts.
    if (address.protocol === 'http:' && address.port === '') address.port = String(sandboxPort);
    return get(address, {
      ...QUIET,
      method,
      headers: { ...headers },
      signal,
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
  };
}

export type { HealthCheck, HealthStore } from './client/bridge-health.ts';
export type { Checkpoints, SavedEvidence } from './client/checkpoints.ts';
export type { ReadVerdict } from './client/cited-chains.ts';
export { watchedChain, type FoundChain, type NextAction } from './client/chain.ts';
export type { ClaimingChain, ClaimingChains } from './client/chain-search.ts';
export type { IndexedChain } from './client/chain-index.ts';
export type { Client } from './client/client.ts';
export {
  createConversation,
  type Adopted,
  type Conversation,
  type ConversationMemory,
  type ConversationMessage,
  type ConversationOptions,
  type Next,
  type PlanWithInputs,
} from './client/conversation.ts';
export type {
  ConversationPlace,
  Conversations,
  OpenOptions,
  OwnPart,
  PlannedConversation,
} from './client/conversations.ts';
export type { Member, MemberAnswer, MemberOptions } from './client/members.ts';
export type { RouteChoice, RoutingOptions } from './client/deposit.ts';
export type { DescriptionHistory } from './client/description-history.ts';
export type { DescriptionStore, StoredDescription } from './client/description-store.ts';
export type { RefreshFailure } from './client/descriptions.ts';
export type { Credentials } from './client/evaluate.ts';
export type { LogPin } from './client/log-pin.ts';
export type { LogView, ShownEpoch, ShownNode } from './client/log-view.ts';
export type { MonitorReport, NameChange, OwnRecord, Sighting, WatchedName } from './client/monitor.ts';
export type { MonitorStore } from './client/monitor-state.ts';
export type { Network } from './client/networks.ts';
export { parsePolicy, type Policy } from './client/policy.ts';
export type {
  Attestor,
  ProviderChoice,
  RegisterOptions,
  Renewal,
  RenewOptions,
  UpdateOptions,
} from './client/register.ts';
export { lookAtAccount, type LookOptions } from './client/look-at-account.ts';
export {
  formatRegistration,
  parseRegistration,
  type IssuedAttestation,
  type KeptSecrets,
  type Registration,
} from './client/registration.ts';
export type { AccountAnswer, AccountQuestion, InvalidAccountAnswer, VerifyOptions } from './client/verify.ts';
export type { WatchEvent } from './client/watch.ts';
export type { WhereOptions } from './client/where.ts';
export type { InvalidAnswer, Progress } from './client/where-many.ts';
export type { WithdrawOptions } from './client/withdraw.ts';
export type { LinkedClaim } from './evidence/ask.ts';
export type { Transport } from './evidence/safe-fetch.ts';
export type { Verdict as AccountVerdict } from './evidence/verdict.ts';
export type {
  Alternative,
  Answer,
  AnswerAccount,
  AnswerChain,
  AnswerRoute,
  DirectoryReport,
} from './protocol/answer.ts';
export { CHANGES, type AnswerChange, type Direction } from './protocol/answer-change.ts';
export type { Connect, Hop } from './protocol/bridge.ts';
export { gatherInputs, type Asked, type Known } from './protocol/conversation/gather.ts';
export { hashInputs, type Inputs } from './protocol/conversation/inputs.ts';
export { readPaths, type Paths } from './protocol/conversation/paths.ts';
export { hashPlan, makePlan, nextPlan, verifyPlan, type Plan } from './protocol/conversation/plan.ts';
export { levelOf, type Privacy } from './protocol/conversation/privacy.ts';
export { readPlan, verifyPlanToken, type SignedPlan } from './protocol/token/plan.ts';
export type { Description } from './protocol/description.ts';
export type { Encryption, Reason } from './protocol/encryption.ts';
export type { DescriptionChange, HistoryEntry } from './protocol/description-changes.ts';
export { isService, parseAccount, parseAccountName, parseAccountNames, parseClaim } from './protocol/account.ts';
export type { Account, AccountClaim, Service } from './protocol/account.ts';
export type { AccountEvidence, AccountJudgement, ClaimedAccount } from './protocol/account-evidence.ts';
export type { ChainIndex, IndexRecord, SealedEntry } from './protocol/chain/index-entries.ts';
export type { ChainName } from './protocol/chain/link.ts';
export { isNameProof, linkHash, nameProof, proofMarker } from './protocol/chain/names.ts';
export { CHAIN_REASONS, chainReason, type ChainReason } from './protocol/chain/reasons.ts';
export { verifyChain } from './protocol/chain/replay.ts';
export { openEntry, sealEntry, type IndexEntry } from './protocol/chain/sealed-index.ts';
export { signLink, signStart, type NewAction, type Signing } from './protocol/chain/sign.ts';
export type { ChainAccount, ChainState } from './protocol/chain/state.ts';
export { CODES, isCode, WhereaboutsError, type Code } from './protocol/errors.ts';
export { nobleGroup } from './protocol/group-noble.ts';
export { parseIdentifier, type Identifier } from './protocol/identifier.ts';
export { messagesIn } from './protocol/language/language.ts';
export {
  LANGUAGES,
  type ChangeCode,
  type Language,
  type Messages,
  type ReasonCode,
} from './protocol/language/messages.ts';
export type { Level, Verdict } from './protocol/levels.ts';
export { generateTemporaryKey, type TemporaryKey } from './protocol/token/temporary-key.ts';
