// What every store of a publication has to do (server/publication/store.ts), a folder and one with S3's interface alike; R2 is in
// test/workers.
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderStore } from '../../src/platform/node/folder-store.ts';
import { r2Store, type R2Bucket } from '../../src/platform/workers/r2-store.ts';
import { utf8 } from '../../src/protocol/wire.ts';
import type { PublicationStore } from '../../src/server/publication/store.ts';
import { codeOf } from '../client/world.ts';
import { openS3, type TestS3 } from '../support/s3.ts';

let folder: string;
let s3: TestS3;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'whereabouts-store-'));
  s3 = await openS3();
});
afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

const listed = async (store: PublicationStore, prefix: string): Promise<string[]> => {
  const paths: string[] = [];
  for await (const part of store.list(prefix)) paths.push(...part);
  return paths.toSorted();
};
const text = async (store: PublicationStore, file: string): Promise<string | undefined> => {
  const found = await store.find(file, 1_000);
  return found === undefined ? undefined : new TextDecoder().decode(found.octets);
};

describe.each(['folder', 'S3'] as const)('a %s', (kind) => {
  const open = (): PublicationStore => (kind === 'folder' ? folderStore(path.join(folder, 'public')) : s3.store());

  test('holds what was put, whole, by its path; twice is once', async () => {
    const store = open();
    expect(await store.find('tile/0/000.p/1', 100)).toBeUndefined();
    for (let i = 0; i < 2; i++) await store.put('tile/0/000.p/1', Uint8Array.of(0, 255, 1));
    expect([...((await store.find('tile/0/000.p/1', 3))?.octets ?? [])]).toEqual([0, 255, 1]);
    await store.put('tile/0/000', new Uint8Array(0));
    expect((await store.find('tile/0/000', 0))?.octets.length).toBe(0);
    await expect(store.find('tile/0/000.p/1', 2)).rejects.toThrow(RangeError);
  });

  test('compares and swaps: of many at once one wins, and nobody goes on from a state that is gone', async () => {
    const store = open();
    const firsts = await Promise.all(['a', 'b', 'c', 'd'].map((it) => open().replace('epoch', it, undefined)));
    expect(firsts.filter(Boolean)).toHaveLength(1);
    const first = await store.find('epoch', 100);
    expect(await store.replace('epoch', 'x', undefined)).toBe(false);
    const seconds = await Promise.all(['e', 'f', 'g', 'h'].map((it) => open().replace('epoch', it, first?.version)));
    expect(seconds.filter(Boolean)).toHaveLength(1);
    expect(await text(store, 'epoch')).toBe(['e', 'f', 'g', 'h'][seconds.indexOf(true)]);
    expect(await store.replace('epoch', 'y', first?.version)).toBe(false);
    expect(await store.replace('nothing', 'y', first?.version)).toBe(false);
    expect(await text(store, 'nothing')).toBeUndefined();
  });

  test('lists what is below, in parts, and removes what is there', async () => {
    const store = open();
    const paths = Array.from({ length: 40 }, (_, i) => `map/4/${i % 3}/${String(i).padStart(4, '0')}`).toSorted();
    await Promise.all(paths.map((file) => store.put(file, utf8(file))));
    await store.put('mapped/0', utf8(''));
    expect(await listed(store, 'map/')).toEqual(paths);
    await store.remove([...paths.slice(0, 35), 'map/4/0/never']);
    expect(await listed(store, 'map/')).toEqual(paths.slice(35));
    await store.remove(paths);
    expect(await listed(store, 'map/')).toEqual([]);
    expect(await listed(store, 'nothing/')).toEqual([]);
  });
});

describe('a folder', () => {
  test('keeps to itself: no path leads out of it', async () => {
    const store = folderStore(path.join(folder, 'in'));
    await writeFile(path.join(folder, 'secret'), 'x');
    for (const file of ['../secret', 'a/../../secret', '/etc/passwd', '', 'a//b', './a', 'a/..', 'a\\b', 'a\0b'])
      for (const use of [
        () => store.find(file, 10),
        () => store.put(file, utf8('y')),
        () => store.replace(file, 'y', undefined),
        () => store.remove([file]),
      ])
        await expect(use()).rejects.toThrow('not the path of a published file');
    expect(await readdir(folder)).toContain('secret');
  });

  test('leaves no drafts and no lock behind; a dead link is nothing', async () => {
    const root = path.join(folder, 'clean');
    const store = folderStore(root);
    await store.put('a/b', utf8('x'));
    await store.replace('epoch', 'y', undefined);
    await symlink('/nowhere', path.join(root, 'a/dead'));
    expect(await listed(store, 'a/')).toEqual(['a/b']);
    expect((await readdir(root, { recursive: true })).toSorted()).toEqual(['a', 'a/b', 'a/dead', 'epoch']);
  });
});

test('R2’s lists go on where a page ended, and it is asked to remove a thousand at most', async () => {
  const asked: (string | undefined)[] = [];
  const removed: number[] = [];
  const bucket: R2Bucket = {
    get: async () => null,
    put: async () => null,
    delete: async (keys) => void removed.push(keys.length),
    list: async ({ cursor }) => {
      asked.push(cursor);
      if (cursor === undefined) return { objects: [{ key: 'a/1' }], truncated: true, cursor: 'next' };
      return { objects: [{ key: 'a/2' }], truncated: false };
    },
  };
  expect(await listed(r2Store(bucket), 'a/')).toEqual(['a/1', 'a/2']);
  expect(asked).toEqual([undefined, 'next']);
  await r2Store(bucket).remove(Array.from({ length: 2_001 }, (_, i) => `a/${i}`));
  expect(removed).toEqual([1_000, 1_000, 1]);
});

describe('S3', () => {
  test('a store in trouble is asked again, and given up in the end', async () => {
    let fails = 2;
    s3.trouble = (method) => (method === 'PUT' && fails-- > 0 ? 503 : undefined);
    await s3.store().put('again', utf8('x'));
    expect(await text(s3.store(), 'again')).toBe('x');
    s3.trouble = () => 500;
    expect(await codeOf(s3.store().put('never', utf8('x')))).toBe('peer-unreachable');
    s3.trouble = undefined;
    expect(await text(s3.store(), 'never')).toBeUndefined();
  });

  test('a list goes on where a page ended', async () => {
    const page = (keys: string[], isTruncated: boolean) =>
      `<ListBucketResult>${keys.map((key) => `<Contents><Key>public/${key}</Key></Contents>`).join('')}<IsTruncated>${isTruncated}</IsTruncated></ListBucketResult>`;
    const markers: (string | null)[] = [];
    const store = s3.store({
      fetch: async ({ url }) => {
        const { searchParams } = new URL(url);
        markers.push(searchParams.get('marker'));
        expect(searchParams.get('prefix')).toBe('public/map/');
        return new Response(markers.length === 1 ? page(['map/1', 'map/2'], true) : page(['map/3'], false));
      },
    });
    expect(await listed(store, 'map/')).toEqual(['map/1', 'map/2', 'map/3']);
    expect(markers).toEqual(['', 'public/map/2']);
  });

  test('a key that is not right is refused, and never repeated', async () => {
    const wrong = s3.store({ secretKey: 'WRONG-SECRET' });
    const failed = await wrong.put('x', utf8('x')).then(
      () => 'no failure',
      (error: unknown) => String(error),
    );
    expect(failed).toContain('403');
    expect(failed).not.toContain('WRONG-SECRET');
    expect(await codeOf(wrong.find('epoch', 100))).toBe('peer-unreachable');
    expect(s3.asked.join('\n')).not.toContain('SECRET');
  });
});
