// Replies as a client checks them: known ones with one fault each and the code that fits it, every octet of some turned over,
// and a directory played at random, each of whose names is proven present or absent after every epoch.
import { describe, expect, test } from 'vitest';
import { bucketNumber, formatEntry, formatIndex, parseEntry, type Entry } from '../../../src/protocol/bucket.ts';
import type { Code } from '../../../src/protocol/errors.ts';
import { formatBundle } from '../../../src/protocol/log/bundle.ts';
import { compareRecords, type Change } from '../../../src/protocol/log/changes.ts';
import { formatCheckpoint } from '../../../src/protocol/log/checkpoint.ts';
import { ZEROS, leafHash, sha256 } from '../../../src/protocol/log/hash.ts';
import { makeConsistency, makeInclusion, memoryTree, treeRoot } from '../../../src/protocol/log/merkle.ts';
import { formatNote, signNote } from '../../../src/protocol/log/note.ts';
import { formatTlogProof, parseTlogProof } from '../../../src/protocol/log/tlog-proof.ts';
import { verifyBundle, verifyReceipt, type BucketRequest } from '../../../src/protocol/log/verify-bundle.ts';
import { openCheckpoint, verifyEpoch, verifyQuorum, type LogPolicy } from '../../../src/protocol/log/verify-epoch.ts';
import { verifyGrowth, type Seen } from '../../../src/protocol/log/verify-growth.ts';
import { KEY_TYPES, parseVkey } from '../../../src/protocol/log/vkey.ts';
import { formatB64u, formatHex, parseB64u, utf8 } from '../../../src/protocol/wire.ts';
import { ownVector } from '../../support/vectors.ts';
import { Directory } from './directory.ts';
import { FAULTS } from './faults.ts';
import { importSigner } from './signers.ts';
import { base64, codeOf, hex } from './support.ts';

interface Policy {
  origin: string;
  log: string;
  witnesses: string[];
  quorum: number;
}
interface Case {
  title: string;
  request: {
    name: string;
    depth: number;
    now: number;
    seen?: { size: number; root: string };
    consistency?: string[];
    policy?: Policy;
  };
  reply: { index: string; bundle: string };
  want: { ok: true; outcome: 'found' | 'absent'; entries?: string[] } | { ok: false; fault: string };
}
const vector = ownVector<{ policy: Policy; config_hash: string; cases: Case[] }>('map-log/lookup-bundle.json');

const policyOf = ({ origin, log, witnesses, quorum }: Policy): LogPolicy => ({
  origin,
  log: parseVkey(log),
  witnesses: witnesses.map((vkey) => ({ key: parseVkey(vkey) })),
  quorum,
});

// Once: a policy's keys are parsed and imported when it is read, not with every reply.
const policies = new Map<Policy, LogPolicy>();

async function look({ request, reply }: Case) {
  const { name, depth, now, seen, consistency } = request;
  const asked: BucketRequest = { name: hex(name), depth, now, config: hex(vector.config_hash) };
  const known = request.policy ?? vector.policy;
  const policy = policies.get(known) ?? policyOf(known);
  policies.set(known, policy);
  const verified = await verifyBundle(reply, asked, policy);
  if (seen !== undefined)
    verifyGrowth({ size: seen.size, root: base64(seen.root) }, verified.checkpoint, (consistency ?? []).map(base64));
  return verified;
}

