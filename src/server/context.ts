// What a verb may use of the world, handed in by the doors: nothing in server/ reads a clock, a socket or the environment itself.
import type { GroupSource } from '../protocol/group.ts';
import type { Evaluation, OprfKeyPair, Random } from '../protocol/oprf.ts';
import type { SigningKey } from '../protocol/token/jws.ts';
import type { Descriptions, KeptDescriptions } from '../client/descriptions.ts';
import type { SafeFetch } from '../evidence/safe-fetch.ts';
import type { NoteSigner } from '../protocol/log/note.ts';
import type { DepthAim, Pace } from './directory/sequencer/decide.ts';
import type { DepositGroup } from './directory/deposit-group.ts';
import type { ReadMemory } from './directory/read-memory.ts';
import type { Flight } from './directory/sequencer/flight.ts';
import type { Witnesses } from './directory/sequencer/witnesses.ts';
import type { OprfKey } from './keys.ts';
import type { Metrics } from './metrics.ts';
import type { OwnText } from './own-description.ts';
import type { Db } from './store/database.ts';

/** Time in milliseconds since 1970. */
export type Clock = () => number;

/** Structured log lines without personal data: `event` is a fixed word, `fields` counts, codes and domains. */
export interface Log {
  debug(event: string, fields?: Readonly<Record<string, string | number | boolean>>): void;
  info(event: string, fields?: Readonly<Record<string, string | number | boolean>>): void;
  warn(event: string, fields?: Readonly<Record<string, string | number | boolean>>): void;
  error(event: string, fields?: Readonly<Record<string, string | number | boolean>>): void;
}

export interface Context {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Work a reply need not wait for; a Worker hands it to `waitUntil`. */
  readonly later: (work: Promise<void>) => void;
}

/** A bucket of tokens: `capacity` at most, `refill` of them back every `seconds`. */
export interface Quota {
  readonly capacity: number;
  readonly refill: number;
  readonly seconds: number;
}

/** Every limit of §10 that an operator may change. */
export interface Quotas {
  readonly endUser: Quota;
  readonly gatekeeper: Quota;
  readonly unlisted: Quota;
  /** Evaluations without credentials, per client address: capacity 0 in production. */
  readonly anonymous: Quota;
  readonly changesPerNameAndIssuer: Quota;
  readonly writesPerIssuer: Quota;
  readonly writesPerListedIssuer: Quota;
  /** First fetches of descriptions of domains nobody here has heard of, in all and per client address. */
  readonly fetches?: Quota;
  readonly fetchesPerAddress?: Quota;
  /** New identity chains and links per client address, and links per chain. */
  readonly chainsPerAddress?: Quota;
  readonly linksPerAddress?: Quota;
  readonly linksPerChain?: Quota;
  /** Live records of one unlisted registrable domain. */
  readonly unlistedRecords: number;
}

/**
 * The newest checkpoint everybody saw, kept outside the database: what a restored backup is found out by. Several instances
 * may share it, and write at once and late: it never goes back to a smaller one.
 */
export interface ShownCheckpoint {
  /** Undefined where none was ever written; rejects where it cannot be told, `config-invalid` where the operator can help. */
  read(): Promise<string | undefined>;
  /** Durable once it resolves; may hang as its disk does. */
  write(size: number, note: string): Promise<void>;
}

/** How the log is kept (§6.3). */
export interface Sequencing extends Pace {
  /** How long a deposit waits for its epoch before it is told to come back, in milliseconds. */
  readonly patience: number;
  readonly depth: DepthAim;
  readonly shown?: ShownCheckpoint;
}

/** BlindEvaluate with its proof (RFC 9497 §3.3.2), in this thread or another. */
export interface Evaluating {
  /** Whether so many more elements may wait; whoever is refused is told to come again. */
  hasRoom(elements: number): boolean;
  /** Throws `element-invalid` with `index`, `overloaded`. What `signal` says nobody waits for need not be done. */
  evaluate(key: OprfKeyPair, blinded: readonly Uint8Array[], signal?: AbortSignal): Promise<Evaluation>;
}

export interface DirectoryContext extends Context {
  readonly role: 'directory';
  readonly domain: string;
  /** Public base URL of the API, no slash at the end. */
  readonly url: string;
  readonly db: Db;
  readonly evaluating: Evaluating;
  /** What readers share, where the process outlives a request. */
  readonly reading?: ReadMemory;
  /** Keys at hand, ascending by key id; one may be retiring. The door changes this list while the process runs. */
  readonly oprfKeys: readonly OprfKey[];
  /** Id of a key that is lost or stolen: it may leave before its end (§10). */
  readonly abandoned?: string | undefined;
  /** Signs plans of conversations; its public half is in the directory's description. */
  readonly signingKey: SigningKey;
  /** Signs checkpoints; its key's name is the log's origin. */
  readonly logSigner: NoteSigner;
  readonly witnesses: Witnesses;
  readonly sequencing: Sequencing;
  /** One a process: deposits that share a transaction. */
  readonly deposits: DepositGroup;
  /** One a process: what of sequencing is under way in it. */
  readonly flight: Flight;
  /** Secret for keyed hashes of quota subjects and client addresses: 32 octets, derived from the signing key. */
  readonly pepper: Uint8Array;
  readonly issuers: 'open' | 'listed';
  /** Domains with full quotas: issuers and gatekeepers the operator knows. */
  readonly listed: ReadonlySet<string>;
  readonly quotas: Quotas;
  readonly descriptions: KeptDescriptions;
  readonly fetch: SafeFetch;
  /** The directory's own description, as served at /.well-known/whereabouts. */
  readonly description: OwnText;
}

export interface IssuerContext extends Context {
  readonly role: 'issuer';
  readonly domain: string;
  readonly url: string;
  readonly db: Db;
  readonly group: GroupSource;
  readonly signingKey: SigningKey;
  /** Secret for keyed hashes of accounts and nonces: 32 octets, derived from the signing key. */
  readonly pepper: Uint8Array;
  /** How this issuer establishes possession, where its accounts do not say. */
  readonly amr: readonly string[];
  /** Directories it attests for: it asks no other, whoever names one. */
  readonly directories: ReadonlySet<string>;
  readonly descriptions: Descriptions;
  readonly fetch: SafeFetch;
  /** Attestations one account may ask for. */
  readonly attestationsPerAccount: Quota;
  /** The issuer's own description, as served at /.well-known/whereabouts. */
  readonly description: OwnText;
}
