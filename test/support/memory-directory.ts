// A directory in memory with a log of its own, honest unless told otherwise: made with the protocol's making code, so that a
// test can have any state signed. Checks deposits, keeps no quotas, and knows nobody's credentials.
import { sha256 } from '@noble/hashes/sha2.js';
import { bucketNumber, formatEntry, formatIndex, padLength, type Entry } from '../../src/protocol/bucket.ts';
import { formatConfigText } from '../../src/protocol/config-text.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { formatBundle } from '../../src/protocol/log/bundle.ts';
import { compareRecords, formatChanges, type Change } from '../../src/protocol/log/changes.ts';
import { formatCheckpoint } from '../../src/protocol/log/checkpoint.ts';
import { ZEROS, leafHash } from '../../src/protocol/log/hash.ts';
import { formatHistoryEntry, type HistoryEntry } from '../../src/protocol/log/history.ts';
import { formatEpochLeaf, parseEpochLeaf } from '../../src/protocol/log/leaf-text.ts';
import { makeInclusion, memoryTree, treeHash, treeRoot } from '../../src/protocol/log/merkle.ts';
import { formatNote, signNote, type NoteSigner } from '../../src/protocol/log/note.ts';
import { formatEntries, formatTile, isTileOf, parseTilePath } from '../../src/protocol/log/tile.ts';
import { formatTlogProof } from '../../src/protocol/log/tlog-proof.ts';
import { evaluate, generateKeyPair, keyId, type OprfKeyPair } from '../../src/protocol/oprf.ts';
import { verifyDeposit } from '../../src/protocol/token/deposit.ts';
import { readWithdrawal } from '../../src/protocol/token/withdrawal.ts';
import { concat, formatB64u, formatHex, parseB64u, parseHex, utf8 } from '../../src/protocol/wire.ts';
import { Directory as Trees } from '../protocol/log/directory.ts';

const random = (octets: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(octets));

export interface Stored {
  readonly entry: Entry;
  readonly sealed: Uint8Array;
}

/** A bucket other than the trees say: what a lying directory signs all the same. */
export interface Forged {
  readonly index: readonly Entry[];
  readonly leafData: Uint8Array;
  readonly history?: readonly HistoryEntry[];
}

/** What one epoch does: everything a fork has to repeat. */
export interface Step {
  readonly now: number;
  readonly set?: readonly Stored[];
  readonly remove?: readonly Entry[];
  readonly depth?: number;
  readonly forged?: ReadonlyMap<number, Forged>;
  /** Config text from now on. */
  readonly config?: string;
}

export interface MemoryDirectoryOptions {
  readonly domain: string;
  readonly signer: NoteSigner;
  readonly witnesses?: readonly NoteSigner[];
  /** Milliseconds. */
  readonly clock: () => number;
  readonly oprf?: OprfKeyPair;
}

/** What `records` is keyed by. */
export const keyOf = ({ name, holder }: Pick<Entry, 'name' | 'holder'>): string => formatHex(concat(name, holder));

const octets = (body: Uint8Array | string, type: string): Response =>
  new Response(typeof body === 'string' ? body : Uint8Array.from(body), { headers: { 'content-type': type } });
const OCTETS = 'application/octet-stream';
const TEXT = 'text/plain; charset=utf-8';

export const problem = (status: number, code: string): Response =>
  new Response(JSON.stringify({ code }), { status, headers: { 'content-type': 'application/problem+json' } });

export class MemoryDirectory {
  readonly options: MemoryDirectoryOptions;
  readonly oprf: OprfKeyPair[];
  readonly records = new Map<string, Stored>();
  readonly steps: Step[] = [];
  readonly configs = new Map<string, string>();
  /** Of each epoch. */
  readonly logLeaves: Uint8Array[] = [];
  readonly changeLists: Uint8Array[] = [];
  readonly notes: string[] = [];
  readonly asked: string[] = [];
  readonly #marks = new Map<string, number>();
  readonly #histories = new Map<string, readonly HistoryEntry[]>();
  /** Epochs in which a depth began. */
  readonly #eras: { readonly from: number; readonly depth: number }[] = [{ from: 0, depth: 4 }];
  #forged: ReadonlyMap<number, Forged> = new Map();
  #trees: Trees;

