// The shared store of descriptions: one try per domain and interval whoever asks, copies as they were fetched (§8, §10).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDescriptionStore, purgeDescriptions } from '../../../src/server/store/descriptions.ts';
import { ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';

const NOW = 1_790_000_000;

describe.each(ENGINES)('descriptions on %s', (engine) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
  });
  afterAll(() => database.close());

  test('of fifty who ask together one may, once per interval', async () => {
    const store = createDescriptionStore(database.db);
    const claim = (now: number) => store.claim('one.example', now, now - 300);
    const claimed = await Promise.all(Array.from({ length: 50 }, () => claim(NOW)));
    expect(claimed.filter(Boolean)).toHaveLength(1);
    expect(await claim(NOW + 299)).toBe(false);
    const again = await Promise.all(Array.from({ length: 50 }, () => claim(NOW + 300)));
    expect(again.filter(Boolean)).toHaveLength(1);
    expect(await store.claim('two.example', NOW, NOW - 300)).toBe(true);
  });

  test('a copy is kept beside its claim, and replaced', async () => {
    const store = createDescriptionStore(database.db);
    expect(await store.find('three.example')).toBeUndefined();
    await store.claim('three.example', NOW, NOW - 300);
    expect(await store.find('three.example')).toBeUndefined();
    await store.save('three.example', { body: '{"a":1}', etag: '"1"', fetchedAt: NOW });
    expect(await store.find('three.example')).toEqual({ body: '{"a":1}', etag: '"1"', fetchedAt: NOW });
    await store.save('three.example', { body: '{}', fetchedAt: NOW + 1 });
    expect(await store.find('three.example')).toEqual({ body: '{}', fetchedAt: NOW + 1 });
    expect(await store.claim('three.example', NOW + 299, NOW - 1)).toBe(false);
  });

  test('domains that never answered are forgotten, copies are not', async () => {
    const store = createDescriptionStore(database.db);
    await store.claim('junk.example', NOW, NOW - 300);
    await store.save('kept.example', { body: '{}', fetchedAt: NOW });
    await purgeDescriptions(database.db, NOW - 1);
    expect(await store.claim('junk.example', NOW, NOW - 300)).toBe(false);
    await purgeDescriptions(database.db, NOW);
    expect(await store.claim('junk.example', NOW, NOW - 300)).toBe(true);
    expect(await store.find('kept.example')).toBeDefined();
  });
});
