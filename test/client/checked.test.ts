// Answers that can be checked, from the side of the client: what is proven, what is remembered, what is asked again.
import { sha256 } from '@noble/hashes/sha2.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { explainReport } from '../../src/platform/node/cli/explain-text.ts';
import { CHECKS } from '../../src/protocol/checks.ts';
import { EVIDENCE_EACH, createMemoryCheckpoints, type SavedEvidence } from '../../src/client/checkpoints.ts';
import { checkSigned, type LogParts, type SignedReply } from '../../src/client/log-check.ts';
import { withdraw } from '../../src/client/withdraw.ts';
import { CODES, WhereaboutsError, type Code } from '../../src/protocol/errors.ts';
import { formatCheckpoint } from '../../src/protocol/log/checkpoint.ts';
import { EMPTY_ROOT } from '../../src/protocol/log/hash.ts';
import { formatNote, signNote } from '../../src/protocol/log/note.ts';
import { verifyEpoch, type LogPolicy } from '../../src/protocol/log/verify-epoch.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { generateKeyPair } from '../../src/protocol/oprf.ts';
import { problem } from '../support/memory-directory.ts';
import {
  BOB,
  BOBCHAT,
  DIRECTORY,
  NOBODY,
  codeOf,
  openLogWorld,
  random,
  type Asker,
  type LogWorld,
} from './log-world.ts';

let world: LogWorld;
let alice: Asker;
let bob: Asker;

beforeEach(async () => {
  world = await openLogWorld();
  [alice, bob] = [await world.open(), await world.open()];
});

const UNTIL = 9e15;
const reportOf = async (asker: Asker, id = BOB) => (await asker.client.where(id)).directories[0];

describe('where', () => {
  test('an absence is proven, with its epoch, time and witnesses', async () => {
    expect(await alice.client.where(NOBODY)).toMatchObject({
      outcome: 'absent',
      directories: [{ domain: DIRECTORY, outcome: 'absent', epoch: 0, asOf: '2026-09-21T14:13:20Z', witnesses: 2 }],
    });
    expect((await reportOf(alice, NOBODY))?.code).toBeUndefined();
  });

  test('a record is found in the epoch of its receipt or a later one', async () => {
    const { epoch } = await world.register(bob, BOBCHAT);
    expect(epoch).toBe(1);
    expect(await alice.client.where(BOB)).toMatchObject({
      outcome: 'found',
      directories: [{ epoch: 1, witnesses: 2 }],
    });
  });

  test('a record that does not open, or is not its holder’s, counts as none, and the others stand', async () => {
    await world.register(bob, BOBCHAT);
    const [own] = world.honest.records.values();
    if (own === undefined) throw new Error('no record');
    const garbage = random(1_084);
    const under = { name: own.entry.name, length: garbage.length };
    const entry = { ...under, holder: random(32), digest: sha256(garbage) };
    await world.honest.publish({ set: [{ entry, sealed: garbage }] });
    const found = await alice.client.where(BOB);
    expect(found).toMatchObject({ outcome: 'found', directories: [{ epoch: 2 }] });
    expect(found.routes.map(({ provider }) => provider.domain)).toEqual([BOBCHAT]);
    const renamed = { ...own, entry: { ...own.entry, holder: random(32) } };
    await world.honest.publish({ set: [renamed], remove: [own.entry] });
    expect(await alice.client.where(BOB)).toMatchObject({ outcome: 'absent', directories: [{ epoch: 3 }] });
  });

  test('a depth that changed is followed, taken from the verified epoch', async () => {
    await world.register(bob, BOBCHAT);
    expect(await reportOf(alice)).toMatchObject({ outcome: 'found' });
    world.advance(1);
    await world.honest.publish({ depth: 5 });
    expect(await reportOf(alice)).toMatchObject({ outcome: 'found', epoch: 2 });
    expect(world.honest.asked.filter((path) => path.startsWith('GET /v1/buckets/5/'))).toHaveLength(2);
  });

  test('under a changed configuration it asks once more, under the keys there are now', async () => {
    expect(await reportOf(alice, NOBODY)).toMatchObject({ outcome: 'absent' });
    const [old] = world.honest.oprf;
    if (old === undefined) throw new Error('no key');
    world.honest.oprf.push(generateKeyPair(nobleGroup, random));
    const until = world.clock() / 1000 + 1_000;
    await world.honest.publish({ config: world.honest.configText({ key: old, until }) });
    world.honest.asked.length = 0;
    expect(await reportOf(alice, NOBODY)).toMatchObject({ outcome: 'absent', epoch: 1 });
    expect(world.honest.asked.filter((path) => path === 'POST /v1/evaluate')).toHaveLength(3);
  });

  test('without a description that names a log key nothing is proven', async () => {
    alice.spoil = async (url, reply) => {
      if (url.pathname !== '/.well-known/whereabouts') return reply;
      const text = (await reply.text()).replace(/"log":"[^"]*",/, '');
      return new Response(text, { headers: { 'content-type': 'application/json' } });
    };
    const { client } = alice;
    expect((await client.where(NOBODY)).directories[0]).toMatchObject({ outcome: 'unknown', code: 'vkey-invalid' });
  });

  test('a quorum of pinned witnesses is demanded', async () => {
    const key = world.witnesses[0]?.key;
    const stranger = (await openLogWorld()).signer.key;
    if (key === undefined) throw new Error('no witness');
    const pinned = await world.open({ log: world.signer.key, witnesses: [{ key }], quorum: 1 });
    expect(await reportOf(pinned, NOBODY)).toMatchObject({ outcome: 'absent', witnesses: 1 });
    const asking = await world.open({ witnesses: [{ key }, { key: { ...stranger, type: 4 } }], quorum: 2 });
    expect(await reportOf(asking, NOBODY)).toMatchObject({ outcome: 'unknown', code: 'witnesses-missing' });
  });
});