  constructor(options: MemoryDirectoryOptions) {
    this.options = options;
    this.oprf = [options.oprf ?? generateKeyPair(nobleGroup, random)];
    this.#trees = new Trees(this.origin, this.#keep(this.configText()));
  }

  get origin(): string {
    return `${this.options.domain}/whereabouts`;
  }
  get depth(): number {
    return this.#trees.depth ?? 4;
  }
  get note(): string {
    return this.notes.at(-1) ?? '';
  }

  configText(retiring?: { key: OprfKeyPair; until: number }): string {
    const line = ({ publicKey }: OprfKeyPair, until?: number) => ({
      id: keyId(publicKey),
      publicKey,
      ...(until === undefined ? {} : { until }),
    });
    const keys = this.oprf.map((pair) => line(pair, pair === retiring?.key ? retiring.until : undefined));
    return formatConfigText({ origin: this.origin, keys });
  }
  #keep(text: string): Uint8Array {
    const hash = sha256(utf8(text));
    this.configs.set(formatHex(hash), text);
    return hash;
  }

  /** Everything again, with `change` in the place of one step: the same log up to there, then another one. */
  async fork(change: (step: Step, epoch: number) => Step | undefined): Promise<MemoryDirectory> {
    const other = new MemoryDirectory({ ...this.options, ...(this.oprf[0] && { oprf: this.oprf[0] }) });
    for (const [epoch, step] of this.steps.entries()) {
      const next = change(step, epoch);
      if (next !== undefined) await other.step(next);
    }
    return other;
  }

  /** An epoch now; without anything a heartbeat. */
  publish(step: Omit<Step, 'now'> = {}): Promise<void> {
    return this.step({ ...step, now: this.options.clock() });
  }

  async step(step: Step): Promise<void> {
    this.steps.push(step);
    if (step.config !== undefined) this.#trees.config = this.#keep(step.config);
    const { set = [], remove = [], now } = step;
    for (const stored of set) this.records.set(keyOf(stored.entry), stored);
    for (const entry of remove) this.records.delete(keyOf(entry));
    const changes = [
      ...set.map(({ entry }): Change => ({ ...entry, new: leafHash(formatEntry(entry)) })),
      ...remove.map((entry): Change => ({ ...entry, new: ZEROS })),
    ].toSorted(compareRecords);
    const sequenced =
      step.depth === undefined
        ? this.#trees.change(changes, now, this.depth)
        : this.#trees.changeDepth(step.depth, now);
    if (step.depth !== undefined) this.#eras.push({ from: this.logLeaves.length, depth: step.depth });
    for (const { index } of sequenced.buckets)
      this.#histories.set(`${this.#eras.at(-1)?.from}/${index}`, [...this.#trees.history(index)]);
    this.#forged = step.forged ?? new Map();
    const mapRoot = treeHash(this.#mapLeaves());
    this.logLeaves.push(
      step.forged === undefined
        ? sequenced.logLeaf
        : formatEpochLeaf({ ...parseEpochLeaf(sequenced.logLeaf), mapRoot }),
    );
    this.changeLists.push(formatChanges(changes));
    await this.sign();
  }

  /** Signs the log as it stands. */
  async sign(): Promise<void> {
    const { signer, witnesses = [] } = this.options;
    const size = this.logLeaves.length;
    const text = formatCheckpoint({ origin: this.origin, size, root: treeRoot(size, this.#log()) });
    const time = Math.floor((this.steps.at(-1)?.now ?? 0) / 1000);
    const lines = [signNote(text, signer), ...witnesses.map((witness) => signNote(text, witness, time))];
    this.notes[size - 1] = formatNote(text, await Promise.all(lines));
  }

  bucketOf(name: Uint8Array): number {
    return bucketNumber(name, this.depth);
  }
  indexOf(bucket: number): readonly Entry[] {
    const own = [...this.records.values()].map(({ entry }) => entry);
    const honest = own.filter(({ name }) => this.bucketOf(name) === bucket).toSorted(compareRecords);
    return this.#forged.get(bucket)?.index ?? honest;
  }
  leafData(bucket: number): Uint8Array {
    return this.#forged.get(bucket)?.leafData ?? this.#trees.leafData(bucket);
  }
  history(bucket: number, depth = this.depth, era?: number): readonly HistoryEntry[] {
    const { from } = this.#eras.findLast((one) => one.depth === depth && (era === undefined || one.from === era)) ?? {};
    return (
      (depth === this.depth && era === undefined ? this.#forged.get(bucket)?.history : undefined) ??
      this.#histories.get(`${from}/${bucket}`) ??
      []
    );
  }
  #mapLeaves(): Uint8Array[] {
    return this.#trees.leafHashes().map((honest, bucket) => {
      const forged = this.#forged.get(bucket);
      return forged === undefined ? honest : leafHash(forged.leafData);
    });
  }
  #log() {
    return memoryTree(this.logLeaves.map(leafHash));
  }

  bucketReply(bucket: number): { index: string; bundle: string } {
    const epoch = this.logLeaves.length - 1;
    const bundle = formatBundle({
      depth: this.depth,
      logLeaf: this.logLeaves[epoch] ?? new Uint8Array(0),
      leafData: this.leafData(bucket),
      path: makeInclusion(bucket, 2 ** this.depth, memoryTree(this.#mapLeaves())),
      epoch,
      hashes: makeInclusion(epoch, epoch + 1, this.#log()),
      checkpoint: this.note,
    });
    return { index: formatB64u(formatIndex(this.indexOf(bucket))), bundle };
  }

  description(): string {
    const { domain, signer, witnesses = [] } = this.options;
    const vkey = ({ key }: NoteSigner) =>
      `${key.name}+${key.id}+${Buffer.from(concat(Uint8Array.of(key.type), key.publicKey)).toString('base64')}`;
    return JSON.stringify({
      version: 1,
      domain,
      name: 'Directory',
      directory: { api: `https://${domain}`, log: vkey(signer), witnesses: witnesses.map(vkey), issuers: 'open' },
    });
  }

  /** Answers one request as §6.5 says. */
  async answer(method: string, { pathname, searchParams }: URL, body: string): Promise<Response> {
    this.asked.push(`${method} ${pathname}`);
    if (pathname === '/.well-known/whereabouts') return octets(this.description(), 'application/json');
    if (pathname === '/v1/epoch') return octets(this.epochText(), TEXT);
    if (pathname === '/v1/evaluate') return this.#evaluate(JSON.parse(body) as { key: string; blinded: string[] });
    const config = this.configs.get(/^\/v1\/config\/([0-9a-f]{64})$/.exec(pathname)?.[1] ?? '');
    if (config !== undefined) return octets(config, TEXT);
    const [, depth, bucket, part] = /^\/v1\/buckets\/(\d+)\/(\d+)(?:\/(sealed|history))?$/.exec(pathname) ?? [];
    if (part === 'history') {
      const era = searchParams.get('era');
      const whole = this.history(Number(bucket), Number(depth), era === null ? undefined : Number(era));
      const entries = whole.slice(Number(searchParams.get('from')));
      return octets(concat(...entries.map(formatHistoryEntry)), OCTETS);
    }
    if (bucket !== undefined) {
      if (Number(depth) !== this.depth) return problem(409, 'depth-changed');
      return part === 'sealed' ? this.#sealed(Number(bucket)) : this.#bucket(Number(bucket));
    }
    if (pathname.startsWith('/log/')) return this.#file(pathname.slice('/log/'.length));
    const changes = /^\/v1\/epochs\/(\d+)\/changes$/.exec(pathname)?.[1];
    if (changes !== undefined) return octets(this.changeLists[Number(changes)] ?? new Uint8Array(0), OCTETS);
    const [, name, withdrawal] = /^\/v1\/records\/([\w-]{43})(\/withdrawal)?$/.exec(pathname) ?? [];
    if (name === undefined) return problem(404, 'path-unknown');
    return withdrawal === undefined ? this.#deposit(name, body) : this.#withdraw(name, body);
  }

  epochText(): string {
    const index = this.logLeaves.length - 1;
    const extra = this.logLeaves[index] ?? new Uint8Array(0);
    return formatTlogProof({
      extra,
      index,
      hashes: makeInclusion(index, index + 1, this.#log()),
      checkpoint: this.note,
    });
  }

  #file(path: string): Response {
    if (path === 'checkpoint') return octets(this.note, TEXT);
    const tile = parseTilePath(path);
    if (!isTileOf(tile, this.logLeaves.length)) return problem(404, 'path-unknown');
    const first = Number(tile.index) * 256;
    const entries = this.logLeaves.slice(first, first + tile.width);
    return octets(tile.level === 'entries' ? formatEntries(entries) : formatTile(tile, this.#log()), OCTETS);
  }

  #bucket(bucket: number): Response {
    const reply = this.bucketReply(bucket);
    const bare = JSON.stringify({ ...reply, pad: '' });
    const pad = '0'.repeat(padLength(utf8(bare).length, LIMITS.bucketPadOctets));
    return octets(JSON.stringify({ ...reply, pad }), 'application/json');
  }

  #sealed(bucket: number): Response {
    const sealed = this.indexOf(bucket).map((entry) => this.records.get(keyOf(entry))?.sealed ?? new Uint8Array(0));
    const whole = concat(...sealed);
    return octets(concat(whole, new Uint8Array(padLength(whole.length, LIMITS.sealedPadOctets))), OCTETS);
  }

  #evaluate({ key, blinded }: { key: string; blinded: string[] }): Response {
    const pair = this.oprf.find(({ publicKey }) => keyId(publicKey) === key);
    if (pair === undefined) return problem(409, 'key-unknown');
    const elements = blinded.map((text) => parseB64u(text, 32));
    const { evaluated, proof } = evaluate(nobleGroup, pair, elements, random);
    return Response.json({ key, evaluated: evaluated.map(formatB64u), proof: formatB64u(proof) });
  }

  async #deposit(name: string, body: string): Promise<Response> {
    const { sealed, deposit } = JSON.parse(body) as { sealed: string; deposit: string };
    const record = parseB64u(sealed);
    const now = Math.floor(this.options.clock() / 1000);
    const { jkt, seq } = await verifyDeposit(deposit, { now, aud: this.options.domain, sub: name, sealed: record });
    const [octets32, digest] = [parseB64u(name, 32), sha256(record)];
    if (seq <= (this.#marks.get(name + jkt) ?? -1)) return problem(409, 'record-stale');
    this.#marks.set(name + jkt, seq);
    const entry = { name: octets32, holder: parseB64u(jkt, 32), digest, length: record.length };
    await this.publish({ set: [{ entry, sealed: record }] });
    return this.#receipt(octets32, { digest: formatHex(digest) });
  }

  async #withdraw(name: string, body: string): Promise<Response> {
    const withdrawal = readWithdrawal((JSON.parse(body) as { withdrawal: string }).withdrawal);
    const octets32 = parseB64u(name, 32);
    const holder = withdrawal.by === 'holder' ? parseB64u(withdrawal.jkt, 32) : parseHex('', 0);
    const stored = this.records.get(keyOf({ name: octets32, holder }));
    if (stored === undefined) return problem(404, 'record-unknown');
    if (withdrawal.by === 'holder') this.#marks.set(name + withdrawal.jkt, withdrawal.seq);
    await this.publish({ remove: [stored.entry] });
    return this.#receipt(octets32, {});
  }

  #receipt(name: Uint8Array, more: object): Response {
    return Response.json({ ...more, epoch: this.logLeaves.length - 1, ...this.bucketReply(this.bucketOf(name)) });
  }
}
