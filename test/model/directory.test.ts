// The same model against the real directory, over HTTP on PostgreSQL: people deposit, replace and withdraw, issuers withdraw,
// records end, the depth goes up and down. The naive directory learns from the real one only how its epochs were divided;
// after every step each octet of the map and log is compared and each name proven present or absent to the client.
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDescriptions } from '../../src/client/descriptions.ts';
import { Directory } from '../../src/client/directory.ts';
import { createSafeFetch, type Transport } from '../../src/evidence/safe-fetch.ts';
import { sha256 } from '../../src/protocol/log/hash.ts';
import { readAttestation } from '../../src/protocol/token/attestation.ts';
import { formatHex, utf8 } from '../../src/protocol/wire.ts';
import { checkDirectory } from '../support/check-directory.ts';
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  attest,
  createDepositor,
  createParty,
  createTestDirectory,
  DOMAIN,
  LOG_SIGNER,
  makeDeposit,
  put,
  sealedFor,
  withdrawAsHolder,
  withdrawAsIssuer,
  type Depositor,
  type Party,
  type TestDirectory,
} from '../support/directory.ts';
import { bucketOf, Naive, type NaiveRecord } from './naive.ts';
import { randomRuns, stepCount } from './runs.ts';
import { keyOf, LEAST, MOST, NAMES, nameOf, OPENING, step, type Deposit, type Step } from './steps.ts';

/** A record in force, as §5.2 says. */
interface Live {
  readonly record: NaiveRecord;
  readonly place: Deposit;
  readonly jti: string;
  /** Seconds. */
  readonly end: number;
}

let database: TestDatabase;
let issuers: readonly Party[];
const counts: Record<string, number> = {};
const count = (what: string): number => (counts[what] = (counts[what] ?? 0) + 1);

beforeAll(async () => {
  database = await openTestDatabase('postgres');
  issuers = await Promise.all(['bob.example', 'telco.example'].map(createParty));
});
afterAll(() => database.close());

class Play {
  readonly aim = { target: 64, least: LEAST };
  readonly directory: TestDirectory;
  readonly client: Directory;
  readonly live = new Map<string, Live>();
  readonly #people = new Map<string, Depositor>();
  readonly #seqs = new Map<string, number>();
  #naive: Naive | undefined;

  constructor() {
    const listed = issuers.map(({ domain }) => domain);
    this.directory = createTestDirectory(database, { listed, sequencing: { depth: this.aim } });
    this.directory.world.join(...issuers);
    const transport: Transport = async ({ url, method }) =>
      this.directory.request(url.pathname + url.search, { method });
    const fetch = createSafeFetch(transport, { sandbox: false });
    const { clock } = this.directory.ctx;
    const descriptions = createDescriptions({ fetch, clock, sandbox: false });
    this.client = new Directory({ fetch, clock, descriptions, pin: { log: LOG_SIGNER.key, quorum: 0 } }, DOMAIN);
    this.open = async () => void (await descriptions.fetch(DOMAIN));
  }
  /** Before anything else: a look-up never makes anybody fetch a description. */
  readonly open: () => Promise<void>;

