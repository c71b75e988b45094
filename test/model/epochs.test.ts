// A model of the map and the log: random deposits, replacements, withdrawals, ends of records, splits and merges, played by
// epoch.ts and by a naive directory written from the text alone. After each epoch both agree on every octet there is, and
// every name is proven present or absent by the client's verifier.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketNumber } from '../../src/protocol/bucket.ts';
import { formatBundle } from '../../src/protocol/log/bundle.ts';
import type { Change } from '../../src/protocol/log/changes.ts';
import { leafHash, sha256 } from '../../src/protocol/log/hash.ts';
import { EMPTY_HISTORY, formatHistoryEntry, parseHistory, verifyHistory } from '../../src/protocol/log/history.ts';
import { makeConsistency, makeInclusion, memoryTree } from '../../src/protocol/log/merkle.ts';
import { formatNote, signNote } from '../../src/protocol/log/note.ts';
import { verifyBundle, type VerifiedBucket } from '../../src/protocol/log/verify-bundle.ts';
import type { LogPolicy } from '../../src/protocol/log/verify-epoch.ts';
import { verifyGrowth } from '../../src/protocol/log/verify-growth.ts';
import { KEY_TYPES } from '../../src/protocol/log/vkey.ts';
import { concat, formatB64u, formatHex, utf8 } from '../../src/protocol/wire.ts';
import { Directory } from '../protocol/log/directory.ts';
import { importSigner } from '../protocol/log/signers.ts';
import { bucketOf, Naive, type NaiveRecord } from './naive.ts';
import { randomRuns, stepCount } from './runs.ts';

const ORIGIN = 'directory.example/whereabouts';
const CONFIG = sha256(utf8('config'));
const START = 1_790_000_000;

const octets = (text: string): Buffer => Buffer.from(sha256(utf8(text)));
const alike = (shared: number, name: Buffer, text: string): Buffer =>
  Buffer.concat([name.subarray(0, shared), octets(text).subarray(shared)]);

/** Some that no depth tells apart, some that a deep one does, both ends, and others. The last two are never deposited. */
const NAMES: readonly Buffer[] = [
  octets('a'),
  alike(31, octets('a'), 'b'),
  alike(4, octets('a'), 'c'),
  alike(1, octets('a'), 'd'),
  Buffer.concat([Buffer.alloc(31), Buffer.of(1)]),
  Buffer.alloc(32, 0xff),
  ...['e', 'f', 'g', 'h'].map(octets),
  alike(4, octets('a'), 'never'),
  octets('never'),
];
const DEPOSITED = NAMES.length - 2;
const MAX_DEPTH = 7;

type Op =
  | { readonly do: 'deposit'; readonly name: number; readonly holder: number; readonly life: number }
  | { readonly do: 'replace'; readonly which: number; readonly life: number }
  | { readonly do: 'withdraw'; readonly which: number };
type Step =
  /** Seconds pass; a clock may also be set back. */
  | { readonly do: 'change'; readonly after: number; readonly ops: readonly Op[] }
  /** Time passes until a record ends. */
  | { readonly do: 'expire' }
  | { readonly do: 'split' }
  | { readonly do: 'merge' };

const which = fc.nat(1_000);
const life = fc.integer({ min: 1, max: 40 });
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('deposit'),
      name: fc.nat(DEPOSITED - 1),
      holder: fc.nat(2),
      life,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replace'), which, life }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw'), which }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('change'),
      after: fc.integer({ min: -1, max: 3 }),
      ops: fc.array(op, { maxLength: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('split') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('merge') }) },
);

const log = await importSigner(ORIGIN, sha256(utf8('log')));
const witness = await importSigner('witness.example', sha256(utf8('witness')), KEY_TYPES.cosignature);
const policy: LogPolicy = { origin: ORIGIN, log: log.key, witnesses: [{ key: witness.key }], quorum: 1 };

const counts: Record<string, number> = {};
const count = (what: string): number => (counts[what] = (counts[what] ?? 0) + 1);

/** Both directories, a clock in seconds, and when records end. */
class Play {
  readonly naive: Naive;
  readonly directory = new Directory(ORIGIN, CONFIG);
  readonly ends = new Map<string, number>();
  readonly roots: Buffer[] = [];
  now = START;

  constructor(depth: number) {
    this.naive = new Naive(ORIGIN, Buffer.from(CONFIG), depth);
  }

  /** Does what a step says, in one epoch of each; a step that cannot be done is a heartbeat. */
  do(next: Step): void {
    const { naive, directory } = this;
    this.now += next.do === 'change' ? next.after : 1;
    if (next.do === 'expire') this.now = Math.max(this.now, Math.min(...this.ends.values(), this.now + 600));
    if (next.do === 'split' && naive.leaves.length > 0 && naive.depth < MAX_DEPTH) {
      naive.split(this.now * 1000);
      directory.changeDepth(naive.depth, this.now * 1000);
      count('split');
      return;
    }
    if (next.do === 'merge' && naive.leaves.length > 0 && naive.depth > 0) {
      naive.merge(this.now * 1000);
      directory.changeDepth(naive.depth, this.now * 1000);
      count('merge');
      return;
    }
    this.#change(next.do === 'change' ? next.ops : []);
  }