describe('receipts', () => {
  test('a deposit that is not in its bucket is refused', async () => {
    bob.spoil = async (url, reply) => {
      if (!url.pathname.startsWith('/v1/records/')) return reply;
      const { digest, epoch } = (await reply.json()) as { digest: string; epoch: number };
      const empty = world.honest.indexOf(0).length === 0 ? 0 : 1;
      return Response.json({ digest, epoch, ...world.honest.bucketReply(empty) });
    };
    expect(await codeOf(world.register(bob, BOBCHAT))).toBe('map-invalid');
    bob.spoil = async (url, reply) => {
      if (!url.pathname.startsWith('/v1/records/')) return reply;
      return Response.json({ ...((await reply.json()) as object), epoch: 7 });
    };
    expect(await codeOf(world.register(bob, BOBCHAT))).toBe('epoch-invalid');
    bob.spoil = async (url, reply) => {
      if (!url.pathname.startsWith('/v1/records/')) return reply;
      return Response.json({ digest: ((await reply.json()) as { digest: string }).digest });
    };
    expect(await codeOf(world.register(bob, BOBCHAT))).toBe('peer-unreachable');
  });

  test('one of an epoch before the last one seen has to lie in the log that was seen', async () => {
    const before = await world.honest.fork((step) => step);
    world.advance(1);
    await world.honest.publish();
    await bob.context.directory(DIRECTORY).head(UNTIL);
    bob.spoil = async (url, reply) => {
      if (!url.pathname.startsWith('/v1/records/')) return reply;
      // The receipt came first, and the epochs after it were seen before it arrived.
      world.advance(1);
      await world.honest.publish();
      await bob.context.directory(DIRECTORY).head(UNTIL, { fresh: true });
      return reply;
    };
    expect((await world.register(bob, BOBCHAT)).epoch).toBe(2);
    expect(before.logLeaves.length).toBe(1);
  });

  test('a withdrawal is proven', async () => {
    const registration = await world.register(bob, BOBCHAT);
    await withdraw(bob.context, registration);
    expect(await reportOf(alice)).toMatchObject({ outcome: 'absent', epoch: 2 });
  });

  test('a withdrawal that left the record where it is is refused', async () => {
    const registration = await world.register(bob, BOBCHAT);
    const kept = world.honest.bucketReply(world.honest.indexOf(0).length > 0 ? 0 : bucketOfOnlyRecord());
    bob.spoil = async (url, reply) =>
      url.pathname.endsWith('/withdrawal') ? Response.json({ epoch: 1, ...kept }) : reply;
    expect(await codeOf(withdraw(bob.context, registration))).toBe('bucket-invalid');
  });

  const bucketOfOnlyRecord = (): number => {
    const [only] = world.honest.records.values();
    return only === undefined ? 0 : world.honest.bucketOf(only.entry.name);
  };
});