describe('known replies', () => {
  const [accepted, refused] = [vector.cases.filter(({ want }) => want.ok), vector.cases.filter(({ want }) => !want.ok)];

  test('their number', () => {
    expect([accepted.length, refused.length]).toEqual([15, 72]);
    expect(new Set(refused.map(({ title }) => title))).toEqual(new Set(Object.keys(FAULTS)));
  });

  test.each(accepted.map((c) => [c.title, c] as const))('accepted: %s', async (_, c) => {
    const { entries, leaf, witnesses, checkpoint } = await look(c);
    if (!c.want.ok) throw new Error('not to be accepted');
    expect(entries.length > 0 ? 'found' : 'absent').toBe(c.want.outcome);
    expect(entries.map((entry) => formatHex(formatEntry(entry)))).toEqual(c.want.entries ?? []);
    expect(checkpoint.size).toBe(leaf.epoch + 1);
    expect(witnesses.length).toBeGreaterThanOrEqual((c.request.policy ?? vector.policy).quorum);
  });

  test.each(refused.map((c) => [c.title, c] as const))('refused: %s', async (title, c) => {
    expect(await codeOf(() => look(c))).toBe(FAULTS[title]);
  });

  test('every octet of three replies turned over: refused, or the same result', async () => {
    const titles = [
      'found, two holders under one name',
      'absent, bucket never used',
      'larger than the checkpoint seen before, with consistency proof',
    ];
    let [same, mutations] = [0, 0];
    for (const title of titles) {
      const c = accepted.find((one) => one.title === title);
      if (c === undefined) throw new Error('no such case');
      const result = ({ leaf, entries, index, bucketLeaf, bucket }: Awaited<ReturnType<typeof look>>) => ({
        leaf,
        entries,
        index,
        bucketLeaf,
        bucket,
      });
      const want = result(await look(c));
      for (const member of ['index', 'bundle'] as const) {
        const text = utf8(c.reply[member]);
        for (let at = 0; at < text.length; at++) {
          const mutated = text.slice();
          // Stays ASCII, so that the reply stays JSON text; another bit each time.
          mutated[at] = (mutated[at] ?? 0) ^ (1 << (at % 7));
          const reply = { ...c.reply, [member]: new TextDecoder().decode(mutated) };
          mutations++;
          const code = await codeOf(async () => {
            expect(result(await look({ ...c, reply }))).toEqual(want);
            same++;
          });
          if (code === 'accepted') continue;
          expect(new Set<Code>(Object.values(FAULTS)).has(code), `${code} at ${at}`).toBe(true);
        }
      }
    }
    expect(mutations).toBeGreaterThan(4000);
    // Only in signature lines that name a key or a witness nobody then knows may an octet go unnoticed.
    expect(same).toBeGreaterThan(0);
    expect(same).toBeLessThan(mutations / 5);
  }, 60_000);
});

describe('whole.json', () => {
  interface Whole {
    now: number;
    depth: number;
    policy: Policy;
    config_text: string;
    records: { entry: string }[];
    log_leaves: string[];
    asks: {
      title: string;
      name: string;
      bucket: number;
      reply: { index: string; bundle: string };
      sealed: Record<string, string>;
      want: { outcome: string };
    }[];
  }
  const whole = ownVector<Whole>('whole.json');
  test('every reply verifies, with all records of its name', async () => {
    const counts: Record<string, number> = {};
    const config = sha256(utf8(whole.config_text));
    const policy = policyOf(whole.policy);
    let seen: Seen | undefined;
    for (const ask of whole.asks) {
      const request = { name: hex(ask.name), depth: whole.depth, config, now: whole.now };
      const verified = await verifyBundle(ask.reply, request, policy);
      const entries = verified.entries.map((entry) => formatHex(formatEntry(entry)));
      const filed = whole.records.map(({ entry }) => entry).filter((entry) => entry.startsWith(ask.name));
      expect(entries, ask.title).toEqual(filed.toSorted());
      expect(verified.bucket).toBe(ask.bucket);
      for (const { digest, length } of verified.entries) {
        const sealed = parseB64u(ask.sealed[formatHex(digest)] ?? '');
        expect(sha256(sealed)).toEqual(digest);
        expect(sealed.length).toBe(length);
      }
      if (seen !== undefined) verifyGrowth(seen, verified.checkpoint, []);
      seen = verified.checkpoint;
      counts[ask.want.outcome] = (counts[ask.want.outcome] ?? 0) + 1;
      if (entries.length === 0) expect(ask.want.outcome).toBe('absent');
    }
    expect(counts).toEqual({ found: 18, absent: 12, 'opted-out': 1 });
    expect([whole.records.length, whole.asks.length]).toEqual([31, 31]);
    expect(seen?.size).toBe(whole.log_leaves.length);
  });
});

