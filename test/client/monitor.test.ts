// Bob's monitor: what it tells of, across epochs and depths, and that "could not check" is not "check failed".
import { beforeEach, describe, expect, test } from 'vitest';
import { createMemoryMonitorStore, type MonitorStore } from '../../src/client/monitor-state.ts';
import { monitor, type MonitorReport, type OwnRecord, type WatchedName } from '../../src/client/monitor.ts';
import type { Registration } from '../../src/client/registration.ts';
import { withdraw } from '../../src/client/withdraw.ts';
import type { Entry } from '../../src/protocol/bucket.ts';
import { formatB64u } from '../../src/protocol/wire.ts';
import { problem } from '../support/memory-directory.ts';
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
