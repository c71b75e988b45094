// Token buckets and single uses: exact under concurrency, all or nothing, on both databases (§10).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WhereaboutsError } from '../../../src/protocol/errors.ts';
import { utf8 } from '../../../src/protocol/wire.ts';
import { chargeQuotas, spendUse, type Charge } from '../../../src/server/store/quotas.ts';
import { subjectOf } from '../../../src/server/store/subject.ts';
import { ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';

const NOW = 1_790_000_000_000;
const MINUTE = { capacity: 60, refill: 60, seconds: 60 };
const PEPPER = new Uint8Array(32).fill(7);

let subjects = 0;
const charge = (cost: number, quota = MINUTE, subject = subjectOf(PEPPER, 'test', String(subjects++))): Charge => ({
  subject,
  quota,
  cost,
});

const codeOf = (error: unknown): string => (error instanceof WhereaboutsError ? error.code : String(error));
const refusalOf = async (work: Promise<unknown>): Promise<WhereaboutsError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof WhereaboutsError) return error;
  throw new Error('nothing was refused', { cause: error });
};

describe.each(ENGINES)('quotas on %s', (engine) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
  });
  afterAll(() => database.close());

  test('a bucket starts full, empties and refills continuously', async () => {
    const one = charge(50);
    expect(await chargeQuotas(database.db, NOW, [one])).toEqual([10]);
    const refused = await refusalOf(chargeQuotas(database.db, NOW, [one]));
    expect(refused.code).toBe('quota-exceeded');
    expect(refused.extensions['retryAfter']).toBe(40);
    await refusalOf(chargeQuotas(database.db, NOW + 39_000, [one]));
    expect(await chargeQuotas(database.db, NOW + 40_000, [one])).toEqual([0]);
    expect(await chargeQuotas(database.db, NOW + 10_000_000, [one])).toEqual([10]);
  });

  test('a clock that steps back gives nothing away', async () => {
    const one = charge(60);
    await chargeQuotas(database.db, NOW + 60_000, [one]);
    await refusalOf(chargeQuotas(database.db, NOW, [one]));
    await refusalOf(chargeQuotas(database.db, NOW + 60_000, [{ ...one, cost: 1 }]));
    expect(await chargeQuotas(database.db, NOW + 61_000, [{ ...one, cost: 1 }])).toEqual([0]);
  });

  test('more than a bucket holds is refused and costs nothing', async () => {
    const one = charge(61);
    const refused = await refusalOf(chargeQuotas(database.db, NOW, [{ ...one, policy: 'mine' }]));
    expect(refused.extensions).toEqual({ retryAfter: 61, 'violated-policies': ['mine'] });
    expect(await chargeQuotas(database.db, NOW, [{ ...one, cost: 60 }])).toEqual([0]);
    expect((await refusalOf(chargeQuotas(database.db, NOW, [charge(1, { ...MINUTE, capacity: 0 })]))).code).toBe(
      'quota-exceeded',
    );
  });

  test('all charges or none', async () => {
    const [rich, poor] = [charge(10), charge(10, { capacity: 5, refill: 5, seconds: 60 })];
    const small = { ...poor, cost: 5 };
    await refusalOf(chargeQuotas(database.db, NOW, [rich, poor]));
    expect(await chargeQuotas(database.db, NOW, [rich, small])).toEqual([50, 0]);
    await refusalOf(chargeQuotas(database.db, NOW, [rich, small]));
    expect(await chargeQuotas(database.db, NOW, [rich])).toEqual([40]);
  });

  test('charges inside a transaction go with it', async () => {
    const [a, b] = [charge(10), charge(20)];
    await expect(
      database.db.transaction(async (tx) => {
        await chargeQuotas(tx, NOW, [a, b]);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    expect(await chargeQuotas(database.db, NOW, [a, b])).toEqual([50, 40]);
  });

  test('a hundred racing charges: exactly as many pass as there are tokens', async () => {
    const [one, other] = [charge(3), charge(1, { capacity: 1000, refill: 0, seconds: 60 })];
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) => chargeQuotas(database.db, NOW, i % 2 === 0 ? [one, other] : [other, one])),
    );
    const passed = results.filter(({ status }) => status === 'fulfilled');
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [codeOf(result.reason)] : []));
    expect(passed.length).toBe(20);
    expect(new Set(codes)).toEqual(new Set(['quota-exceeded']));
    expect(await chargeQuotas(database.db, NOW, [other])).toEqual([1000 - 20 - 1]);
  });

  test('a single use is used once, whoever races', async () => {
    const subject = subjectOf(PEPPER, 'use', 'a');
    const spent = await Promise.all(
      Array.from({ length: 20 }, () => spendUse(database.db, { subject, uses: 1, cost: 1, until: NOW / 1000 })),
    );
    expect(spent.filter(Boolean).length).toBe(1);
  });

  test('sixteen uses are sixteen, in any portions', async () => {
    const subject = subjectOf(PEPPER, 'use', 'b');
    const spend = (cost: number) => spendUse(database.db, { subject, uses: 16, cost, until: NOW / 1000 });
    expect(await spend(17)).toBe(false);
    expect(await spend(10)).toBe(true);
    expect(await spend(7)).toBe(false);
    expect(await spend(6)).toBe(true);
    expect(await spend(1)).toBe(false);
  });

  test('the tables name nobody', async () => {
    const name = 'alice.example';
    await chargeQuotas(database.db, NOW, [charge(1, MINUTE, subjectOf(PEPPER, 'gatekeeper', name))]);
    const rows = await database.query(`select encode(subject, 'escape') as subject from quotas`);
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(name);
  });
});

test('subjects differ by key, kind and part, and octets are as good as text', () => {
  const subject = subjectOf(PEPPER, 'a', 'b', 'c');
  const others = [
    subjectOf(new Uint8Array(32), 'a', 'b', 'c'),
    subjectOf(PEPPER, 'a', 'bc'),
    subjectOf(PEPPER, 'ab', 'c'),
    subjectOf(PEPPER, 'a', 'b', 'd'),
  ];
  expect(subject.length).toBe(32);
  for (const other of others) expect(other).not.toEqual(subject);
  expect(subjectOf(PEPPER, 'a', utf8('b'), utf8('c'))).toEqual(subject);
});
