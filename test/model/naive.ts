// A directory's map and log as docs/protocol.md §6 words them, and no better: everything is computed anew from the whole,
// recursively and slowly. Written from the text and RFC 6962; imports nothing of the project, so that it errs by itself.
import { createHash } from 'node:crypto';

export interface NaiveRecord {
  readonly name: Buffer;
  readonly holder: Buffer;
  /** SHA-256 of the sealed record, and its octets. */
  readonly digest: Buffer;
  readonly length: number;
}

interface HistoryEntry {
  readonly epoch: number;
  readonly name: Buffer;
  readonly holder: Buffer;
  readonly new: Buffer;
}

const ZEROS: Buffer = Buffer.alloc(32);

const H = (...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const leaf = (data: Uint8Array): Buffer => H(Buffer.of(0), data);
const node = (left: Uint8Array, right: Uint8Array): Buffer => H(Buffer.of(1), left, right);
const L24 = (text: string): Buffer => Buffer.concat([Buffer.from(text, 'ascii')], 24);

/** `octets` octets, big-endian. */
const u = (value: number, octets: number): Buffer => Buffer.from(value.toString(16).padStart(2 * octets, '0'), 'hex');

/** The largest power of two smaller than n. */
function k(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/** RFC 6962 §2.1 */
function MTH(D: readonly Uint8Array[]): Buffer {
  const [only] = D;
  if (only === undefined) return H();
  if (D.length === 1) return leaf(only);
  return node(MTH(D.slice(0, k(D.length))), MTH(D.slice(k(D.length))));
}

/** RFC 6962 §2.1.1 */
function PATH(m: number, D: readonly Uint8Array[]): Buffer[] {
  const half = k(D.length);
  if (D.length === 1) return [];
  if (m < half) return [...PATH(m, D.slice(0, half)), MTH(D.slice(half))];
  return [...PATH(m - half, D.slice(half)), MTH(D.slice(0, half))];
}

/** RFC 6962 §2.1.2 */
function SUBPROOF(m: number, D: readonly Uint8Array[], b: boolean): Buffer[] {
  if (m === D.length) return b ? [] : [MTH(D)];
  const half = k(D.length);
  if (m <= half) return [...SUBPROOF(m, D.slice(0, half), b), MTH(D.slice(half))];
  return [...SUBPROOF(m - half, D.slice(half), false), MTH(D.slice(0, half))];
}

const keyOf = ({ name, holder }: Pick<NaiveRecord, 'name' | 'holder'>): string =>
  name.toString('hex') + holder.toString('hex');
const byKey = (a: Pick<NaiveRecord, 'name' | 'holder'>, b: Pick<NaiveRecord, 'name' | 'holder'>): number =>
  keyOf(a) < keyOf(b) ? -1 : 1;

const formatEntry = ({ name, holder, digest, length }: NaiveRecord): Buffer =>
  Buffer.concat([name, holder, digest, u(length, 4)]);
const formatHistory = (entry: HistoryEntry): Buffer =>
  Buffer.concat([u(entry.epoch, 8), entry.name, entry.holder, entry.new]);

/** The number whose binary digits are the name's top `depth` bits. */
export function bucketOf(name: Buffer, depth: number): number {
  const bits = [...name.subarray(0, 4)].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return Number.parseInt(`0${bits.slice(0, depth)}`, 2);
}

export class Naive {
  readonly origin: string;
  /** SHA-256 of the config text. */
  readonly config: Buffer;
  depth: number;
  readonly records = new Map<string, NaiveRecord>();
  /** Of the log, one an epoch. */
  readonly leaves: Buffer[] = [];
  /** Change lists, one an epoch. */
  readonly lists: Buffer[] = [];
  /** Histories at the present depth of the buckets that were ever used. */
  #chains = new Map<number, HistoryEntry[]>();
  /** Leaf data of all buckets in the newest epoch, and the root over them. */
  #map: readonly Buffer[] = [];
  mapRoot: Buffer = ZEROS;
  #time = -1;

  constructor(origin: string, config: Buffer, depth: number) {
    this.origin = origin;
    this.config = config;
    this.depth = depth;
  }

  get epoch(): number {
    return this.leaves.length - 1;
  }

  /** An epoch of changes, or a heartbeat. */
  change(now: number, come: readonly NaiveRecord[], gone: readonly Pick<NaiveRecord, 'name' | 'holder'>[]): void {
    const changes = [
      ...come.map((record) => ({ name: record.name, holder: record.holder, new: leaf(formatEntry(record)) })),
      ...gone.map(({ name, holder }) => ({ name, holder, new: ZEROS })),
    ].toSorted(byKey);
    for (const record of come) this.records.set(keyOf(record), record);
    for (const record of gone)
      if (!this.records.delete(keyOf(record))) throw new Error('the model removes what is not there');
    for (const change of changes) {
      const bucket = bucketOf(change.name, this.depth);
      this.#chains.set(bucket, [...(this.#chains.get(bucket) ?? []), { ...change, epoch: this.leaves.length }]);
    }
    this.#append(
      now,
      changes.map((change) => Buffer.concat([change.name, change.holder, change.new])),
    );
  }

  split(now: number): void {
    const chains = new Map<number, HistoryEntry[]>();
    for (const parent of this.#chains.keys())
      for (const child of [2 * parent, 2 * parent + 1]) chains.set(child, [this.#begin(leaf(this.leafData(parent)))]);
    this.#deepen(now, 1, chains);
  }

  merge(now: number): void {
    const chains = new Map<number, HistoryEntry[]>();
    for (let parent = 0; parent < 2 ** (this.depth - 1); parent++) {
      const [left, right] = [2 * parent, 2 * parent + 1];
      if (!this.#chains.has(left) && !this.#chains.has(right)) continue;
      chains.set(parent, [this.#begin(node(leaf(this.leafData(left)), leaf(this.leafData(right))))]);
    }
    this.#deepen(now, -1, chains);
  }

  #begin(bound: Buffer): HistoryEntry {
    return { epoch: this.leaves.length, name: ZEROS, holder: ZEROS, new: bound };
  }

  #deepen(now: number, by: number, chains: Map<number, HistoryEntry[]>): void {
    this.#chains = chains;
    this.depth += by;
    this.#append(now, []);
  }

  #append(now: number, list: readonly Buffer[]): void {
    this.#time = Math.max(now, this.#time + 1);
    this.#map = Array.from({ length: 2 ** this.depth }, (_, bucket) => this.leafData(bucket));
    this.mapRoot = MTH(this.#map);
    const lines = [
      'whereabouts/epoch/v1',
      this.origin,
      `epoch ${this.leaves.length}`,
      `time ${this.#time}`,
      `depth ${this.depth}`,
      `map ${this.mapRoot.toString('base64')}`,
      `changes ${list.length} ${MTH(list).toString('base64')}`,
      `config ${this.config.toString('base64')}`,
    ];
    this.leaves.push(Buffer.from(lines.map((line) => `${line}\n`).join('')));
    this.lists.push(Buffer.concat(list));
  }

  /** Records under one name, in order. */
  under(name: Buffer): NaiveRecord[] {
    return [...this.records.values()].filter((record) => record.name.equals(name)).toSorted(byKey);
  }

  #entries(bucket: number): Buffer[] {
    const own = [...this.records.values()].filter(({ name }) => bucketOf(name, this.depth) === bucket);
    return own.toSorted(byKey).map(formatEntry);
  }

  index(bucket: number): Buffer {
    return Buffer.concat(this.#entries(bucket));
  }

  /** Histories of the used buckets, as served. */
  histories(): Map<number, Buffer> {
    return new Map([...this.#chains].map(([bucket, chain]) => [bucket, Buffer.concat(chain.map(formatHistory))]));
  }

  leafData(bucket: number): Buffer {
    const chain = this.#chains.get(bucket);
    if (chain === undefined) return Buffer.alloc(0);
    const entries = this.#entries(bucket);
    const head = chain.reduce((before, entry) => H(L24('whereabouts/history/v1'), before, formatHistory(entry)), ZEROS);
    return Buffer.concat([
      L24('whereabouts/bucket/v1'),
      u(this.depth, 1),
      u(0, 3),
      u(bucket, 4),
      u(entries.length, 4),
      u(0, 4),
      MTH(entries),
      u(chain.length, 8),
      head,
    ]);
  }

  root(size = this.leaves.length): Buffer {
    return MTH(this.leaves.slice(0, size));
  }

  consistency(old: number): Buffer[] {
    return SUBPROOF(old, this.leaves, true);
  }

  checkpointText(): string {
    return `${this.origin}\n${this.leaves.length}\n${this.root().toString('base64')}\n`;
  }

  /** The whole bundle of a bucket; `note` is the signed checkpoint. */
  bundle(bucket: number, note: string): string {
    const [logLeaf, leafData] = [this.leaves[this.epoch] ?? Buffer.alloc(0), this.leafData(bucket)];
    const extra = Buffer.concat([
      L24('whereabouts/mapproof/v1'),
      u(this.depth, 1),
      u(0, 1),
      u(logLeaf.length, 2),
      u(leafData.length, 2),
      logLeaf,
      leafData,
      ...PATH(bucket, this.#map),
    ]);
    const hashes = PATH(this.epoch, this.leaves).map((hash) => `${hash.toString('base64')}\n`);
    return `c2sp.org/tlog-proof@v1\nextra ${extra.toString('base64')}\nindex ${this.epoch}\n${hashes.join('')}\n${note}`;
  }
}
