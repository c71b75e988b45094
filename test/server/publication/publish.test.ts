// A directory published as files (§6.8), and read from a static file server without database or API: what is written when, what
// a writer that dies leaves, and that several writers, outages and changes of depth show nobody anything but whole epochs.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryCheckpoints } from '../../../src/client/checkpoints.ts';
import { createMemoryMonitorStore } from '../../../src/client/monitor-state.ts';
import { monitor } from '../../../src/client/monitor.ts';
import { bucketNumber } from '../../../src/protocol/bucket.ts';
import { chainName } from '../../../src/protocol/chain/names.ts';
import { formatB64u, parseB64u } from '../../../src/protocol/wire.ts';
import { folderStore } from '../../../src/platform/node/folder-store.ts';
import { inParallel } from '../../../src/server/publication/parallel.ts';
import { Publication } from '../../../src/server/publication/publish.ts';
import type { PublicationStore } from '../../../src/server/publication/store.ts';
import { sweepFiles } from '../../../src/server/publication/sweep.ts';
import { codeOf } from '../../client/world.ts';
import { createOwner } from '../../support/chains.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  createDepositor,
  createParty,
  createTestDirectory,
  json,
  makeDeposit,
  put,
  START,
  withdrawAsHolder,
  type Depositor,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';
import { nameIn, openReader, readAll, toApi } from '../../support/publication.ts';
import { NOBODY, serveFolder, toFiles, type StaticFiles } from '../../support/static-files.ts';