  get #now(): number {
    return Math.floor(this.directory.time.now / 1000);
  }
  get #depth(): number {
    return this.#naive?.depth ?? LEAST;
  }

  async do(next: Step): Promise<void> {
    this.directory.time.now += 1_000;
    const { aim, directory, live } = this;
    if ('all' in next) await Promise.all(next.all.map((place) => this.#deposit(place)));
    else if ('which' in next) await this.#change(next.do, next.which);
    else if (next.do === 'split') aim.least = Math.min(MOST, this.#depth + 1);
    else if (next.do === 'merge') aim.least = Math.max(LEAST, this.#depth - 1);
    else if (next.do === 'expire') {
      const first = Math.min(...[...live.values()].map(({ end }) => end));
      if (first !== Infinity) directory.time.now = Math.max(directory.time.now, first * 1000);
    }
    // Shallower, or nothing but time: with the heartbeat.
    if (next.do === 'merge' || next.do === 'wait') directory.time.now += 600_000;
    for (const [key, { end }] of live) {
      if (end > this.#now) continue;
      live.delete(key);
      count('expire');
    }
    await this.#settle();
    if (next.do === 'split' || next.do === 'merge') expect(this.#depth).toBe(aim.least);
  }

  async #deposit(place: Deposit): Promise<void> {
    const { name, holder, life } = place;
    const depositor = await this.#person(name, holder);
    const issuer = issuerOf(place);
    const now = this.#now;
    const end = now + life;
    const seq = this.#nextSeq(place);
    const attestations = [await attest(issuer, depositor, { issuedAt: now, endsAt: end + (seq % 3) * 100 })];
    const sealed = sealedFor(attestations, 1_084 + 1_024 * (life % 2));
    const made = await makeDeposit(depositor, [], { seq, iat: now, exp: end, attestations, sealed });
    const before = this.live.get(keyOf(place));
    const isLive = before !== undefined && before.end > now;
    const response = await put(this.directory, made);
    expect(response.status, 'a deposit').toBe(isLive ? 200 : 201);
    // One live record per name and issuer.
    for (const [key, other] of this.live)
      if (other.place.name === name && issuerOf(other.place) === issuer) this.live.delete(key);
    const digest = Buffer.from(made.digest, 'hex');
    const holderOctets = Buffer.from(depositor.key.jkt, 'base64url');
    const record = { name: nameOf(name), holder: holderOctets, digest, length: made.octets.length };
    const jti = readAttestation(attestations[0] ?? '').jti;
    this.live.set(keyOf(place), { record, place, jti, end });
    count(isLive ? 'replace' : 'deposit');
  }

  async #change(what: 'replace' | 'withdraw' | 'revoke', which: number): Promise<void> {
    const alive = [...this.live.values()].filter(({ end }) => end > this.#now);
    const chosen = alive[which % alive.length];
    if (chosen === undefined) return;
    const { place, jti } = chosen;
    if (what === 'replace') return this.#deposit({ ...place, life: 100 + which });
    const depositor = await this.#person(place.name, place.holder);
    const response =
      what === 'withdraw'
        ? await withdrawAsHolder(this.directory, depositor, this.#nextSeq(place), this.#now)
        : await withdrawAsIssuer(this.directory, issuerOf(place), depositor.name, jti, this.#now);
    expect(response.status, what).toBe(200);
    this.live.delete(keyOf(place));
    count(what);
  }

  async #person(name: number, holder: number): Promise<Depositor> {
    const key = `${name}/${holder}`;
    const known = this.#people.get(key) ?? (await createDepositor(new Uint8Array(nameOf(name))));
    this.#people.set(key, known);
    return known;
  }
  #nextSeq(place: Deposit): number {
    const seq = (this.#seqs.get(keyOf(place)) ?? 0) + 1;
    this.#seqs.set(keyOf(place), seq);
    return seq;
  }

  /** Steps until nothing is due, and lets the naive directory follow. */
  async #settle(): Promise<void> {
    for (let [size, before] = [await this.#follow(), -1]; size !== before;) {
      await this.directory.step();
      await this.directory.settle();
      [before, size] = [size, await this.#follow()];
    }
    const naive = this.#naive;
    const filed = (records: Iterable<NaiveRecord>) =>
      [...records].map(({ name, holder, digest }) => Buffer.concat([name, holder, digest]).toString('hex')).toSorted();
    expect(filed(naive?.records.values() ?? [])).toEqual(filed([...this.live.values()].map(({ record }) => record)));
  }

  /** Plays the epochs that are new, and compares their leaves; gives the size of the log. */
  async #follow(): Promise<number> {
    const [, text = '0'] = (await this.text('/log/checkpoint')).split('\n');
    const size = Number(text);
    for (let epoch = (this.#naive?.epoch ?? -1) + 1; epoch < size; epoch++) await this.#play(epoch, size);
    return size;
  }

  async #play(epoch: number, size: number): Promise<void> {
    const tile = await this.octets(`/log/tile/entries/000.p/${size}`);
    let at = 0;
    for (let i = 0; i < epoch; i++) at += 2 + tile.readUInt16BE(at);
    const leaf = tile.subarray(at + 2, at + 2 + tile.readUInt16BE(at)).toString();
    const depth = Number(/^depth (\d+)$/m.exec(leaf)?.[1]);
    const naive = (this.#naive ??= await this.#begin(depth));
    const list = await this.octets(`/v1/epochs/${epoch}/changes`);
    const { now } = this.directory.time;
    count(depth > naive.depth ? 'split' : depth < naive.depth ? 'merge' : list.length === 0 ? 'heartbeat' : 'changes');
    if (depth > naive.depth) naive.split(now);
    else if (depth < naive.depth) naive.merge(now);
    else {
      const { come, gone } = this.#divide(list);
      naive.change(now, come, gone);
    }
    expect(leaf).toBe(naive.leaves[epoch]?.toString());
    expect(list.toString('hex')).toBe(naive.lists[epoch]?.toString('hex'));
  }

  /** What a change list says came is what was deposited, or was and has ended since; what it does not say is computed. */
  #divide(list: Buffer) {
    const come: NaiveRecord[] = [];
    const gone: Pick<NaiveRecord, 'name' | 'holder'>[] = [];
    for (let at = 0; at < list.length; at += 96) {
      const [name, holder] = [list.subarray(at, at + 32), list.subarray(at + 32, at + 64)];
      const isRemoval = list.subarray(at + 64, at + 96).equals(Buffer.alloc(32));
      const filed = [...this.live.values()].find(
        ({ record }) => record.name.equals(name) && record.holder.equals(holder),
      );
      if (isRemoval) gone.push({ name, holder });
      else if (filed === undefined) throw new Error('a record that nobody deposited');
      else come.push(filed.record);
    }
    return { come, gone };
  }

  async #begin(depth: number): Promise<Naive> {
    const config = Buffer.from(sha256(utf8(await this.text('/v1/config'))));
    return new Naive(`${DOMAIN}/whereabouts`, config, depth);
  }

  async octets(path: string): Promise<Buffer> {
    const response = await this.directory.request(path);
    expect([path, response.status]).toEqual([path, 200]);
    return Buffer.from(await response.arrayBuffer());
  }
  text = async (path: string): Promise<string> => (await this.octets(path)).toString();

  async check(): Promise<void> {
    const naive = this.#naive;
    if (naive === undefined) throw new Error('no epoch yet');
    const { client, directory } = this;
    const until = directory.time.now + 60_000;
    const { leaf } = await client.head(until, { fresh: true });
    const note = await this.text('/log/checkpoint');
    expect(note.startsWith(naive.checkpointText())).toBe(true);
    const { depth } = naive;
    expect(leaf.depth).toBe(depth);
    for (const name of NAMES) {
      const verified = await client.readBucket({ name, depth, config: leaf.config }, until);
      expect(verified.entries.map(({ digest }) => formatHex(digest))).toEqual(
        naive.under(name).map(({ digest }) => digest.toString('hex')),
      );
      expect(formatHex(verified.leaf.mapRoot)).toBe(naive.mapRoot.toString('hex'));
      count(verified.entries.length > 0 ? 'found' : 'proven absent');
    }
    const named = new Set(NAMES.map((name) => bucketOf(name, depth)));
    for (const bucket of named) {
      const reply = JSON.parse(await this.text(`/v1/buckets/${depth}/${bucket}`)) as Record<string, string>;
      expect(reply['bundle']).toBe(naive.bundle(bucket, note));
      expect(reply['index']).toBe(naive.index(bucket).toString('base64url'));
    }
    for (const [bucket, history] of naive.histories())
      // The others never change but with the depth.
      if (named.has(bucket) || naive.lists[naive.epoch]?.length === 0)
        expect((await this.octets(`/v1/buckets/${depth}/${bucket}/history?from=0`)).toString('hex')).toBe(
          history.toString('hex'),
        );
  }
}

/** Two of three keys are attested by the same issuer: the newer supersedes the older. */
const issuerOf = ({ holder }: Deposit): Party => {
  const issuer = issuers[Math.floor(holder / 2)];
  if (issuer === undefined) throw new Error('no issuer');
  return issuer;
};

test('a directory over HTTP does what the protocol says, each name proven after each step', async () => {
  const length = stepCount(20);
  const steps = fc.array(step, { minLength: length, maxLength: length });
  const property = fc.asyncProperty(steps, async (all) => {
    await emptyTables(database);
    const play = new Play();
    await play.open();
    for (const next of [...OPENING, ...all]) {
      await play.do(next);
      await play.check();
      expect(play.directory.log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    }
    await checkDirectory(database.db, Math.floor(play.directory.time.now / 1000));
  });
  await fc.assert(property, { ...randomRuns('model of a directory', 1), endOnFailure: true });
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  const done = ['deposit', 'replace', 'withdraw', 'revoke', 'expire', 'found', 'proven absent'];
  const epochs = ['changes', 'heartbeat', 'split', 'merge'];
  expect(Object.keys(counts).toSorted()).toEqual([...done, ...epochs].toSorted());
}, 600_000);