  #change(ops: readonly Op[]): void {
    const { naive, directory, ends, now } = this;
    const live = [...naive.records.values()];
    const touched = new Map<string, NaiveRecord | undefined>();
    for (const record of live) {
      if ((ends.get(keyOf(record)) ?? 0) > now) continue;
      touched.set(keyOf(record), undefined);
      count('expire');
    }
    for (const [at, one] of ops.entries()) {
      const place =
        one.do === 'deposit'
          ? { name: NAMES[one.name] ?? octets(''), holder: octets(`holder ${one.holder}`) }
          : live[one.which % live.length];
      // A record changes once an epoch (§6.2).
      if (place === undefined || touched.has(keyOf(place))) continue;
      const { name, holder } = place;
      const record = { name, holder, digest: octets(`${naive.epoch} ${at}`), length: 1_084 + 1_024 * (at % 3) };
      touched.set(keyOf(place), one.do === 'withdraw' ? undefined : record);
      if (one.do !== 'withdraw') ends.set(keyOf(place), now + one.life);
      count(one.do === 'deposit' && naive.records.has(keyOf(place)) ? 'replace' : one.do);
    }
    const come = [...touched.values()].filter((record) => record !== undefined);
    const gone = [...touched].flatMap(([key, record]) => (record === undefined ? [placeOf(key)] : []));
    for (const place of gone) ends.delete(keyOf(place));
    naive.change(now * 1000, come, gone);
    const list = naive.lists[naive.epoch] ?? Buffer.alloc(0);
    directory.change(parseList(list), now * 1000, naive.depth);
    if (touched.size === 0) count('heartbeat');
  }

  /** Both are the same in every octet, and what they are the same in is proven for every name. */
  async check(): Promise<void> {
    const { naive, directory, now } = this;
    const leaves = directory.logLeaves;
    expect(leaves.map((leaf) => Buffer.from(leaf).toString())).toEqual(naive.leaves.map(String));
    expect(formatHex(directory.changeList)).toBe(naive.lists[naive.epoch]?.toString('hex'));
    const tree = memoryTree(leaves.map(leafHash));
    const size = leaves.length;
    const root = formatHex(naive.root());
    const text = naive.checkpointText();
    const note = formatNote(text, [await signNote(text, log), await signNote(text, witness, now)]);
    const buckets = new Set<number>();
    for (const name of NAMES) {
      const bucket = bucketNumber(name, naive.depth);
      expect(bucket).toBe(bucketOf(name, naive.depth));
      const bundle = formatBundle({
        depth: naive.depth,
        logLeaf: leaves[naive.epoch] ?? new Uint8Array(),
        leafData: directory.leafData(bucket),
        path: directory.path(bucket),
        epoch: naive.epoch,
        hashes: makeInclusion(naive.epoch, size, tree),
        checkpoint: note,
      });
      if (!buckets.has(bucket)) expect(bundle).toBe(naive.bundle(bucket, note));
      buckets.add(bucket);
      const reply = { index: formatB64u(naive.index(bucket)), bundle };
      const verified = await verifyBundle(reply, { name, depth: naive.depth, config: CONFIG, now }, policy);
      this.#checkName(name, verified, root);
    }
    expect(directory.records).toBe(naive.records.size);
    for (const [bucket, history] of naive.histories()) {
      expect(formatHex(concat(...directory.history(bucket).map(formatHistoryEntry)))).toBe(history.toString('hex'));
      verifyHistory(EMPTY_HISTORY, parseHistory(history), directory.bucket(bucket)?.history ?? EMPTY_HISTORY);
    }
    this.roots.push(naive.root());
    for (const [epoch, before] of this.roots.entries()) {
      const proof = makeConsistency(epoch + 1, size, tree);
      expect(proof.map(formatHex)).toEqual(naive.consistency(epoch + 1).map((hash) => hash.toString('hex')));
      verifyGrowth({ size: epoch + 1, root: before }, { size, root: naive.root() }, proof);
    }
  }

  #checkName(name: Buffer, { entries, leaf, checkpoint }: VerifiedBucket, root: string): void {
    const { naive } = this;
    expect(entries.map(({ digest }) => formatHex(digest))).toEqual(
      naive.under(name).map(({ digest }) => digest.toString('hex')),
    );
    expect(formatHex(leaf.mapRoot)).toBe(naive.mapRoot.toString('hex'));
    expect(formatHex(checkpoint.root)).toBe(root);
    count(entries.length > 0 ? 'found' : 'proven absent');
  }
}

const keyOf = ({ name, holder }: Pick<NaiveRecord, 'name' | 'holder'>): string => formatHex(concat(name, holder));
const placeOf = (key: string): Pick<NaiveRecord, 'name' | 'holder'> => ({
  name: Buffer.from(key.slice(0, 64), 'hex'),
  holder: Buffer.from(key.slice(64), 'hex'),
});
const parseList = (list: Buffer): Change[] =>
  Array.from({ length: list.length / 96 }, (_, i) => {
    const at = (part: number) => new Uint8Array(list.subarray(96 * i + 32 * part, 96 * i + 32 * part + 32));
    return { name: at(0), holder: at(1), new: at(2) };
  });

test('epochs as the protocol words them, each name proven in each', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: stepCount(24), size: 'max' });
  const property = fc.asyncProperty(fc.integer({ min: 0, max: 5 }), steps, async (depth, all) => {
    const play = new Play(depth);
    for (const next of all) {
      play.do(next);
      await play.check();
    }
  });
  await fc.assert(property, randomRuns('model of epochs', 20));
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  const kinds = ['deposit', 'replace', 'withdraw', 'expire', 'split', 'merge', 'heartbeat', 'found', 'proven absent'];
  expect(Object.keys(counts).toSorted()).toEqual(kinds.toSorted());
}, 600_000);
