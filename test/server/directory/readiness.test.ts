// /readyz refuses while the directory cannot do its work, comes back with it, and tells strangers nothing of why.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPostgres } from '../../../src/platform/node/postgres.ts';
import { nobleGroup } from '../../../src/protocol/group-noble.ts';
import { generateKeyPair, keyId } from '../../../src/protocol/oprf.ts';
import { SCHEMA } from '../../../src/server/store/database.ts';
import { createPostgresDatabase, emptyTables, LONG_ENGINES, openTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createTestDirectory, START, type DirectoryOptions, type TestDirectory } from '../../support/directory.ts';
import { openPostgresProxy } from '../../support/postgres-proxy.ts';

const random = (octets: number): Uint8Array => crypto.getRandomValues(new Uint8Array(octets));
const makeKey = () => {
  const pair = generateKeyPair(nobleGroup, random);
  return { ...pair, id: keyId(pair.publicKey) };
};

const REFUSAL = {
  status: 503,
  retryAfter: '5',
  body: { type: 'urn:whereabouts:error:overloaded', title: 'Too busy, try again later', status: 503, retryAfter: 5 },
};

async function askReady(directory: TestDirectory): Promise<number> {
  expect((await directory.request('/healthz')).status).toBe(200);
  const response = await directory.request('/readyz');
  if (response.status === 200) expect(await response.json()).toEqual({ status: 'ok' });
  else {
    const { code, ...body } = (await response.json()) as Record<string, unknown>;
    expect(code).toBe('overloaded');
    expect({ status: response.status, retryAfter: response.headers.get('retry-after'), body }).toEqual(REFUSAL);
  }
  return response.status;
}

/** What was said of it in the log, in order. */
const said = ({ log }: TestDirectory): string[] =>
  log.flatMap(({ event, fields }) =>
    event === 'not-ready' || event === 'ready' ? ['why' in fields ? `${event} ${String(fields.why)}` : event] : [],
  );

test('the schema it asks for is that of the newest migration', () => {
  const journal = JSON.parse(readFileSync('drizzle/meta/_journal.json', 'utf8')) as { entries: { when: number }[] };
  expect(SCHEMA).toBe(Math.max(...journal.entries.map(({ when }) => when)));
});

describe.each(LONG_ENGINES)('readiness on %s', (engine) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
  });
  beforeEach(() => emptyTables(database));
  afterAll(() => database.close());
  const open = (options: DirectoryOptions = {}) => createTestDirectory(database, options);

  test('it is ready, and says so a thousand times without a word in the log', async () => {
    const directory = open();
    for (let i = 0; i < 1_000; i += 100)
      await Promise.all(Array.from({ length: 100 }, () => directory.request('/readyz')));
    expect(await askReady(directory)).toBe(200);
    expect(said(directory)).toEqual([]);
  });

  test('without a key to register under, or with one that is not what it was, it is not', async () => {
    const [key, other] = [makeKey(), makeKey()];
    for (const oprfKeys of [[], [{ ...key, until: START + 86_400 }], [{ ...key, publicKey: other.publicKey }]]) {
      const directory = open({ oprfKeys });
      expect(await askReady(directory)).toBe(503);
      expect(await askReady(directory)).toBe(503);
      expect(said(directory)).toEqual(['not-ready keys']);
    }
    const directory = open({ oprfKeys: [key] });
    expect(await askReady(directory)).toBe(200);
    key.secret.fill(0);
    expect(await askReady(directory)).toBe(503);
  });

  test('with a schema older than its own it is not', async () => {
    const directory = open();
    expect(await askReady(directory)).toBe(200);
    const move = (by: number) =>
      database.query(`update drizzle.__drizzle_migrations set created_at = created_at + ${by} where created_at > 1000`);
    await move(-1);
    expect(await askReady(directory)).toBe(503);
    // A newer instance has migrated: this one goes on until it is replaced.
    await move(2);
    expect(await askReady(directory)).toBe(200);
    await move(-1);
    expect(await askReady(directory)).toBe(200);
    expect(said(directory)).toEqual(['not-ready schema', 'ready']);
  });

  test('with a sequencer that is stuck it is not, once clients refuse what it last published', async () => {
    const directory = open();
    await directory.step();
    // Somebody else has the log for himself, and does nothing.
    const claim = (until: string) =>
      database.query(`update log_head set claimed_by = 'nobody', claimed_until = ${until}`);
    await claim('9999999999999');
    directory.time.now += 900_000;
    await directory.step();
    expect(await askReady(directory)).toBe(200);
    directory.time.now += 1;
    await directory.step();
    expect(await askReady(directory)).toBe(503);
    await claim('0');
    await directory.step();
    expect(await askReady(directory)).toBe(200);
    expect(said(directory)).toEqual(['not-ready log', 'ready']);
  });
});

describe('a way to PostgreSQL that breaks', () => {
  test('it is ready again when the database is: refused, hanging, back', async () => {
    const place = await createPostgresDatabase();
    const proxy = await openPostgresProxy(place.url);
    const database = await openPostgres(proxy.url);
    try {
      const directory = createTestDirectory(database);
      expect(await askReady(directory)).toBe(200);
      const looks = { texts: ['__drizzle_migrations'] };
      const lost = proxy.set({ ...looks, break: 'fails' });
      expect(await askReady(directory)).toBe(503);
      await lost;
      expect(await askReady(directory)).toBe(200);
      const hung = proxy.set({ ...looks, break: 'hangs' });
      const start = performance.now();
      expect(await askReady(directory)).toBe(503);
      expect(performance.now() - start).toBeLessThan(5_000);
      await hung;
      proxy.release();
      expect(await askReady(directory)).toBe(200);
      expect(said(directory)).toEqual(['not-ready database', 'ready', 'not-ready database', 'ready']);
    } finally {
      await database.close();
      await proxy.close();
      await place.drop();
    }
  });
});
