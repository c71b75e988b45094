// Bob's monitor: what it tells of, across epochs and depths, and that "could not check" is not "check failed".
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemoryMonitorStore, type MonitorStore } from '../../src/client/monitor-state.ts';
import { monitor, type MonitorReport, type OwnRecord, type WatchedName } from '../../src/client/monitor.ts';
import type { Registration } from '../../src/client/registration.ts';
import { withdraw } from '../../src/client/withdraw.ts';
import { formatEntry, type Entry } from '../../src/protocol/bucket.ts';
import { CODES, WhereaboutsError, type Code } from '../../src/protocol/errors.ts';
import { formatBucketLeaf, parseBucketLeaf, UNUSED_LEAF } from '../../src/protocol/log/bucket-leaf.ts';
import { leafHash } from '../../src/protocol/log/hash.ts';
import { treeHash } from '../../src/protocol/log/merkle.ts';
import { concat, formatB64u } from '../../src/protocol/wire.ts';
import { problem, type Forged } from '../support/memory-directory.ts';
import { BOBCHAT, DIRECTORY, EVECHAT, openLogWorld, random, type Asker, type LogWorld } from './log-world.ts';

let world: LogWorld;
let bob: Asker;
let store: MonitorStore;

beforeEach(async () => {
  world = await openLogWorld();
  bob = await world.open();
  store = createMemoryMonitorStore();
});

const own = ({ name, holder, digest, expires }: Registration, more: Partial<OwnRecord> = {}): WatchedName => ({
  name,
  own: [{ holder, digest, expires, ...more }],
});

async function run(...watched: WatchedName[]): Promise<MonitorReport[]> {
  const reports: MonitorReport[] = [];
  const directory = bob.context.directory(DIRECTORY);
  for await (const report of monitor({ directory, store, clock: world.clock }, watched)) reports.push(report);
  return reports;
}
const check = async (watched: WatchedName): Promise<MonitorReport> => {
  const [report] = await run(watched);
  if (report === undefined) throw new Error('no report');
  return report;
};

/** Other people's records, so that buckets hold something. */
const crowd = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    world.advance(1);
    const entry: Entry = { name: random(32), holder: random(32), digest: random(32), length: 1_084 };
    await world.honest.publish({ set: [{ entry, sealed: new Uint8Array(1_084) }] });
  }
};

describe('one name', () => {
  test('nothing to tell: clean, the first time and later, across splits and merges', async () => {
    await crowd(30);
    const mine = own(await world.register(bob, BOBCHAT));
    expect(await check(mine)).toMatchObject({ outcome: 'clean', epoch: 31, sightings: [] });
    for (const depth of [5, 6, 5, 4, 5, undefined]) {
      await crowd(10);
      if (depth !== undefined) await world.honest.publish({ depth });
      expect(await check(mine)).toMatchObject({ outcome: 'clean' });
    }
  });

  test('is found through all depths by a monitor that never ran before', async () => {
    await crowd(30);
    const mine = own(await world.register(bob, BOBCHAT));
    const eve = await world.register(await world.open(), EVECHAT);
    await withdraw(bob.context, eve);
    for (const depth of [5, 6]) {
      await crowd(5);
      await world.honest.publish({ depth });
    }
    expect(await check(mine)).toMatchObject({
      outcome: 'alarm',
      sightings: [{ kind: 'stranger', holder: eve.holder, from: 32, to: 33 }],
    });
    expect(await check(mine)).toMatchObject({ outcome: 'clean' });
  });

  test('a merge is followed into both children, and back to the same depth in an earlier time', async () => {
    await crowd(20);
    await world.honest.publish({ depth: 5 });
    await crowd(20);
    const mine = own(await world.register(bob, BOBCHAT));
    await crowd(20);
    await world.honest.publish({ depth: 4 });
    expect(await check(mine)).toMatchObject({ outcome: 'clean' });
  });

  test('a stranger is told of while there, and once more when gone', async () => {
    const mine = own(await world.register(bob, BOBCHAT));
    expect((await check(mine)).outcome).toBe('clean');
    const eve = await world.register(await world.open(), EVECHAT);
    expect(await check(mine)).toMatchObject({ sightings: [{ kind: 'stranger', from: 2 }] });
    expect(await check(mine)).toMatchObject({ sightings: [{ kind: 'stranger', holder: eve.holder }] });
    await withdraw(bob.context, eve);
    expect(await check(mine)).toMatchObject({ sightings: [{ kind: 'stranger', to: 3 }] });
    expect((await check(mine)).outcome).toBe('clean');
  });

  test('a withdrawal of one’s own is no news, its return is; what was altered or removed is told of', async () => {
    const registration = await world.register(bob, BOBCHAT);
    const stored = [...world.honest.records.values()];
    expect(await check(own(registration, { digest: '00'.repeat(32) }))).toMatchObject({
      sightings: [{ kind: 'altered', holder: registration.holder }],
    });
    await withdraw(bob.context, registration);
    expect(await check(own(registration))).toMatchObject({ sightings: [{ kind: 'missing', to: 2 }] });
    const gone = own(registration, { withdrawn: 2 });
    expect((await check(gone)).outcome).toBe('clean');
    await world.honest.publish({ set: stored });
    expect(await check(gone)).toMatchObject({ sightings: [{ kind: 'returned', from: 3 }] });
    expect(await check(gone)).toMatchObject({ sightings: [{ kind: 'returned' }] });
  });

  test('that cannot be reached is unchecked, and nothing is forgotten', async () => {
    const mine = own(await world.register(bob, BOBCHAT));
    await check(mine);
    await world.register(await world.open(), EVECHAT);
    for (const path of ['/v1/epoch', '/v1/buckets/4', '/history']) {
      bob.spoil = (url, reply) => (url.pathname.includes(path) ? problem(503, 'overloaded') : reply);
      expect(await check(mine)).toMatchObject({ outcome: 'unchecked', code: 'overloaded', sightings: [] });
    }
    bob.spoil = undefined;
    expect(await check(mine)).toMatchObject({ outcome: 'alarm' });
  });

  test('whose history is cut short is a check that failed', async () => {
    const mine = own(await world.register(bob, BOBCHAT));
    await check(mine);
    await world.register(await world.open(), EVECHAT);
    bob.spoil = (url, reply) =>
      url.pathname.endsWith('/history')
        ? new Response('', { headers: { 'content-type': 'application/octet-stream' } })
        : reply;
    expect(await check(mine)).toMatchObject({ outcome: 'failed', code: 'bucket-invalid' });
  });
});

