// Follows a transparency log, written from the C2SP texts alone (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature,
// tlog-tiles) and RFC 6962. Imports nothing of the project: what it can follow, any other tool can.
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';

interface VerifierKey {
  readonly name: string;
  readonly id: string;
  readonly type: number;
  readonly key: KeyObject;
}

interface Head {
  readonly size: number;
  readonly root: Buffer;
  /** Cosigners whose line verified, and the time they name in seconds. */
  readonly cosigners: ReadonlyMap<string, number>;
}

const ED25519 = 0x01;
const COSIGNATURE = 0x04;
const WIDTH = 256;

const H = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const leafHash = (data: Uint8Array): Buffer => H(Buffer.of(0), data);
const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => H(Buffer.of(1), left, right);

function fail(why: string): never {
  throw new Error(`log: ${why}`);
}
const parseBase64 = (text: string): Buffer => {
  const octets = Buffer.from(text, 'base64');
  return octets.toString('base64') === text ? octets : fail('base64 that is not canonical');
};
const parseDecimal = (text: string): number =>
  /^(?:0|[1-9][0-9]*)$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : fail('not a decimal');

/** `<name>+<hex key id>+<base64 of type ‖ public key>` */
function parseVerifierKey(text: string): VerifierKey {
  const [name = '', id = '', ...rest] = text.split('+');
  const octets = parseBase64(rest.join('+'));
  const type = octets[0] ?? 0;
  if (type !== ED25519 && type !== COSIGNATURE) fail('a key of another type');
  const own = H(Buffer.from(`${name}\n`), octets)
    .subarray(0, 4)
    .toString('hex');
  if (own !== id || octets.length !== 33) fail('a key with another id');
  const x = octets.subarray(1).toString('base64url');
  return { name, id, type, key: createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } }) };
}

/** Opens a note: the log's signature has to be there, and every line of a known key has to verify. */
function openNote(note: string, log: VerifierKey, cosigners: readonly VerifierKey[]) {
  if (!note.endsWith('\n') || Buffer.from(note).some((octet) => octet < 0x20 && octet !== 0x0a)) fail('not a note');
  const split = note.lastIndexOf('\n\n');
  if (split === -1) fail('a note without signatures');
  const text = note.slice(0, split + 1);
  const verified = new Map<string, number>();
  let isSigned = false;
  for (const line of note.slice(split + 2, -1).split('\n')) {
    const [, name = '', base64 = ''] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? fail('a broken signature line');
    const octets = parseBase64(base64);
    const id = octets.subarray(0, 4).toString('hex');
    const known = [log, ...cosigners].find((one) => one.name === name && one.id === id);
    if (known === undefined) continue;
    const signature = octets.subarray(4);
    if (known.type === ED25519) {
      if (!verify(null, Buffer.from(text), known.key, signature)) fail('a signature does not verify');
      isSigned ||= known === log;
      continue;
    }
    const time = Number(signature.readBigUInt64BE());
    const message = Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
    if (!verify(null, message, known.key, signature.subarray(8))) fail('a cosignature does not verify');
    verified.set(name, time);
  }
  if (!isSigned) fail('the log did not sign');
  return { text, cosigners: verified };
}

/** The largest power of two smaller than n. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** A tree as its tiles say; D[from:to] of RFC 6962. */
type Subtree = (from: number, to: number) => Buffer;

/** RFC 6962 §2.1.2 */
function subproof(old: number, from: number, to: number, isWhole: boolean, hash: Subtree): Buffer[] {
  if (from + old === to) return isWhole ? [] : [hash(from, to)];
  const k = split(to - from);
  if (old <= k) return [...subproof(old, from, from + k, isWhole, hash), hash(from + k, to)];
  return [...subproof(old - k, from + k, to, false, hash), hash(from, from + k)];
}