describe.each(LONG_ENGINES)('a publication, on %s', (engine) => {
  let database: TestDatabase;
  let directory: TestDirectory;
  let bob: Party;
  let folder: string;
  let files: StaticFiles;
  let store: PublicationStore;

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    bob = await createParty('bob.example');
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await emptyTables(database);
    open({ now: START * 1_000 });
    folder = await mkdtemp(path.join(tmpdir(), 'whereabouts-files-'));
    store = folderStore(folder);
    files = await serveFolder(folder);
  });
  afterEach(async () => {
    await files.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (time: { now: number }, sequencing = {}): void => {
    directory = createTestDirectory(database, { sequencing, time });
    directory.world.join(bob);
  };
  const clock = (): number => directory.time.now;
  const seconds = (): number => Math.floor(clock() / 1000);
  const reader = (change = {}) => openReader({ transport: toFiles(files, NOBODY), clock, ...change });
  const publish = (to = new Publication(store)): Promise<void> => to.publish(directory.ctx);
  const published = async (): Promise<number> => readAll(reader(), clock, directory);

  const place = async (depositor: Depositor): Promise<void> => {
    directory.time.now += 1_000;
    const [iat, exp] = [seconds(), seconds() + 86_400];
    const made = await makeDeposit(depositor, [bob], { iat, exp, issuedAt: iat, endsAt: exp });
    expect((await put(directory, made)).status).toBe(201);
  };
  const leave = async (depositor: Depositor): Promise<void> => {
    expect((await withdrawAsHolder(directory, depositor, 2, seconds())).status).toBe(200);
  };
  /** One more record, in an epoch of its own. */
  const deposit = async (bucket?: number): Promise<Depositor> => {
    const depositor = await createDepositor();
    if (bucket !== undefined) depositor.name[0] = (bucket << 4) | ((depositor.name[0] ?? 0) & 15);
    await place(depositor);
    return depositor;
  };
  const heartbeat = async (): Promise<void> => {
    directory.time.now += 600_000;
    await directory.step();
  };
  const every = async (): Promise<string[]> =>
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .toSorted();

  test('gives every bucket and every sealed record as the API does, found or proven absent', async () => {
    for (let i = 0; i < 12; i++) await deposit(i % 5);
    await publish();
    expect(await published()).toBe(11);
    const one = await deposit(3);
    await leave(one);
    await publish();
    expect(await published()).toBe(13);
    const { leaf } = await reader().head(clock() + 5_000);
    const at = { depth: leaf.depth, config: leaf.config };
    const gone = await reader().readBucket({ name: one.name, ...at }, clock() + 5_000);
    expect([gone.entries, gone.index.length]).toEqual([[], 2]);
    const never = await reader().readBucket({ name: nameIn(4, 15), ...at }, clock() + 5_000);
    expect([never.entries, never.bucketLeaf]).toEqual([[], undefined]);
  });

  test('gives a bucket that holds an identity chain beside records: the entry, and no octets of it', async () => {
    const owner = await createOwner();
    const [link = ''] = owner.links;
    expect((await directory.request('/v1/chains', json('POST', { link }))).status).toBe(201);
    const name = chainName(parseB64u(owner.state().id, 32));
    for (let i = 0; i < 3; i++) await deposit(bucketNumber(name, 4));
    await publish();
    expect(await published()).toBe(3);
    const { leaf } = await reader().head(clock() + 5_000);
    const found = await reader().readBucket({ name, depth: leaf.depth, config: leaf.config }, clock() + 5_000);
    expect([found.from, found.entries.length, found.index.length]).toEqual(['publication', 1, 4]);
  });

  test('writes what changed and no more; nothing at all without a new epoch', async () => {
    for (let i = 0; i < 3; i++) await deposit(1);
    const publication = new Publication(store);
    await publish(publication);
    await deposit(1);
    const before = new Set(await every());
    await publish(publication);
    const added = (await every()).filter((file) => !before.has(file)).map((file) => file.replace(/[0-9a-f]{64}$/, '…'));
    expect(added).toEqual([
      'bucket/4/001/…',
      'changes/003',
      'map/4/0/000/…',
      'sealed/4/001/…',
      'tile/0/000.p/4',
      'tile/entries/000.p/4',
    ]);
    const epoch = await stat(path.join(folder, 'epoch'));
    await publish(publication);
    await publish();
    expect((await stat(path.join(folder, 'epoch'))).mtimeMs).toBe(epoch.mtimeMs);
    expect((await stat(path.join(folder, 'epoch'))).mode & 0o777).toBe(0o644);
    await heartbeat();
    await publish(publication);
    expect(await every()).toHaveLength(before.size + 6 + 2);
    expect(await published()).toBe(4);
  });

  test('is a log that C2SP tools can follow: checkpoint and tiles lie where they look', async () => {
    await deposit();
    await publish();
    const checkpoint = await (await directory.request('/log/checkpoint')).text();
    expect(await readFile(path.join(folder, 'checkpoint'), 'utf8')).toBe(checkpoint);
    for (const tile of ['tile/0/000.p/1', 'tile/entries/000.p/1']) {
      const octets = await (await directory.request(`/log/${tile}`)).arrayBuffer();
      expect(await readFile(path.join(folder, tile))).toEqual(Buffer.from(octets));
    }
  });

  test('holds nothing but what anybody may read', async () => {
    await deposit();
    await publish();
    const kinds = new Set((await every()).map((file) => file.split('/')[0]));
    expect(kinds).toEqual(new Set(['bucket', 'changes', 'checkpoint', 'config', 'epoch', 'map', 'sealed', 'tile']));
  });

  // A thousand deposits, one transaction at a time.
  test('a monitor follows histories of any length, and through every change of depth', async () => {
    open(directory.time, { depth: { target: 8, least: 4 } });
    const watched = await deposit(2);
    const alice = reader();
    const kept = createMemoryMonitorStore();
    const look = async (names = createMemoryMonitorStore()) => {
      const reports = [];
      const own = [{ holder: watched.key.jkt }];
      const watching = [{ name: formatB64u(watched.name), own }];
      for await (const report of monitor({ directory: alice, store: names, clock }, watching)) reports.push(report);
      return reports.map(({ outcome, code }) => code ?? outcome);
    };
    const publication = new Publication(store);
    await publish(publication);
    expect(await look(kept)).toEqual(['clean']);
    // A history longer than one file: 300 changes in the watched bucket, published in two parts.
    for (const count of [60, 90]) {
      const others = await Promise.all(Array.from({ length: count }, () => createDepositor()));
      for (const { name } of others) name.set(watched.name.subarray(0, 1));
      await inParallel(others, place);
      await inParallel(others, leave);
      await publish(publication);
    }
    expect((await every()).filter((file) => file.startsWith('history/'))).toEqual(['history/0/002/000']);
    expect(await look(kept)).toEqual(['clean']);
    expect(await look()).toEqual(['clean']);
    // Splits and merges: the depth follows the number of records.
    const crowd = await Promise.all(Array.from({ length: 280 }, () => createDepositor()));
    await inParallel(crowd, place);
    await directory.step();
    await publish(publication);
    const { depth } = (await alice.head(clock() + 5_000, { fresh: true })).leaf;
    expect(depth).toBeGreaterThan(4);
    expect(await look(kept)).toEqual(['clean']);
    expect(await look()).toEqual(['clean']);
    await inParallel(crowd.slice(0, 250), leave);
    for (let i = 0; i < 4; i++) await heartbeat();
    await publish(publication);
    expect((await alice.head(clock() + 5_000, { fresh: true })).leaf.depth).toBeLessThan(depth);
    expect(await look(kept)).toEqual(['clean']);
    expect(await look()).toEqual(['clean']);
    // From the database alone, long after all of it: a new publication has the same.
    const other = await mkdtemp(path.join(tmpdir(), 'whereabouts-files-'));
    await new Publication(folderStore(other)).publish(directory.ctx);
    const all = async (root: string) => (await readdir(root, { recursive: true })).toSorted();
    const late = (await all(other)).filter((file) => file.startsWith('ended/'));
    expect(late).toEqual((await all(folder)).filter((file) => file.startsWith('ended/')));
    expect(late.length).toBeGreaterThan(20);
    await rm(other, { recursive: true });
  }, 240_000);

  test('a writer that dies after any of its writes leaves the epoch before, whole; the next one goes on', async () => {
    for (let i = 0; i < 4; i++) await deposit(i);
    await publish();
    await deposit(1);
    await deposit(2);
    let writes = Infinity;
    const dies: PublicationStore = {
      ...store,
      put: async (file, octets) => {
        if (writes-- <= 0) throw new Error('killed');
        await store.put(file, octets);
      },
      replace: async (file, text, version) => {
        if (writes-- <= 0) throw new Error('killed');
        return store.replace(file, text, version);
      },
    };
    for (let after = 0; ; after++) {
      writes = after;
      const isDone = await publish(new Publication(dies)).then(
        () => true,
        () => false,
      );
      expect(await readAll(reader(), clock)).toBe(isDone ? 5 : 3);
      if (isDone) {
        expect(after).toBeGreaterThan(10);
        break;
      }
    }
    await publish();
    expect(await published()).toBe(5);
  });

  test('of writers at once, and late ones, none takes back what another showed', async () => {
    await deposit(1);
    await publish();
    await deposit(2);
    // One stands still just before it shows its epoch.
    let goOn = (): void => undefined;
    const waits = new Promise<void>((resolve) => (goOn = resolve));
    let stands = (): void => undefined;
    const standing = new Promise<void>((resolve) => (stands = resolve));
    const slow: PublicationStore = {
      ...store,
      replace: async (file, text, version) => {
        stands();
        await waits;
        return store.replace(file, text, version);
      },
    };
    const late = publish(new Publication(slow));
    await standing;
    await deposit(3);
    await Promise.all([publish(), publish(), publish()]);
    expect(await published()).toBe(2);
    goOn();
    await late;
    expect(await published()).toBe(2);
    expect(await readFile(path.join(folder, 'checkpoint'), 'utf8')).toContain('\n3\n');
  });

  test('switched on late, or after an outage, it catches up from what the store shows', async () => {
    for (let i = 0; i < 300; i++) await heartbeat();
    for (let i = 0; i < 10; i++) await deposit(i);
    const publication = new Publication(store);
    await publish(publication);
    expect(await published()).toBe(309);
    for (let i = 0; i < 20; i++) await deposit(i % 3);
    // Another process, which remembers nothing; and the one before, which does.
    await publish();
    expect(await published()).toBe(329);
    await deposit();
    await publish(publication);
    expect(await published()).toBe(330);
    expect((await every()).filter((file) => file.startsWith('tile/') && !file.includes('.p/'))).toEqual([
      'tile/0/000',
      'tile/entries/000',
    ]);
    // Somebody has emptied the store.
    await rm(folder, { recursive: true });
    await deposit();
    await publish(publication);
    expect(await published()).toBe(331);
  }, 240_000);

  test('epochs that pass while it writes do not spoil it: what it shows is of one epoch', async () => {
    for (let i = 0; i < 20; i++) await deposit();
    // One after the other, so that each has an epoch of its own: more than a round may read behind.
    let passing = 12;
    let passed = Promise.resolve();
    const slow: PublicationStore = {
      ...store,
      put: async (file, octets) => {
        if (file.startsWith('bucket/') && passing-- > 0)
          passed = passed.then(async () => {
            await deposit();
            await directory.settle();
          });
        await passed;
        await store.put(file, octets);
      },
    };
    await publish(new Publication(slow));
    expect(directory.log).toContainEqual(
      expect.objectContaining({ event: 'publication-written', fields: { size: 20, whole: false } }),
    );
    expect(await published()).toBe(31);
  });

  test('what is damaged on its way is refused, with the code of the check it fails', async () => {
    await deposit(1);
    const checkpoints = createMemoryCheckpoints();
    const alice = reader({ checkpoints });
    const bucket = await deposit(1);
    const publication = new Publication(store);
    await publish(publication);
    await readAll(alice, clock);
    await deposit(1);
    await publish(publication);
    const paths = await every();
    const fresh = async (kind: string): Promise<string> => {
      const found = paths.filter((file) => file.startsWith(kind));
      const times = await Promise.all(
        found.map(async (file) => ({ file, at: (await stat(path.join(folder, file))).mtimeMs })),
      );
      return times.toSorted((a, b) => b.at - a.at)[0]?.file ?? '';
    };
    const spoiled = async (file: string, spoil: (octets: Buffer) => Buffer | string, read: () => Promise<unknown>) => {
      const before = await readFile(path.join(folder, file));
      await writeFile(path.join(folder, file), spoil(Buffer.from(before)));
      directory.time.now += 400_000;
      const code = await codeOf(read());
      directory.time.now -= 400_000;
      await writeFile(path.join(folder, file), before);
      return code;
    };
    const flip = (at: number) => (octets: Buffer) => {
      octets[at] = (octets[at] ?? 0) ^ 1;
      return octets;
    };
    const readBucket = async (from = reader()) => {
      const { leaf } = await from.head(clock() + 5_000, { fresh: true });
      const read = await from.readBucket(
        { name: bucket.name, depth: leaf.depth, config: leaf.config },
        clock() + 5_000,
      );
      return from.readSealed(read, clock() + 5_000);
    };
    const file = await fresh('bucket/');
    expect(await codeOf(readBucket())).toBe('no failure');
    expect(await spoiled(file, flip(40), readBucket)).toBe('bucket-invalid');
    expect(await spoiled(file, flip(130), readBucket)).toBe('bucket-invalid');
    expect(await spoiled(file, (octets) => octets.subarray(0, 200), readBucket)).toBe('bucket-invalid');
    expect(await spoiled(await fresh('map/'), flip(40), readBucket)).toBe('map-invalid');
    expect(await spoiled(await fresh('map/'), (octets) => octets.subarray(32), readBucket)).toBe('map-invalid');
    expect(await spoiled(await fresh('config/'), flip(3), readBucket)).toBe('config-invalid');
    expect(await spoiled('epoch', flip(3), readBucket)).toBe('bundle-invalid');
    expect(await spoiled('epoch', (octets) => octets.toString().replace('—', '– '), readBucket)).toBe(
      'checkpoint-invalid',
    );
    expect(await spoiled('epoch', () => 'x'.repeat(70_000), readBucket)).toBe('url-refused');
    // Who saw the log before wants to see that it only grew; files that do not show it accuse nobody.
    expect(await spoiled('tile/0/000.p/3', flip(64), () => readBucket(alice))).toBe('consistency-invalid');
    const both = reader({ transport: toFiles(files, toApi(directory)), checkpoints });
    expect(await spoiled('tile/0/000.p/3', flip(64), () => readBucket(both))).toBe('no failure');
    expect(await checkpoints.listEvidence()).toEqual([]);
    expect(await codeOf(readBucket(alice))).toBe('no failure');
  });

  test('files that show another log convict the directory all the same', async () => {
    const checkpoints = createMemoryCheckpoints();
    await deposit(1);
    await publish();
    await readAll(reader({ checkpoints }), clock);
    // The same key signs another first epoch.
    await emptyTables(database);
    open({ now: clock() });
    await rm(folder, { recursive: true });
    await deposit(2);
    await publish();
    expect(await codeOf(readAll(reader({ checkpoints }), clock))).toBe('log-forked');
    expect(await checkpoints.listEvidence()).toMatchObject([
      { code: 'log-forked', notes: [expect.any(String), expect.any(String)] },
    ]);
  });

  test('stale files, or none, are passed over for the API; without one nothing is claimed', async () => {
    const one = await deposit(1);
    await publish();
    const read = async (from: ReturnType<typeof openReader>) => {
      const { leaf } = await from.head(clock() + 5_000, { fresh: true });
      const place = { name: one.name, depth: leaf.depth, config: leaf.config };
      const bucket = await from.readBucket(place, clock() + 5_000);
      expect((await from.readSealed(bucket, clock() + 5_000)).length).toBe(bucket.index.length);
      return `${bucket.from} ${bucket.leaf.epoch}`;
    };
    const both = { transport: toFiles(files, toApi(directory)) };
    expect(await read(reader(both))).toBe('publication 0');
    expect(await read(reader({ ...both, publication: false }))).toBe('api 0');
    // The files are an epoch behind: whoever has seen a newer one is not taken back.
    const checkpoints = createMemoryCheckpoints();
    await deposit(1);
    await read(reader({ ...both, checkpoints, publication: false }));
    const alice = reader({ ...both, checkpoints });
    expect(await read(alice)).toBe('api 1');
    expect(await codeOf(read(reader({ checkpoints })))).toBe('checkpoint-stale');
    await publish();
    directory.time.now += 2_000;
    expect(await read(alice)).toBe('publication 1');
    // The writer has stopped.
    for (let i = 0; i < 2; i++) await heartbeat();
    expect(await read(alice)).toBe('api 3');
    expect(await codeOf(read(reader()))).toBe('epoch-stale');
    // Once they failed they are left alone for a while, then looked at again.
    await publish();
    const before = files.asked.length;
    expect(await read(alice)).toBe('api 3');
    expect(files.asked.length).toBe(before);
    directory.time.now += 30_000;
    expect(await read(alice)).toBe('publication 3');
    await rm(folder, { recursive: true });
    expect(await codeOf(read(reader()))).toBe('path-unknown');
    expect(await read(reader(both))).toBe('api 3');
  });

  test('what nobody can want any more is swept, and nobody who began before misses it', async () => {
    const publication = new Publication(store);
    for (let i = 0; i < 3; i++) {
      await deposit(1);
      await publish(publication);
    }
    const count = async () => (await every()).length;
    const sweep = () => sweepFiles(directory.ctx, store);
    const before = await every();
    await sweep();
    expect(await count()).toBe(before.length + 1);
    await deposit(1);
    await publish(publication);
    directory.time.now += 1_798_000;
    await sweep();
    expect(await count()).toBe(before.length + 1 + 6);
    await heartbeat();
    await publish(publication);
    directory.time.now += 60_000;
    await sweep();
    // Three versions of a bucket were replaced, two of them before the first sweep: those are gone.
    const left = await every();
    const gone = before.filter((file) => !left.includes(file)).map((file) => file.replace(/[0-9a-f]{64}$/, '…'));
    expect(gone.toSorted()).toEqual(
      ['bucket/4/001/…', 'map/4/0/000/…', 'sealed/4/001/…']
        .flatMap((file) => [file, file])
        .concat(['tile/0/000.p/1', 'tile/0/000.p/2', 'tile/entries/000.p/1', 'tile/entries/000.p/2'])
        .toSorted(),
    );
    expect(await published()).toBe(4);
    directory.time.now += 60_000;
    await sweep();
    expect(await every()).toEqual(left);
    expect(await published()).toBe(4);
  });
});
