// Deposits nobody here signed: those of whole.json, taken at their times, become exactly the entries and octets it lists.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatEntry, parseIndex, splitSealed } from '../../../src/protocol/bucket.ts';
import { formatHex, parseB64u } from '../../../src/protocol/wire.ts';
import { checkDirectory } from '../../support/check-directory.ts';
import { LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTestDirectory, json, outcome, type TestDirectory } from '../../support/directory.ts';
import { ownVector } from '../../support/vectors.ts';

interface Whole {
  readonly now: number;
  readonly depth: number;
  readonly issuers: Readonly<Record<string, { readonly keys: readonly object[] }>>;
  readonly records: readonly {
    readonly label: string;
    readonly deposited_at: number;
    readonly deposit_request: { readonly path: string; readonly body: { readonly sealed: string } };
    readonly entry: string;
    readonly digest: string;
  }[];
}

const whole = ownVector<Whole>('whole.json');
const records = whole.records.toSorted((a, b) => a.deposited_at - b.deposited_at);

describe.each(LONG_ENGINES)('whole.json on %s', (engine) => {
  let database: TestDatabase;
  let directory: TestDirectory;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
    directory = createTestDirectory(database);
    for (const [domain, jwks] of Object.entries(whole.issuers))
      directory.world.descriptions.set(domain, JSON.stringify({ version: 1, domain, jwks }));
  });
  afterAll(() => database.close());

  test('every deposit is taken at its time, and taken again without change', async () => {
    expect(records.length).toBe(31);
    for (const { label, deposited_at, deposit_request, digest } of records) {
      directory.time.now = deposited_at * 1000;
      const response = await directory.request(deposit_request.path, json('PUT', deposit_request.body));
      expect([label, response.status, await response.json()]).toMatchObject([label, 201, { digest }]);
      const again = directory.request(deposit_request.path, json('PUT', deposit_request.body));
      expect(await outcome(again)).toEqual({ status: 200 });
    }
    await checkDirectory(database.db, whole.now);
  });

  test('the buckets hold exactly these records', async () => {
    directory.time.now = whole.now * 1000;
    const found = new Map<string, Uint8Array>();
    for (let bucket = 0; bucket < 2 ** whole.depth; bucket++) {
      const path = `/v1/buckets/${whole.depth}/${bucket}`;
      const { index } = (await (await directory.request(path)).json()) as { index: string };
      const entries = parseIndex(parseB64u(index));
      const octets = new Uint8Array(await (await directory.request(`${path}/sealed`)).arrayBuffer());
      for (const [i, sealed] of splitSealed(entries, octets).entries()) {
        const entry = entries[i];
        if (entry !== undefined) found.set(formatHex(formatEntry(entry)), sealed);
      }
    }
    expect([...found.keys()].toSorted()).toEqual(records.map(({ entry }) => entry).toSorted());
    for (const { entry, deposit_request } of records)
      expect(found.get(entry)).toEqual(parseB64u(deposit_request.body.sealed));
  });
});
