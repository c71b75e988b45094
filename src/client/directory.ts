// One directory over the wire, as its client meets it: epochs, buckets, sealed records, deposits, withdrawals. Hands out only
// what was verified (§6.6); what the records mean is for protocol/judgement.ts, who is asked for client/look-up.ts.
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { bucketNumber, splitSealed } from '../protocol/bucket.ts';
import { parseConfigText, type ConfigText } from '../protocol/config-text.ts';
import { failAs, WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { formatBucketLeaf } from '../protocol/log/bucket-leaf.ts';
import { parseMapProof } from '../protocol/log/bundle.ts';
import { leafHash } from '../protocol/log/hash.ts';
import { parseEpochLeaf } from '../protocol/log/leaf-text.ts';
import { parseTlogProof } from '../protocol/log/tlog-proof.ts';
import { verifyBundle, verifyReceipt, type BucketReply, type VerifiedBucket } from '../protocol/log/verify-bundle.ts';
import { verifyEpoch, type LogPolicy, type VerifiedEpoch } from '../protocol/log/verify-epoch.ts';
import { equalOctets, formatHex, parseB64u, parseHex, parseUtf8 } from '../protocol/wire.ts';
import { BUCKET_OCTETS } from './api-source.ts';
import { call, parseReply, type Call, type CallParts } from './call.ts';
import { createMemoryCheckpoints, type Checkpoints } from './checkpoints.ts';
import type { Descriptions } from './descriptions.ts';
import { checkSigned, type Grown, type LogParts } from './log-check.ts';
import { logPolicy, type LogPin } from './log-pin.ts';
import { readHashes, type Source } from './source.ts';
import { Sources } from './sources.ts';

/** What a directory's client needs of the world. */
export interface DirectoryParts extends CallParts {
  readonly descriptions: Pick<Descriptions, 'find'>;
  /** Memory of this object unless given. */
  readonly checkpoints?: Checkpoints;
  /** What the policy demands of this directory's log. */
  readonly pin?: LogPin | undefined;
  /** Where its public octets are published as files (§6.8); what its description says unless given. `false`: nowhere. */
  readonly publication?: string | false | undefined;
}

/** The newest epoch, and the configuration its leaf names. */
export type Head = Grown<VerifiedEpoch> & { readonly config: ConfigText };

/** A bucket, proven to be in the map of the newest epoch. */
export type Bucket = Grown<VerifiedBucket> & { readonly from: Source['kind']; readonly reply: BucketReply };

/** A name to read the bucket of; depth and configuration are those of the head it was evaluated under. */
export interface BucketPlace {
  readonly name: Uint8Array;
  readonly depth: number;
  /** SHA-256 of the config text. */
  readonly config: Uint8Array;
}

/** What the caller knows of the record a receipt has to show. */
export interface Deposited {
  readonly holder: string;
  /** SHA-256 of the sealed octets, hex. */
  readonly digest: string;
  /** The evaluation key the name is under, where it was evaluated just now: it must be in use in the receipt's epoch. */
  readonly keyId?: string | undefined;
  /** It must be the key that registrations go under, not one that is being retired. */
  readonly registering?: boolean | undefined;
}

const receipt = { epoch: z.int().min(0), bundle: z.string(), index: z.string() };
const withdrawalReply = z.object(receipt);
const depositReply = z.object({ digest: z.string(), ...receipt });

/** Config texts remembered: there are two around a rotation. */
const CONFIGS = 8;

/** How long a head is used before it is read again: a bundle of another depth or configuration tells earlier. */
const HEAD_MILLISECONDS = 300_000;

/** One directory. It has identity over time: it remembers the newest epoch and the configurations it has verified. */
export class Directory {
  readonly domain: string;
  readonly #parts: DirectoryParts & { readonly checkpoints: Checkpoints };
  readonly #sources: Sources;
  readonly #configs = new Map<string, ConfigText>();
  #head: { readonly value: Head; readonly until: number } | undefined;
  #reading: Promise<Head> | undefined;
  #policy: { readonly of: unknown; readonly value: LogPolicy } | undefined;

  constructor(parts: DirectoryParts, domain: string) {
    this.#parts = { ...parts, checkpoints: parts.checkpoints ?? createMemoryCheckpoints() };
    this.domain = domain;
    const published = async () => (await parts.descriptions.find(domain))?.directory?.publication;
    this.#sources = new Sources(
      parts,
      () => this.api(),
      async () => parts.publication ?? published(),
    );
  }

  /** Base URL of the API, from the cache: a look-up never makes anybody fetch a description (§4.1). */
  async api(): Promise<string> {
    const description = await this.#parts.descriptions.find(this.domain);
    const api = description?.directory?.api;
    if (api === undefined) throw new WhereaboutsError('provider-unknown', 'no description of the directory is at hand');
    // Written by hand it may end in a slash.
    return api.replace(/\/+$/, '');
  }

  /** Whose signatures count: the policy's pins, else the directory's description. */
  async policy(): Promise<LogPolicy> {
    const description = await this.#parts.descriptions.find(this.domain);
    // Keys are told apart by identity, and importing one costs as much as a verification: they are parsed once.
    if (this.#policy === undefined || this.#policy.of !== description)
      this.#policy = { of: description, value: logPolicy(this.domain, this.#parts.pin, description) };
    return this.#policy.value;
  }

  /** The newest epoch, verified, with depth and keys; `fresh` where what was remembered turned out to be old. */
  async head(until: number, options: { readonly fresh?: boolean } = {}): Promise<Head> {
    if (this.#head !== undefined && this.#head.until > this.#parts.clock() && options.fresh !== true)
      return this.#head.value;
    this.#reading ??= this.read(until, (source) => this.#readHead(source, until)).finally(
      () => (this.#reading = undefined),
    );
    return this.#reading;
  }

  /** What `work` makes of the directory's files, or else of its API (`Sources`): verifying what it reads is up to it. */
  read<T>(until: number, work: (source: Source) => Promise<T>): Promise<T> {
    return this.#sources.read(until, work);
  }

  /** Reads and verifies the bucket of a name (§6.6). Throws as `verifyBundle` and `verifyGrowth`. */
  async readBucket(place: BucketPlace, until: number): Promise<Bucket> {
    const { depth, name } = place;
    return this.read(until, async (source) => {
      const reply = await source.readBucket(depth, bucketNumber(name, depth));
      const verify = (policy: LogPolicy) => verifyBundle(reply, { ...place, now: this.#now() }, policy);
      return { ...(await this.#checkBucket(source, reply, until, verify)), from: source.kind, reply };
    });
  }

  /** All sealed records of a bucket in index order: always the whole bucket, so that nobody sees which one was wanted (§6.5). */
  async readSealed({ leaf: { depth }, bucket, bucketLeaf, index, from }: Bucket, until: number): Promise<Uint8Array[]> {
    const leaf = bucketLeaf === undefined ? undefined : leafHash(formatBucketLeaf(bucketLeaf));
    const work = async (source: Source) => splitSealed(index, await source.readSealed({ depth, bucket, leaf }));
    if (from === 'publication') return this.read(until, work);
    return work(await this.#sources.api(until));
  }

  /** Deposits a record (§5.2); returns its epoch once the directory has proven that the record is in it. */
  async deposit(
    name: string,
    body: { sealed: string; deposit: string; attestations: readonly string[] },
    expected: Deposited,
    until: number,
  ): Promise<{ epoch: number }> {
    const octets = await this.call(`/v1/records/${name}`, { method: 'PUT', body, until, maxOctets: BUCKET_OCTETS });
    const { digest, ...reply } = parseReply(depositReply, octets);
    if (digest !== expected.digest)
      throw new WhereaboutsError('record-invalid', 'the directory confirmed another record');
    const place = readPlace(parseB64u(name, 32), reply);
    const request = { ...place, holder: parseB64u(expected.holder, 32), now: this.#now() };
    const given = { ...reply, digest: parseHex(digest, 32) };
    const source = await this.#sources.api(until);
    const verify = (policy: LogPolicy) => verifyReceipt(given, request, policy);
    await this.#checkBucket(source, reply, until, verify, { older: true });
    const { keys } = await this.#readConfig(source, place.config);
    // Under a key that is gone nobody would find the record, and under one that is leaving not for long.
    const { keyId, registering } = expected;
    const key = keys.find(({ id }) => id === keyId);
    if (keyId !== undefined && (key === undefined || (registering === true && key.until !== undefined)))
      throw new WhereaboutsError('config-changed', 'the key the name is under is not in use any more');
    return { epoch: reply.epoch };
  }

  /** Withdraws a record (§5.2); returns the epoch the directory has proven it to be gone in. */
  async withdraw(name: string, withdrawal: string, holder: string, until: number): Promise<{ epoch: number }> {
    const path = `/v1/records/${name}/withdrawal`;
    const octets = await this.call(path, { method: 'POST', body: { withdrawal }, until, maxOctets: BUCKET_OCTETS });
    const reply = parseReply(withdrawalReply, octets);
    const place = readPlace(parseB64u(name, 32), reply);
    const gone = parseB64u(holder, 32);
    const request = { ...place, now: this.#now() };
    const verify = async (policy: LogPolicy): Promise<VerifiedBucket> => {
      const verified = await verifyBundle(reply, request, policy);
      if (verified.leaf.epoch !== reply.epoch)
        throw new WhereaboutsError('epoch-invalid', 'a receipt for another epoch');
      if (verified.entries.some((entry) => equalOctets(entry.holder, gone)))
        throw new WhereaboutsError('bucket-invalid', 'the record is still in its bucket');
      return verified;
    };
    const source = await this.#sources.api(until);
    await this.#checkBucket(source, reply, until, verify, { older: true });
    return { epoch: reply.epoch };
  }

  /** Verifies the bucket of `name` that came with something else from the API, of whichever epoch it is. */
  async checkBucketOf(name: Uint8Array, reply: BucketReply, until: number): Promise<Grown<VerifiedBucket>> {
    const request = { ...readPlace(name, reply), now: this.#now() };
    const source = await this.#sources.api(until);
    const verify = (policy: LogPolicy) => verifyBundle(reply, request, policy);
    return this.#checkBucket(source, reply, until, verify);
  }

  async #readHead(source: Source, until: number): Promise<Head> {
    const bundle = await source.readEpoch();
    const policy = await this.policy();
    const epoch = await checkSigned(await this.#log(source, until), policy, { bundle }, () =>
      verifyEpoch(bundle, policy, this.#now()),
    );
    // §6.1: past 24 bits a look-up would hide among nobody.
    if (epoch.leaf.depth > LIMITS.maxDepth)
      throw new WhereaboutsError('depth-changed', 'the directory is deeper than a client looks');
    const value = { ...epoch, config: await this.#readConfig(source, epoch.leaf.config) };
    this.#head = { value, until: this.#parts.clock() + HEAD_MILLISECONDS };
    return value;
  }

  /** The configuration of a hash that stands in a verified leaf: its keys and no others (§3). */
  async #readConfig(source: Source, hash: Uint8Array): Promise<ConfigText> {
    const key = formatHex(hash);
    const known = this.#configs.get(key);
    if (known !== undefined) return known;
    const octets = await source.readConfig(key);
    if (!equalOctets(sha256(octets), hash))
      throw new WhereaboutsError('config-invalid', 'the configuration is not the one in the log');
    const config = await failAs('config-invalid', 'the configuration is not what the protocol says', () =>
      parseConfigText(parseUtf8(octets)),
    );
    const policy = await this.policy();
    if (config.origin !== policy.origin)
      throw new WhereaboutsError('config-invalid', 'the configuration is of another directory');
    if (this.#configs.size >= CONFIGS) this.#configs.clear();
    this.#configs.set(key, config);
    return config;
  }

  async #checkBucket(
    source: Source,
    reply: BucketReply,
    until: number,
    verify: (policy: LogPolicy) => Promise<VerifiedBucket>,
    options: { readonly older?: boolean } = {},
  ): Promise<Grown<VerifiedBucket>> {
    const policy = await this.policy();
    const signed = { bundle: reply.bundle, whole: JSON.stringify({ index: reply.index, bundle: reply.bundle }) };
    return checkSigned(await this.#log(source, until), policy, signed, () => verify(policy), options);
  }

  /** Where the log is read from: before anybody is accused because of files, the directory itself is asked. */
  async #log(source: Source, until: number): Promise<LogParts> {
    const { checkpoints, clock } = this.#parts;
    const isOwn = source.kind === 'api';
    const sources = isOwn ? [source] : [source, await this.#sources.api(until)];
    return { checkpoints, clock, isOwn, tiles: sources.map((one) => (path) => readHashes(one, path)) };
  }

  /** Seconds since 1970. */
  #now(): number {
    return Math.floor(this.#parts.clock() / 1000);
  }

  /** Calls the directory's API; what comes back proves nothing. */
  async call(path: string, request: Omit<Call, 'url'>): Promise<Uint8Array> {
    return call(this.#parts, { ...request, url: `${await this.api()}${path}` });
  }
}

/** Depth and configuration a receipt itself names: it may be of another epoch than was seen last. They count only once verified. */
function readPlace(name: Uint8Array, reply: BucketReply): BucketPlace {
  const { extra = new Uint8Array(0) } = parseTlogProof(reply.bundle);
  const { depth, config } = parseEpochLeaf(parseMapProof(extra).logLeaf);
  return { name, depth, config };
}
