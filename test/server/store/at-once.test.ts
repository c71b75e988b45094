// Statements that one transaction says in one breath: what is still to be said when one of them fails is never said outside of it.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { atOnce } from '../../../src/server/store/at-once.ts';
import type { Db } from '../../../src/server/store/database.ts';
import { ENGINES, openTestDatabase, rowsOf, type TestDatabase } from '../../support/database.ts';

describe.each(ENGINES)('at once on %s', (engine) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
    await database.db.execute(sql`create table numbers (n int primary key)`);
  });
  beforeEach(async () => {
    await database.db.execute(sql`delete from numbers`);
  });
  afterAll(() => database.close());
  const numbers = async (): Promise<unknown> =>
    rowsOf(await database.db.execute(sql`select n from numbers order by n`)).map(({ n }) => n);
  const insert = (tx: Db, n: number) => tx.execute(sql`insert into numbers values (${n}::int)`);
  /** Three statements, each said once the one before it was answered. */
  const oneAfterAnother = async (tx: Db, from: number): Promise<number> => {
    for (let n = from; n < from + 3; n++) await insert(tx, n).catch(() => undefined);
    return from;
  };

  test('all are done, and each gives what it gives', async () => {
    const given = await database.db.transaction((tx) =>
      atOnce(oneAfterAnother(tx, 10), insert(tx, 1), Promise.resolve('word')),
    );
    expect([given[0], given[2]]).toEqual([10, 'word']);
    expect(await numbers()).toEqual([1, 10, 11, 12]);
  });

  test('each is said once', async () => {
    await atOnce(insert(database.db, 1), insert(database.db, 2));
    expect(await numbers()).toEqual([1, 2]);
  });

  test('what the first to fail threw is thrown once all have ended, and nothing stays', async () => {
    let ended = false;
    const failed = database.db.transaction((tx) =>
      atOnce(
        tx.execute(sql`select 1 / ${0}::int`),
        oneAfterAnother(tx, 20).finally(() => (ended = true)),
        insert(tx, 1),
      ),
    );
    await expect(failed).rejects.toMatchObject({ cause: { message: 'division by zero' } });
    expect(ended).toBe(true);
    expect(await numbers()).toEqual([]);
  });
});
