// What lets a request in, on both databases: quotas and a use, all or nothing, however many race (§10).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WhereaboutsError } from '../../../src/protocol/errors.ts';
import { admit } from '../../../src/server/store/admission.ts';
import { chargeQuotas, type Charge, type Use } from '../../../src/server/store/quotas.ts';
import { sleep } from '../../../src/server/directory/sequencer/waiting.ts';
import { subjectOf } from '../../../src/server/store/subject.ts';
import { ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';

const NOW = 1_790_000_000_000;
const PEPPER = new Uint8Array(32).fill(9);

let names = 0;
const subject = () => subjectOf(PEPPER, 'test', String(names++));
const charge = (cost: number, capacity = 60): Charge => ({
  subject: subject(),
  quota: { capacity, refill: capacity, seconds: 60 },
  cost,
});
const token = (): Use => ({ subject: subject(), uses: 1, cost: 1, until: NOW / 1000 });

describe.each(ENGINES)('admission on %s', (engine) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
  });
  afterAll(() => database.close());

  const outcome = (charges: readonly Charge[], use: Use, now = NOW): Promise<unknown> =>
    admit(database.db, now, charges, use).then(
      (left) => left ?? 'used up',
      (error: unknown) => (error instanceof WhereaboutsError ? error.code : error),
    );
  /** Quotas somebody has charged before: what one statement is enough for. */
  const open = async (...charges: Charge[]): Promise<Charge[]> => {
    await chargeQuotas(
      database.db,
      NOW,
      charges.map((one) => ({ ...one, cost: 0 })),
    );
    return charges;
  };
  const left = (one: Charge) => chargeQuotas(database.db, NOW, [{ ...one, cost: 0 }]);

  describe.each([
    ['charged before', open],
    ['never charged', async (...charges: Charge[]) => charges],
  ])('quotas %s', (_, given) => {
    test('are charged, in the order in which they are given, and the use is spent', async () => {
      const [a, b] = [charge(10), charge(20)];
      await given(a, b);
      const used = token();
      expect(await outcome([a, b], used)).toEqual([50, 40]);
      expect(await outcome([b, a], token())).toEqual([20, 40]);
      expect(await outcome([a, b], used)).toBe('used up');
      expect(await outcome([a, b], token())).toEqual([30, 0]);
    });

    test('one that refuses leaves the others and the use as they were', async () => {
      const [rich, poor] = [charge(10), charge(10, 5)];
      await given(rich, poor);
      const used = token();
      expect(await outcome([rich, poor], used)).toBe('quota-exceeded');
      expect(await outcome([poor, rich], used)).toBe('quota-exceeded');
      expect(await outcome([rich], used)).toEqual([50]);
      expect(await left(poor)).toEqual([5]);
    });

    test('a use that is gone leaves them as they were', async () => {
      const [one] = [charge(10)];
      await given(one);
      const pass: Use = { subject: subject(), uses: 16, cost: 10, until: NOW / 1000 };
      expect(await outcome([one], pass)).toEqual([50]);
      expect(await outcome([one], { ...pass, cost: 7 })).toBe('used up');
      expect(await outcome([one], { ...pass, cost: 17 })).toBe('used up');
      expect(await outcome([one], { ...pass, cost: 6 })).toEqual([40]);
      expect(await left(one)).toEqual([40]);
    });

    test('a hundred racing callers: as many pass as there are tokens, and one with each use', async () => {
      const [one, other] = [charge(3), charge(1, 1000)];
      await given(one, other);
      const uses = Array.from({ length: 50 }, token);
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_unused, i) =>
          outcome(i % 2 === 0 ? [one, other] : [other, one], uses[i % 50] ?? token()),
        ),
      );
      expect(outcomes.filter(Array.isArray).length).toBe(20);
      expect(new Set(outcomes.filter((one) => !Array.isArray(one)))).toEqual(
        new Set(outcomes.includes('used up') ? ['quota-exceeded', 'used up'] : ['quota-exceeded']),
      );
      expect(await left(other)).toEqual([1000 - 20]);
      expect(await left(one)).toEqual([0]);
    });

    test('one use and a hundred who race for it: one passes, and pays once', async () => {
      const one = charge(1, 1000);
      await given(one);
      const used = token();
      const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcome([one], used)));
      expect(outcomes.filter(Array.isArray)).toEqual([[999]]);
      expect(outcomes.filter((one) => one === 'used up').length).toBe(99);
      expect(await left(one)).toEqual([999]);
    });
  });

  test('who waited for another to pay sees what that one left', async () => {
    const [one, other] = [charge(40), charge(1)];
    await open(one, other);
    const used = token();
    let waiting: Promise<unknown> | undefined;
    await database.db.transaction(async (tx) => {
      await chargeQuotas(tx, NOW, [one]);
      // Begins, as far as PostgreSQL is concerned, before the other one has ended.
      waiting = outcome([one, other], used);
      await sleep(200);
    });
    expect(await waiting).toBe('quota-exceeded');
    expect(await left(one)).toEqual([20]);
    expect(await outcome([other], used)).toEqual([59]);
  });

  test('what a bucket never holds is refused for as long as all of it takes, before and after its first charge', async () => {
    const one = charge(61);
    const refusal = () => admit(database.db, NOW, [one], token());
    await expect(refusal()).rejects.toMatchObject({ extensions: { retryAfter: 61 } });
    await open(one).catch(() => undefined);
    await expect(refusal()).rejects.toMatchObject({ extensions: { retryAfter: 61 } });
  });

  test('tokens come back, and a clock that steps back gives nothing away', async () => {
    const one = charge(60);
    expect(await outcome([one], token(), NOW + 60_000)).toEqual([0]);
    expect(await outcome([one], token(), NOW)).toBe('quota-exceeded');
    const half = { ...one, cost: 30 };
    await expect(admit(database.db, NOW + 70_000, [half], token())).rejects.toMatchObject({
      extensions: { retryAfter: 20 },
    });
    expect(await outcome([half], token(), NOW + 90_000)).toEqual([0]);
  });
});