/** A record of a name by its first octet, as anybody may deposit it. */
const entryOf = (first: number, fill = 1): Entry => ({
  name: concat(Uint8Array.of(first), new Uint8Array(31).fill(7)),
  holder: new Uint8Array(32).fill(fill),
  digest: new Uint8Array(32).fill(fill),
  length: 1_084,
});
const watchedOf = ({ name, holder }: Entry): WatchedName => ({
  name: formatB64u(name),
  own: [{ holder: formatB64u(holder) }],
});
const publish = async (step: { set?: Entry[]; remove?: Entry[]; depth?: number }): Promise<void> => {
  world.advance(1);
  const { set = [], ...rest } = step;
  await world.honest.publish({ ...rest, set: set.map((entry) => ({ entry, sealed: new Uint8Array(1_084) })) });
};

describe('buckets and their depths', () => {
  const mine = entryOf(0x01);
  const stranger = entryOf(0x01, 2);

  test('one never used is clean, however often it is looked at, and still when it is used beside', async () => {
    for (const step of [undefined, { depth: 5 }, { set: [entryOf(0x02)] }, { depth: 4 }]) {
      if (step !== undefined) await publish(step);
      for (let time = 0; time < 2; time++) expect(await check(watchedOf(mine))).toMatchObject({ outcome: 'clean' });
    }
  });

  test('what happened at another depth since an unused bucket was looked at is told', async () => {
    expect((await check(watchedOf(mine))).outcome).toBe('clean');
    for (const step of [{ depth: 5 }, { set: [stranger] }, { remove: [stranger] }, { depth: 4 }]) await publish(step);
    expect((await check(watchedOf(mine))).sightings).toEqual([
      { kind: 'stranger', holder: formatB64u(stranger.holder), from: 2, to: 3 },
    ]);
  });

  test('what was told is not told again when the depth changes, nor twice when it comes back', async () => {
    await publish({ set: [mine, stranger] });
    await publish({ remove: [stranger] });
    const told = [{ kind: 'stranger', holder: formatB64u(stranger.holder), from: 1, to: 2 }];
    expect((await check(watchedOf(mine))).sightings).toEqual(told);
    for (const depth of [5, 4]) {
      await publish({ depth });
      expect((await check(watchedOf(mine))).sightings).toEqual([]);
    }
    store = createMemoryMonitorStore();
    expect((await check(watchedOf(mine))).sightings).toEqual(told);
  });

  test('only what is new is read again, and a name that is new beside one that is known is read whole', async () => {
    const from: (string | null)[] = [];
    bob.spoil = ({ pathname, searchParams }, reply) => {
      if (pathname.endsWith('/history')) from.push(searchParams.get('from'));
      return reply;
    };
    await publish({ set: [mine, entryOf(0x02)] });
    expect((await check(watchedOf(mine))).outcome).toBe('clean');
    await publish({ set: [entryOf(0x03)] });
    from.length = 0;
    expect((await check(watchedOf(mine))).outcome).toBe('clean');
    expect(from).toEqual(['2']);
    const reports = await run(watchedOf(mine), watchedOf(entryOf(0x02, 2)));
    expect(reports.map(({ outcome, sightings }) => [outcome, sightings[0]?.from])).toEqual([
      ['clean', undefined],
      ['alarm', 1],
    ]);
  });
});

describe('keys', () => {
  test('one that is not listed any more is told of, whichever record it was noted with', async () => {
    const { name, holder, digest } = await world.register(bob, BOBCHAT);
    const unknown = { holder: formatB64u(random(32)), key: '0011223344556677' };
    expect((await check({ name, own: [{ holder, digest }] })).retired).toBeUndefined();
    expect(await check({ name, own: [{ holder, digest }, unknown] })).toMatchObject({
      outcome: 'clean',
      retired: true,
    });
  });
});