/** RFC 9162 §2.1.4.2 */
function verifyConsistency(before: Head, after: Head, proof: readonly Buffer[]): void {
  const isPower = Number.isInteger(Math.log2(before.size));
  const [first = fail('an empty proof'), ...rest] = isPower ? [before.root, ...proof] : proof;
  let [fn, sn] = [before.size - 1, after.size - 1];
  while (fn % 2 === 1) [fn, sn] = [(fn - 1) / 2, Math.floor(sn / 2)];
  let [fr, sr] = [first, first];
  for (const c of rest) {
    if (sn === 0) fail('a proof too long');
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeHash(c, fr), nodeHash(c, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else sr = nodeHash(sr, c);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  if (sn !== 0 || !fr.equals(before.root) || !sr.equals(after.root)) fail('the log did not only grow');
}

export class LogFollower {
  readonly #fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly #prefix: string;
  readonly #origin: string;
  readonly #log: VerifierKey;
  readonly #cosigners: readonly VerifierKey[];
  readonly #leaves: Buffer[] = [];
  readonly #subtrees = new Map<string, Buffer>();
  /** Full tiles that were read and checked, from the left, by level: they never change. */
  readonly #full = new Map<number, number>();
  /** What was asked for, by kind. */
  readonly asked = {
    checkpoints: 0,
    full: 0,
    partial: 0,
    entries: 0,
    bundles: 0,
    proofs: 0,
    levels: new Set<number>(),
  };
  readonly entries: Buffer[] = [];
  #head: Head | undefined;

  /** `prefix` without a slash at its end; keys as verifier keys. */
  constructor(log: {
    prefix: string;
    origin: string;
    key: string;
    cosigners?: readonly string[];
    fetch?: (url: string, init: RequestInit) => Promise<Response>;
  }) {
    this.#fetch = log.fetch ?? fetch;
    this.#prefix = log.prefix;
    this.#origin = log.origin;
    this.#log = parseVerifierKey(log.key);
    this.#cosigners = (log.cosigners ?? []).map(parseVerifierKey);
  }

  /** Reads the newest checkpoint and everything that is new in it, and checks all of it; throws where something is wrong. */
  async follow(): Promise<Head> {
    const note = await this.#read('checkpoint', 'text/plain; charset=utf-8');
    this.asked.checkpoints++;
    const { text, cosigners } = openNote(note.toString(), this.#log, this.#cosigners);
    const [origin, size = '', root = '', ...extensions] = text.slice(0, -1).split('\n');
    if (origin !== this.#origin || extensions.includes('')) fail('another checkpoint');
    const head: Head = { size: parseDecimal(size), root: parseBase64(root), cosigners };
    const before = this.#head;
    if (before !== undefined && head.size < before.size) fail('the log has become smaller');
    await this.#readEntries(head.size);
    await this.#readTree(head.size);
    if (!this.#hash(0, head.size).equals(head.root)) fail('the tiles have another root');
    if (before !== undefined && before.size > 0 && head.size > before.size) {
      verifyConsistency(before, head, subproof(before.size, 0, head.size, true, this.#hash));
      this.asked.proofs++;
    } else if (before !== undefined && before.size === head.size && !before.root.equals(head.root)) fail('two roots');
    this.#head = head;
    return head;
  }

  async #read(path: string, type = 'application/octet-stream'): Promise<Buffer> {
    const response = await this.#fetch(`${this.#prefix}/${path}`, { headers: { 'accept-encoding': 'gzip, identity' } });
    if (response.status !== 200) fail(`${response.status} for ${path}`);
    if (response.headers.get('content-type') !== type) fail(`another type of ${path}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async #readTile(level: number | 'entries', index: number, width: number): Promise<Buffer> {
    const path = `tile/${level}/${formatIndex(index)}`;
    const octets = await this.#read(width === WIDTH ? path : `${path}.p/${width}`);
    if (level === 'entries') this.asked.bundles++;
    else this.asked[width === WIDTH ? 'full' : 'partial']++;
    return octets;
  }

  /** The entries that are new, from the bundles they stand in. */
  async #readEntries(size: number): Promise<void> {
    for (let index = Math.floor(this.entries.length / WIDTH); this.entries.length < size; index++) {
      const width = Math.min(WIDTH, size - index * WIDTH);
      const octets = await this.#readTile('entries', index, width);
      let [at, count] = [0, 0];
      for (; at < octets.length; count++) {
        const end = at + 2 + octets.readUInt16BE(at);
        if (end > octets.length) fail('a bundle is cut off');
        const entry = octets.subarray(at + 2, end);
        const known = this.entries[index * WIDTH + count];
        if (known === undefined) this.entries.push(entry);
        else if (!known.equals(entry)) fail('an entry has changed');
        at = end;
      }
      if (count !== width) fail('a bundle of another width');
    }
    this.asked.entries = this.entries.length;
  }

  /** The tiles at the right edge of a tree, each checked against the level below: level 0 against the entries. */
  async #readTree(size: number): Promise<void> {
    for (const entry of this.entries.slice(this.#leaves.length)) this.#leaves.push(leafHash(entry));
    for (let [level, span] = [0, 1]; span <= size; [level, span] = [level + 1, span * WIDTH]) {
      this.asked.levels.add(level);
      const hashes = Math.floor(size / span);
      for (let index = this.#full.get(level) ?? 0; index * WIDTH < hashes; index++) {
        const width = Math.min(WIDTH, hashes - index * WIDTH);
        const tile = await this.#readTile(level, index, width);
        const own = Array.from({ length: width }, (_, i) => {
          const from = (index * WIDTH + i) * span;
          return this.#hash(from, from + span);
        });
        if (!tile.equals(Buffer.concat(own))) fail(`tile ${index} of level ${level} is not of the level below`);
        if (width === WIDTH) this.#full.set(level, index + 1);
      }
    }
  }

  /** RFC 6962 §2.1, MTH(D[from:to]); complete subtrees are kept, for they never change. */
  readonly #hash: Subtree = (from, to) => {
    if (from === to) return H();
    if (to - from === 1) return this.#leaves[from] ?? fail('a leaf is missing');
    const known = this.#subtrees.get(`${from}:${to}`);
    if (known !== undefined) return known;
    const k = split(to - from);
    const hash = nodeHash(this.#hash(from, from + k), this.#hash(from + k, to));
    if (2 * k === to - from && from % (2 * k) === 0) this.#subtrees.set(`${from}:${to}`, hash);
    return hash;
  };
}

/** Three digits a path element, all but the last with an x. */
export function formatIndex(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
}