describe('growth', () => {
  test('is proven from tiles over more than one tile', async () => {
    for (let epoch = 1; epoch < 200; epoch++) {
      world.advance(1);
      await world.honest.publish();
    }
    expect(await reportOf(alice, NOBODY)).toMatchObject({ epoch: 199 });
    for (let epoch = 200; epoch < 300; epoch++) {
      world.advance(1);
      await world.honest.publish();
    }
    expect(await reportOf(alice, NOBODY)).toMatchObject({ outcome: 'absent', epoch: 299 });
    expect(world.honest.asked.some((path) => path.startsWith('GET /log/tile/0/'))).toBe(true);
  });

  test('an older checkpoint is no answer', async () => {
    const old = await world.honest.fork((step) => step);
    world.advance(1);
    await world.honest.publish();
    expect(await reportOf(alice, NOBODY)).toMatchObject({ outcome: 'absent', epoch: 1 });
    alice.served = old;
    expect(await reportOf(alice, NOBODY)).toMatchObject({ outcome: 'unknown', code: 'checkpoint-stale' });
    expect(await alice.checkpoints.listEvidence()).toEqual([]);
  });

  test('another log of the same size is evidence, and so is one that does not grow out of what was seen', async () => {
    world.advance(1);
    await world.honest.publish();
    const other = await world.honest.fork((step, epoch) => ({ ...step, now: step.now + epoch }));
    expect(await reportOf(alice, NOBODY)).toMatchObject({ outcome: 'absent' });
    alice.served = other;
    expect(await reportOf(alice, NOBODY)).toMatchObject({ outcome: 'unknown', code: 'log-forked' });
    // Put aside from then on: somebody else has to meet the other one grown.
    const carol = await world.open();
    expect(await reportOf(carol, NOBODY)).toMatchObject({ outcome: 'absent' });
    world.advance(1);
    await other.publish();
    carol.served = other;
    expect(await reportOf(carol, NOBODY)).toMatchObject({ outcome: 'unknown', code: 'consistency-invalid' });
    for (const [asker, expected] of [
      [alice, 'log-forked'],
      [carol, 'consistency-invalid'],
    ] as const) {
      const evidence = await asker.checkpoints.listEvidence();
      expect(evidence.map(({ code, notes }) => [code, notes.length])).toEqual([[expected, 2]]);
    }
  });
});