describe('a directory of our own', async () => {
  const origin = 'directory.example/whereabouts';
  const config = sha256(utf8('config'));
  const log = await importSigner(origin, sha256(utf8('log')));
  const witnesses = await Promise.all(
    ['w1', 'w2', 'w3'].map((name) => importSigner(`${name}.example`, sha256(utf8(name)), KEY_TYPES.cosignature)),
  );
  const policy: LogPolicy = { origin, log: log.key, witnesses: witnesses.map(({ key }) => ({ key })), quorum: 2 };
  const NOW = 1_790_000_000;

  class Served {
    readonly directory = new Directory(origin, config);
    readonly leaves: Uint8Array[] = [];
    readonly entries = new Map<string, Entry>();
    logLeaf: Uint8Array = new Uint8Array(0);

    epoch(now: number, depth: number, changed: readonly Entry[], removed: readonly Entry[] = []) {
      const isNewDepth = this.directory.depth !== undefined && depth !== this.directory.depth;
      for (const entry of changed) this.entries.set(formatHex(entry.name) + formatHex(entry.holder), entry);
      for (const entry of removed) this.entries.delete(formatHex(entry.name) + formatHex(entry.holder));
      const changes = [
        ...changed.map((entry): Change => ({ ...entry, new: leafHash(formatEntry(entry)) })),
        ...removed.map((entry): Change => ({ ...entry, new: ZEROS })),
      ].toSorted(compareRecords);
      const epoch = isNewDepth
        ? this.directory.changeDepth(depth, now * 1000)
        : this.directory.change(changes, now * 1000, depth);
      this.logLeaf = epoch.logLeaf;
      this.leaves.push(leafHash(epoch.logLeaf));
      return epoch;
    }
    async note(time: number, signers = witnesses): Promise<string> {
      const size = this.leaves.length;
      const text = formatCheckpoint({ origin, size, root: treeRoot(size, memoryTree(this.leaves)) });
      const lines = await Promise.all([signNote(text, log), ...signers.map((signer) => signNote(text, signer, time))]);
      return formatNote(text, lines);
    }
    async reply(name: Uint8Array, time = NOW) {
      const depth = this.directory.depth ?? 0;
      const bucket = bucketNumber(name, depth);
      const own = [...this.entries.values()].filter((entry) => bucketNumber(entry.name, depth) === bucket);
      const epoch = this.leaves.length - 1;
      return {
        index: formatB64u(formatIndex(own.toSorted(compareRecords))),
        bundle: formatBundle({
          depth,
          logLeaf: this.logLeaf,
          leafData: this.directory.leafData(bucket),
          path: this.directory.path(bucket),
          epoch,
          hashes: makeInclusion(epoch, epoch + 1, memoryTree(this.leaves)),
          checkpoint: await this.note(time),
        }),
      };
    }
  }
  const entryOf = (name: string, holder = 'h', record = 'r'): Entry => ({
    name: sha256(utf8(name)),
    holder: sha256(utf8(holder)),
    digest: sha256(utf8(record)),
    length: 1084,
  });

  test('deposits, replacements, removals, splits and merges: each name proven present or absent, the log only grows', async () => {
    let seed = 11;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const served = new Served();
    let seen: Seen | undefined;
    let depth = 4;
    for (let n = 0; n < 40; n++) {
      const deeper = n > 0 && random(6) === 0 ? (depth > 4 ? -1 : 1) : 0;
      depth += deeper;
      const [changed, removed] = [new Map<string, Entry>(), new Map<string, Entry>()];
      for (let i = deeper === 0 ? random(5) : 0; i > 0; i--) {
        const entry = entryOf(`${random(20)}`, `${random(2)}`, `${n}`);
        const key = formatHex(entry.name) + formatHex(entry.holder);
        if (served.entries.has(key) && random(2) === 0 && !changed.has(key)) removed.set(key, entry);
        else if (!removed.has(key)) changed.set(key, entry);
      }
      served.epoch(NOW - 40 + n, depth, [...changed.values()], [...removed.values()]);
      for (let name = 0; name < 20; name++) {
        const asked = { name: sha256(utf8(`${name}`)), depth, config, now: NOW };
        const verified = await verifyBundle(await served.reply(asked.name), asked, policy);
        const live = [...served.entries.values()].filter((entry) => Buffer.compare(entry.name, asked.name) === 0);
        expect(verified.entries).toEqual(live.toSorted(compareRecords));
        if (seen !== undefined && seen.size < verified.checkpoint.size)
          verifyGrowth(
            seen,
            verified.checkpoint,
            makeConsistency(seen.size, verified.checkpoint.size, memoryTree(served.leaves)),
          );
        seen = verified.checkpoint;
      }
    }
    expect(seen?.size).toBe(40);
  });

  test('the newest epoch by itself', async () => {
    const served = new Served();
    served.epoch(NOW - 2, 4, [entryOf('a')]);
    served.epoch(NOW - 1, 4, [entryOf('b')]);
    const hashes = makeInclusion(1, 2, memoryTree(served.leaves));
    const proof = { extra: served.logLeaf, index: 1, hashes, checkpoint: await served.note(NOW) };
    expect((await verifyEpoch(formatTlogProof(proof), policy, NOW)).leaf).toMatchObject({ epoch: 1, depth: 4, config });
    const { extra: _, ...bare } = proof;
    expect(await codeOf(() => verifyEpoch(formatTlogProof(bare), policy, NOW))).toBe('bundle-invalid');
    const other = { ...proof, extra: utf8('x') };
    expect(await codeOf(() => verifyEpoch(formatTlogProof(other), policy, NOW))).toBe('inclusion-invalid');
    expect(await codeOf(() => verifyEpoch(formatTlogProof(proof), policy, Number.NaN))).toBe('witnesses-missing');
  });

  test('a receipt holds for its record, epoch and holder, and for the time it came', async () => {
    const served = new Served();
    const entry = entryOf('a');
    served.epoch(NOW - 1, 4, [entry, entryOf('b')]);
    const reply = await served.reply(entry.name);
    const receipt = { ...reply, digest: entry.digest, epoch: 0 };
    const asked = { name: entry.name, holder: entry.holder, depth: 4, config, now: NOW };
    const verify = (r = {}, a = {}) => codeOf(() => verifyReceipt({ ...receipt, ...r }, { ...asked, ...a }, policy));
    expect(await verify()).toBe('accepted');
    expect(await verify({ epoch: 1 })).toBe('epoch-invalid');
    expect(await verify({ digest: ZEROS })).toBe('bucket-invalid');
    expect(await verify({}, { holder: ZEROS })).toBe('bucket-invalid');
    expect(await verify({}, { now: NOW + 86_400 })).toBe('witnesses-missing');
  });

  test('no witness counts twice: not by operator, not by key, not as the log', async () => {
    const served = new Served();
    served.epoch(NOW - 1, 4, []);
    const note = await served.note(NOW);
    // The log's own line is no cosignature.
    expect((await openCheckpoint(note, policy)).cosignatures.map(({ key }) => key)).toEqual(
      witnesses.map(({ key }) => key),
    );
    const count = async (p: LogPolicy) => verifyQuorum(await openCheckpoint(note, p), { ...p, quorum: 0 }, NOW).length;
    const owned = (...operators: (string | undefined)[]): LogPolicy => ({
      ...policy,
      witnesses: witnesses.map(({ key }, i) => {
        const operator = operators[i];
        return operator === undefined ? { key } : { key, operator };
      }),
    });
    expect(await count(policy)).toBe(3);
    expect(await count(owned('a', 'b', 'c'))).toBe(3);
    expect(await count(owned('a', 'a', 'c'))).toBe(2);
    expect(await count(owned('a', 'a', 'a'))).toBe(1);
    expect(await count(owned('a', undefined, 'a'))).toBe(2);
    const self = await importSigner('self.example', sha256(utf8('log')), KEY_TYPES.cosignature);
    const text = formatCheckpoint({ origin, size: 1, root: served.leaves[0] ?? ZEROS });
    const selfSigned = formatNote(text, [await signNote(text, log), await signNote(text, self, NOW)]);
    const lonely: LogPolicy = { ...policy, witnesses: [{ key: self.key }], quorum: 1 };
    const opened = await openCheckpoint(selfSigned, lonely);
    expect(await codeOf(() => verifyQuorum(opened, lonely, NOW))).toBe('witnesses-missing');
  });

  test('a cosignature key is no log key', async () => {
    const served = new Served();
    served.epoch(NOW - 1, 4, []);
    const [first] = witnesses;
    if (first === undefined) throw new Error('no witness');
    const wrong = { ...policy, log: first.key, witnesses: [] };
    expect(await codeOf(async () => openCheckpoint(await served.note(NOW), wrong))).toBe('checkpoint-invalid');
  });

  test('more depth than a client takes, though it asked for it', async () => {
    const served = new Served();
    served.epoch(NOW - 1, 25, [entryOf('a')]);
    const asked = { name: entryOf('a').name, depth: 25, config, now: NOW };
    expect(await codeOf(async () => verifyBundle(await served.reply(asked.name), asked, policy))).toBe('depth-changed');
  });

  test('a map proof of another depth than the log leaf says', async () => {
    const served = new Served();
    const { leaf } = served.epoch(NOW - 1, 4, [entryOf('a')]);
    const reply = await served.reply(entryOf('a').name);
    const { checkpoint, hashes } = parseTlogProof(reply.bundle);
    const bundle = formatBundle({
      depth: 3,
      logLeaf: served.logLeaf,
      leafData: new Uint8Array(0),
      path: [ZEROS, ZEROS, ZEROS],
      epoch: leaf.epoch,
      hashes,
      checkpoint,
    });
    const asked = { name: entryOf('a').name, depth: 4, config, now: NOW };
    expect(await codeOf(() => verifyBundle({ ...reply, bundle }, asked, policy))).toBe('map-invalid');
  });

  test('growth', async () => {
    const tree = memoryTree(Array.from({ length: 9 }, (_, i) => leafHash(Uint8Array.of(i))));
    const at = (size: number): Seen => ({ size, root: treeRoot(size, tree) });
    expect(await codeOf(() => verifyGrowth(at(0), at(9), []))).toBe('accepted');
    expect(await codeOf(() => verifyGrowth(at(9), at(9), []))).toBe('accepted');
    expect(await codeOf(() => verifyGrowth(at(5), at(9), makeConsistency(5, 9, tree)))).toBe('accepted');
    expect(await codeOf(() => verifyGrowth(at(5), at(9), []))).toBe('consistency-invalid');
    expect(await codeOf(() => verifyGrowth(at(9), at(5), []))).toBe('checkpoint-stale');
    expect(await codeOf(() => verifyGrowth(at(9), { size: 9, root: ZEROS }, []))).toBe('log-forked');
  });

  test('an index is read strictly', async () => {
    const served = new Served();
    served.epoch(NOW - 1, 4, [entryOf('a')]);
    const asked = { name: entryOf('a').name, depth: 4, config, now: NOW };
    const { index, bundle } = await served.reply(asked.name);
    expect(parseEntry(parseB64u(index))).toEqual(entryOf('a'));
    for (const wrong of [`${index}=`, ` ${index}`, '', index.slice(0, -1)])
      expect(await codeOf(() => verifyBundle({ index: wrong, bundle }, asked, policy))).toBe('bucket-invalid');
  });
});
