// The shared store of descriptions: one try per domain and interval whoever asks, copies as they were fetched (§8, §10).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDescriptionStore, findUnrefreshed, purgeDescriptions } from '../../../src/server/store/descriptions.ts';
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

  test('times, numbers and histories are kept, the newest 256 entries', async () => {
    const store = createDescriptionStore(database.db);
    const copy = { body: '{}', fetchedAt: NOW, freshUntil: NOW + 900, seq: 2 ** 40 };
    const entry = (at: number) => ({
      at,
      digest: 'ab'.repeat(32),
      ...(at % 2 === 0 ? { seq: at } : {}),
      changes: [{ member: 'encryption', subject: 'a.example', to: 'end-to-end', effect: 'better' as const }],
    });
    await store.save('five.example', copy, entry(NOW));
    await store.save('six.example', copy);
    expect(await store.find('five.example')).toEqual(copy);
    expect([await store.history('five.example'), await store.history('six.example')]).toEqual([[entry(NOW)], []]);
    for (let at = NOW + 1; at < NOW + 260; at++) await store.save('five.example', copy, entry(at));
    const history = await store.history('five.example');
    expect(history).toEqual(Array.from({ length: 256 }, (_, i) => entry(NOW + 259 - i)));
    const rows = await database.query(`select count(*)::int as n from description_history`);
    expect(rows).toEqual([{ n: 256 }]);
  });

  test('who was not asked for long comes first, who never answered not at all', async () => {
    const store = createDescriptionStore(database.db);
    const before = 1_000;
    for (const [domain, at] of [
      ['b.example', 900],
      ['a.example', 1_000],
      ['c.example', 1_001],
      ['d.example', 10],
    ] as const) {
      await store.claim(domain, at, 0);
      if (domain !== 'd.example') await store.save(domain, { body: '{}', fetchedAt: at });
    }
    expect(await findUnrefreshed(database.db, before, 10)).toEqual(['b.example', 'a.example']);
    expect(await findUnrefreshed(database.db, before, 1)).toEqual(['b.example']);
  });
});
