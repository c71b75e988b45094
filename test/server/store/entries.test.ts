// Records of more buckets than one statement reads.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bucketNumber } from '../../../src/protocol/bucket.ts';
import { compareOctets, concat, formatHex } from '../../../src/protocol/wire.ts';
import { readAllRecords, readRecords, replaceEntries } from '../../../src/server/store/entries.ts';
import { ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';

const DEPTH = 12;
const octets = (): Uint8Array => new Uint8Array(randomBytes(32));

describe.each(ENGINES)('entries on %s', (engine) => {
  let database: TestDatabase;
  const made = Array.from({ length: 600 }, () => ({
    name: octets(),
    holder: octets(),
    digest: octets(),
    leaf: octets(),
    length: 1088,
  }));
  const gone = made.slice(0, 100);
  const expected = (epoch: number): Map<number, string> => {
    const there = epoch < 1 ? [] : epoch < 2 ? made : made.slice(100);
    const groups = Map.groupBy(there, ({ name }) => bucketNumber(name, DEPTH));
    const text = (group: typeof there) =>
      formatHex(
        concat(
          ...group
            .toSorted((a, b) => compareOctets(a.name, b.name))
            .flatMap(({ name, holder, leaf }) => [name, holder, leaf]),
        ),
      );
    return new Map([...groups].map(([bucket, group]) => [bucket, text(group)]));
  };
  const hex = (read: Map<number, Uint8Array>) =>
    new Map([...read].map(([bucket, records]) => [bucket, formatHex(records)]));

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    await replaceEntries(database.db, 1, [], made);
    await replaceEntries(database.db, 2, gone, []);
  });
  afterAll(() => database.close());

  test('every bucket as of each epoch, those without records left out', async () => {
    for (const epoch of [0, 1, 2])
      expect(hex(await readAllRecords(database.db, DEPTH, epoch))).toEqual(expected(epoch));
  });

  test('only the buckets asked for, first and last among them', async () => {
    const asked = Array.from({ length: 2048 }, (_, i) => 4095 - 2 * i);
    const wanted = new Map([...expected(2)].filter(([bucket]) => bucket % 2 === 1));
    expect(hex(await readRecords(database.db, DEPTH, 2, asked))).toEqual(wanted);
    expect(await readRecords(database.db, DEPTH, 2, [])).toEqual(new Map());
  });
});