describe('what is kept', () => {
  let parts: LogParts;
  let policy: LogPolicy;
  beforeEach(() => {
    const readTile = async (path: string) => {
      const reply = await world.honest.answer('GET', new URL(`https://${DIRECTORY}/log/${path}`), '');
      return new Uint8Array(await reply.arrayBuffer());
    };
    parts = { checkpoints: createMemoryCheckpoints(), clock: world.clock, tiles: [readTile], isOwn: true };
    policy = { origin: world.honest.origin, log: world.signer.key, witnesses: [], quorum: 0 };
  });
  const kept = async () =>
    (await parts.checkpoints.listEvidence()).map(({ code, notes, reply }) => ({ code, notes, reply }));
  const fail = (error: Error, reply: SignedReply = { bundle: world.honest.epochText() }) =>
    checkSigned(parts, policy, reply, async () => Promise.reject(error));
  const look = (older?: boolean) => {
    const bundle = world.honest.epochText();
    const verify = () => verifyEpoch(bundle, policy, world.clock() / 1000);
    return checkSigned(parts, policy, { bundle }, verify, older === undefined ? {} : { older });
  };
  const grow = async (): Promise<string> => {
    world.advance(1);
    await world.honest.publish();
    return world.honest.note;
  };

  test('of a reply that fails is what an honest directory does not sign, and nothing else', async () => {
    const evident = ['bucket-invalid', 'bundle-invalid', 'epoch-invalid', 'inclusion-invalid', 'map-invalid'];
    const expected: unknown[] = [];
    for (const code of Object.keys(CODES) as Code[]) {
      await expect(fail(new WhereaboutsError(code))).rejects.toMatchObject({ code });
      if (evident.includes(code)) expected.push({ code, notes: [world.honest.note], reply: world.honest.epochText() });
      expect(await kept(), code).toEqual(expected);
    }
    await expect(fail(new TypeError('a bug'))).rejects.toThrow(TypeError);
    const unsigned = world.honest.epochText().replace(/^— directory.*\n/m, '');
    await expect(fail(new WhereaboutsError('map-invalid'), { bundle: unsigned })).rejects.toThrow();
    expect(await kept()).toEqual(expected);
  });

  test('of it are the whole reply, and the note seen before if that is another one', async () => {
    const { note: before } = (await look()).checkpoint;
    const whole = (n: number) => ({ bundle: world.honest.epochText(), whole: `reply ${n}` });
    await expect(fail(new WhereaboutsError('map-invalid'), whole(0))).rejects.toThrow();
    const after = await grow();
    await expect(fail(new WhereaboutsError('map-invalid'), whole(1))).rejects.toThrow();
    expect(await kept()).toEqual([
      { code: 'map-invalid', notes: [before], reply: 'reply 0' },
      { code: 'map-invalid', notes: [before, after], reply: 'reply 1' },
    ]);
  });

  test('of a log is its largest checkpoint, whatever comes in which order', async () => {
    const find = () => parts.checkpoints.find(world.honest.origin);
    const old = await world.honest.fork((step) => step);
    expect((await look()).seen).toBeUndefined();
    const notes = [world.honest.note, await grow(), await grow()];
    expect((await look()).seen).toBe(1);
    expect(await find()).toBe(notes[2]);
    const now = world.honest;
    const bundle = old.epochText();
    const verify = () => verifyEpoch(bundle, policy, world.clock() / 1000);
    await expect(checkSigned(parts, policy, { bundle }, verify)).rejects.toMatchObject({ code: 'checkpoint-stale' });
    expect(await checkSigned(parts, policy, { bundle }, verify, { older: true })).toMatchObject({ seen: 3 });
    expect(await find()).toBe(now.note);
    // A receipt may as well be the newest there is.
    const newest = await grow();
    expect((await look(true)).seen).toBe(3);
    expect(await find()).toBe(newest);
    expect(await kept()).toEqual([]);
  });

  test('a log grows out of nothing as well', async () => {
    const text = formatCheckpoint({ origin: world.honest.origin, size: 0, root: EMPTY_ROOT });
    const empty = formatNote(text, [await signNote(text, world.signer)]);
    await parts.checkpoints.save(world.honest.origin, empty, undefined);
    expect((await look()).seen).toBe(0);
  });

  test('against each log is so much, and nothing twice; a checkpoint only in place of the one it was checked against', async () => {
    const evidence = (n: number, origin = 'a.example/whereabouts'): SavedEvidence => ({
      origin,
      log: 'key',
      code: 'map-invalid',
      savedAt: n,
      notes: [`note ${n}`],
    });
    const { checkpoints } = parts;
    const count = async () => (await checkpoints.listEvidence()).length;
    for (let n = 0; n < 2; n++) await checkpoints.accuse({ ...evidence(0), savedAt: n });
    expect(await count()).toBe(1);
    for (let n = 1; n < 2 * EVIDENCE_EACH; n++) await checkpoints.accuse(evidence(n));
    expect(await count()).toBe(EVIDENCE_EACH);
    await checkpoints.accuse(evidence(0, 'b.example/whereabouts'));
    expect(await count()).toBe(EVIDENCE_EACH + 1);
    expect(await checkpoints.save('o', 'one', 'none')).toBe(false);
    expect(await checkpoints.save('o', 'one', undefined)).toBe(true);
    expect(await checkpoints.save('o', 'two', undefined)).toBe(false);
    expect(await checkpoints.find('o')).toBe('one');
  });
});

describe('explained', () => {
  const explain = async (asker: Asker, id = BOB): Promise<string[]> => {
    const { directories } = await asker.client.where(id, { explain: true });
    return (directories[0]?.checks ?? []).map(({ name, outcome, code }) => `${name} ${code ?? outcome}`);
  };

  test('an answer that holds went through every check', async () => {
    expect(await explain(alice, NOBODY)).toEqual(CHECKS.map((name) => `${name} held`));
    const { directories } = await alice.client.where(NOBODY, { explain: true });
    const [report] = directories;
    const text = report === undefined ? '' : explainReport(report, (_, line) => line);
    for (const words of ['epoch 0', '2 witnesses', 'proven absent']) expect(text).toContain(words);
    expect((await reportOf(alice, NOBODY))?.checks).toBeUndefined();
  });

  test('one that does not stops at the check that failed', async () => {
    await world.register(bob, BOBCHAT);
    alice.spoil = async (url, reply) => {
      if (!/^\/v1\/buckets\/4\/\d+$/.test(url.pathname)) return reply;
      const text = (await reply.text()).replace(
        /"index":"[^"]*"/,
        (index) => `"index":""${' '.repeat(index.length - 10)}`,
      );
      return new Response(text, { headers: { 'content-type': 'application/json' } });
    };
    const checks = await explain(alice);
    expect(checks.slice(-5)).toEqual([
      'map held',
      'bucket bucket-invalid',
      'name not-reached',
      'growth not-reached',
      'records not-reached',
    ]);
    expect(checks[0]).toBe('evaluation held');
  });

  test('one that was never given was never checked', async () => {
    alice.spoil = (url, reply) => (url.pathname === '/v1/epoch' ? problem(503, 'overloaded') : reply);
    expect(await explain(alice)).toEqual(CHECKS.map((name) => `${name} not-reached`));
  });
});