describe('a directory that signs what is not so', () => {
  const mine = entryOf(0x01);
  const FAILED = { outcome: 'failed', code: 'bucket-invalid' };
  /** Bucket 0 with other entries, under a leaf that fits them and is otherwise the one there is. */
  const forge = (index: Entry[], depth = 4): Map<number, Forged> => {
    const leaf = parseBucketLeaf(world.honest.leafData(0));
    if (leaf === undefined) throw new Error('a bucket never used');
    const entriesRoot = treeHash(index.map((entry) => leafHash(formatEntry(entry))));
    const leafData = formatBucketLeaf({ ...leaf, depth, count: index.length, entriesRoot });
    return new Map([[0, { index, leafData, history: world.honest.history(0) }]]);
  };
  const unused = new Map<number, Forged>([[0, { index: [], leafData: UNUSED_LEAF }]]);

  beforeEach(async () => {
    await publish({ set: [mine] });
    expect((await check(watchedOf(mine))).outcome).toBe('clean');
    world.advance(1);
  });

  test.each<[string, () => Parameters<LogWorld['honest']['publish']>[0]]>([
    ['a record gone without a trace', () => ({ forged: forge([]) })],
    ['a record exchanged without a trace', () => ({ forged: forge([{ ...mine, digest: new Uint8Array(32) }]) })],
    ['a record of another holder without a trace', () => ({ forged: forge([entryOf(0x01, 2)]) })],
    ['a bucket never used', () => ({ forged: unused })],
    ['a bucket never used at another depth', () => ({ depth: 5, forged: unused })],
    ['a chain that goes on at another depth', () => ({ depth: 5, forged: forge([mine], 5) })],
  ])('%s', async (_, lie) => {
    await world.honest.publish(lie());
    expect(await check(watchedOf(mine))).toMatchObject(FAILED);
  });
});

describe('what fails, and what only could not be checked', () => {
  const FAILED: readonly Code[] = [
    'bucket-invalid',
    'bundle-invalid',
    'checkpoint-invalid',
    'config-invalid',
    'consistency-invalid',
    'epoch-invalid',
    'inclusion-invalid',
    'log-forked',
    'map-invalid',
  ];
  const mine = watchedOf(entryOf(0x01));
  const failing = (times: number, error: Error) => {
    const read = vi.spyOn(bob.context.directory(DIRECTORY), 'readBucket');
    for (let time = 0; time < times; time++) read.mockRejectedValueOnce(error);
    return read;
  };

  test.each(Object.keys(CODES) as Code[])('%s', async (code) => {
    const outcome = FAILED.includes(code) ? 'failed' : 'unchecked';
    vi.spyOn(bob.context.directory(DIRECTORY), 'head').mockRejectedValueOnce(new WhereaboutsError(code));
    expect(await check(mine)).toMatchObject({ outcome, code, sightings: [] });
    // A directory at work is asked three times.
    const passing = ['depth-changed', 'config-changed', 'checkpoint-stale'].includes(code);
    const read = failing(2, new WhereaboutsError(code));
    expect(await check(mine)).toMatchObject(passing ? { outcome: 'clean' } : { outcome, code });
    expect(read).toHaveBeenCalledTimes(passing ? 3 : 1);
    read.mockRestore();
    expect(await (failing(3, new WhereaboutsError(code)), check(mine))).toMatchObject({ outcome, code });
  });

  test('a fault of our own is neither', async () => {
    failing(1, new TypeError('a bug'));
    await expect(check(mine)).rejects.toThrow(TypeError);
  });

  test('a history that could not be read once is not read otherwise', async () => {
    await publish({ set: [entryOf(0x01)] });
    expect((await check(mine)).outcome).toBe('clean');
    await publish({ set: [entryOf(0x02)] });
    let refused = false;
    bob.spoil = ({ pathname }, reply) => {
      if (refused || !pathname.endsWith('/history')) return reply;
      refused = true;
      return problem(503, 'overloaded');
    };
    expect(await check(mine)).toMatchObject({ outcome: 'unchecked', code: 'overloaded' });
    expect(refused).toBe(true);
    expect((await check(mine)).outcome).toBe('clean');
  });
});

describe('many names', () => {
  test('share the reading of buckets', async () => {
    const names: WatchedName[] = [];
    for (let i = 0; i < 40; i++) {
      const entry: Entry = { name: random(32), holder: random(32), digest: random(32), length: 1_084 };
      await world.honest.publish({ set: [{ entry, sealed: new Uint8Array(1_084) }] });
      names.push({ name: formatB64u(entry.name), own: [{ holder: formatB64u(entry.holder) }] });
    }
    world.honest.asked.length = 0;
    const reports = await run(...names);
    expect(reports.map(({ outcome }) => outcome)).toEqual(names.map(() => 'clean'));
    const reads = world.honest.asked.filter((path) => /^GET \/v1\/buckets\/4\/\d+$/.test(path));
    expect(new Set(reads).size).toBe(reads.length);
    expect(reads.length).toBeLessThanOrEqual(16);
  });
});
