// Descriptions in a folder: what a resolver still knows after it was started again, and one claim for all who share it.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDescriptions } from '../../src/client/descriptions.ts';
import { signDescription } from '../../src/protocol/description-signature.ts';
import { openDescriptions } from '../../src/platform/node/descriptions-folder.ts';
import { createParty, createWorld } from '../support/parties.ts';

const NOW = 1_800_000_000;
let folder: string;
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'whereabouts-descriptions-')), 'kept');
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true }));

test('a restart forgets neither copies nor numbers nor history', async () => {
  const bob = await createParty('bob.example');
  const world = createWorld();
  let now = NOW;
  /** As after a start. */
  const open = () =>
    createDescriptions({
      fetch: world.fetch,
      clock: () => now * 1000,
      sandbox: false,
      store: openDescriptions(folder),
    });
  const serve = async (seq: number, name: string): Promise<void> => {
    const jwks = { keys: [JSON.parse(JSON.stringify(bob.jwk))] };
    const document = { version: 1, domain: 'bob.example', name, seq, expires: '2027-03-01T00:00:00Z', jwks };
    world.descriptions.set('bob.example', await signDescription(document, bob.key));
  };
  await serve(2, 'Two');
  expect((await open().fetch('bob.example')).name).toBe('Two');
  world.descriptions.delete('bob.example');
  now += 300;
  expect((await open().fetch('bob.example')).name).toBe('Two');
  await serve(1, 'One');
  now += 300;
  expect((await open().fetch('bob.example')).name).toBe('Two');
  await serve(3, 'Three');
  now += 300;
  expect((await open().fetch('bob.example')).name).toBe('Three');
  expect((await open().history('bob.example')).map(({ seq }) => seq)).toEqual([3, 2]);
  const files = readdirSync(folder);
  expect(files).toHaveLength(1);
  expect(statSync(path.join(folder, files[0] ?? '')).mode & 0o777).toBe(0o600);
});

test('of many who share it one may ask, once an interval', async () => {
  const stores = Array.from({ length: 20 }, () => openDescriptions(folder));
  const claim = async (now: number): Promise<number> => {
    const claimed = await Promise.all(stores.map((store) => store.claim('bob.example', now, now - 300)));
    return claimed.filter(Boolean).length;
  };
  expect([await claim(NOW), await claim(NOW + 299), await claim(NOW + 300)]).toEqual([1, 0, 1]);
});

test('a lock of somebody who died is in the way once; a damaged file counts as none', async () => {
  const store = openDescriptions(folder);
  await store.claim('bob.example', NOW, NOW - 300);
  const [file = ''] = readdirSync(folder);
  const lock = path.join(folder, `${file}.lock`);
  writeFileSync(lock, '');
  expect(await store.claim('bob.example', NOW + 300, NOW)).toBe(false);
  utimesSync(lock, 1, 1);
  expect(await store.claim('bob.example', NOW + 300, NOW)).toBe(false);
  expect(await store.claim('bob.example', NOW + 300, NOW)).toBe(true);
  writeFileSync(path.join(folder, file), '{', { mode: 0o600 });
  expect(await store.find('bob.example')).toBeUndefined();
  expect(await store.claim('bob.example', NOW + 301, NOW)).toBe(true);
});

test('a folder that cannot be is told as what it is', async () => {
  mkdirSync(path.dirname(folder), { recursive: true });
  writeFileSync(folder, '');
  await expect(openDescriptions(folder).claim('bob.example', NOW, 0)).rejects.toMatchObject({ code: 'config-invalid' });
});
