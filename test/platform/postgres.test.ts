// Opening PostgreSQL: replicas that start together, newer schemas, nobody there, statements that take too long.
import { readdir } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgres } from '../../src/platform/node/postgres.ts';
import { atOnce } from '../../src/server/store/at-once.ts';
import { isDatabaseTrouble, type Database, type Db } from '../../src/server/store/database.ts';
import { createPostgresDatabase, rowsOf } from '../support/database.ts';
import { openPostgresProxy } from '../support/postgres-proxy.ts';

describe('postgres', () => {
  let place: Awaited<ReturnType<typeof createPostgresDatabase>>;
  beforeAll(async () => {
    place = await createPostgresDatabase();
  });
  afterAll(() => place.drop());

  test('five that start together on an empty database all get it, migrated once', async () => {
    const opened = await Promise.all(Array.from({ length: 5 }, () => openPostgres(place.url)));
    const rows: unknown = await opened[0]?.db.execute(
      sql`select count(*)::int as migrations from drizzle.__drizzle_migrations`,
    );
    const files = (await readdir('drizzle')).filter((file) => file.endsWith('.sql'));
    expect(rows).toMatchObject([{ migrations: files.length }]);
    await Promise.all(opened.map((database) => database.ready()));
    await Promise.all(opened.map((database) => database.close()));
  });

  test('a statement that takes too long is given up, and that is trouble, not a bug', async () => {
    const database = await openPostgres(place.url);
    const error: unknown = await database.db.execute(sql`select pg_sleep(30)`).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(isDatabaseTrouble(error)).toBe(true);
    const bug: unknown = await database.db.execute(sql`select * from nowhere`).catch((reason: unknown) => reason);
    expect(bug).toBeInstanceOf(Error);
    expect(isDatabaseTrouble(bug)).toBe(false);
    await database.close();
  });

  describe('a connection that is lost takes its own transaction with it, and nothing else', () => {
    let database: Database;
    beforeAll(async () => {
      database = await openPostgres(place.url);
      await database.db.execute(sql`create table numbers (n int)`);
    });
    afterAll(() => database.close());
    const numbers = async (): Promise<unknown> =>
      rowsOf(await database.db.execute(sql`select n from numbers`)).map(({ n }) => n);
    /** Twice as many statements as there are connections, which therefore are all used again. */
    const others = () => Promise.all(Array.from({ length: 20 }, () => database.db.execute(sql`select pg_sleep(0.02)`)));

    /** A transaction whose connection is ended after its first row; `meanwhile` comes before the next one. */
    async function loseConnection(meanwhile: () => Promise<unknown>): Promise<unknown> {
      return database.db
        .transaction(async (tx) => {
          const [own] = rowsOf(await tx.execute(sql`select pg_backend_pid() as pid`));
          await tx.execute(sql`insert into numbers values (1)`);
          await database.db.execute(sql`select pg_terminate_backend(${own?.['pid']}::int)`);
          await meanwhile();
          await tx.execute(sql`insert into numbers values (2)`);
        })
        .catch((error: unknown) => error);
    }

    test('noticed at once, while everybody else uses the pool', async () => {
      const error = await loseConnection(others);
      expect(isDatabaseTrouble(error)).toBe(true);
      expect(await numbers()).toEqual([]);
    });

    test('not noticed before the next statement', async () => {
      const [error] = await Promise.all([loseConnection(async () => undefined), others()]);
      expect(isDatabaseTrouble(error)).toBe(true);
      expect(await numbers()).toEqual([]);
    });

    test('however often: the pool has as many connections as before', async () => {
      for (let round = 0; round < 12; round++) await loseConnection(async () => undefined);
      await others();
      expect(await numbers()).toEqual([]);
    });

    test('with everything it has said and not yet sent', async () => {
      const error: unknown = await database.db
        .transaction(async (tx) => {
          const [own] = rowsOf(await tx.execute(sql`select pg_backend_pid() as pid`));
          // The first of them waits for its answer, and the rest for the first.
          const said = atOnce(
            tx.execute(sql`select pg_sleep(${10}::int)`),
            ...Array.from({ length: 20 }, (_, n) => tx.execute(sql`insert into numbers values (${n}::int)`)),
          );
          await database.db.execute(sql`select pg_sleep(0.1)`);
          await database.db.execute(sql`select pg_terminate_backend(${own?.['pid']}::int)`);
          await said;
        })
        .catch((reason: unknown) => reason);
      expect(isDatabaseTrouble(error)).toBe(true);
      // Whoever took its place has had the time to say them.
      await others();
      expect(await numbers()).toEqual([]);
    });

    test('one that is new to it waits for the one before, which therefore is answered', async () => {
      const proxy = await openPostgresProxy(place.url);
      const behind = await openPostgres(proxy.url);
      const wait = (tx: Db, seconds: number) => tx.execute(sql`select pg_sleep(${seconds}::float8)`);
      // The one before is known to it by then.
      for (let i = 0; i < 3; i++) await behind.db.transaction((tx) => wait(tx, 0));
      const sprung = proxy.set({ texts: ['as the_second'], break: 'fails' });
      let isAnswered = false;
      const lost = behind.db.transaction((tx) =>
        atOnce(
          wait(tx, 0.3).then(() => (isAnswered = true)),
          tx.execute(sql`select ${2}::int as the_second`),
        ),
      );
      await expect(lost).rejects.toSatisfy(isDatabaseTrouble);
      await sprung;
      expect(isAnswered).toBe(true);
      await behind.close();
      await proxy.close();
    });

    test('who stands still in mid-transaction is put out, before those who wait for his locks give up', async () => {
      const lock = sql`select pg_advisory_xact_lock(1, 1)`;
      const held = Promise.withResolvers<void>();
      const over = Promise.withResolvers<void>();
      const stalled = database.db.transaction(async (tx) => {
        await tx.execute(lock);
        held.resolve();
        await over.promise;
        await tx.execute(sql`insert into numbers values (3)`);
      });
      await held.promise;
      await database.db.transaction(async (tx) => {
        await tx.execute(lock);
        await tx.execute(sql`insert into numbers values (4)`);
      });
      over.resolve();
      await expect(stalled).rejects.toSatisfy(isDatabaseTrouble);
      expect(await numbers()).toEqual([4]);
    });
  });

  test('work within work is undone by itself, and with the whole', async () => {
    const database = await openPostgres(place.url);
    const { db } = database;
    await db.execute(sql`create table undone (n int)`);
    const add = (on: Db, n: number) => on.execute(sql`insert into undone values (${n})`);
    const fail = (): never => {
      throw new Error('undone');
    };
    await db.transaction(async (tx) => {
      await add(tx, 1);
      await expect(
        tx.transaction(async (inner) => {
          await add(inner, 2);
          await inner.transaction((innermost) => add(innermost, 3));
          fail();
        }),
      ).rejects.toThrow('undone');
      await tx.transaction((inner) => add(inner, 4));
    });
    await expect(
      db.transaction(async (tx) => {
        await tx.transaction((inner) => add(inner, 5));
        fail();
      }),
    ).rejects.toThrow('undone');
    expect(await db.execute(sql`select n from undone order by n`)).toMatchObject([{ n: 1 }, { n: 4 }]);
    await database.close();
  });

  test('a transaction that cannot begin leaves its connection to others', async () => {
    const database = await openPostgres(place.url);
    const impossible = { isolationLevel: 'nonsense' as 'serializable' };
    for (let round = 0; round < 12; round++)
      await expect(database.db.transaction(async () => 'begun', impossible)).rejects.toThrow();
    await database.ready();
    await database.close();
  });

  test('a newer schema is refused', async () => {
    const database = await openPostgres(place.url);
    await database.db.execute(
      sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of the future', 9999999999999)`,
    );
    await database.close();
    await expect(openPostgres(place.url)).rejects.toMatchObject({ code: 'database-newer' });
  });

  test('nobody there', async () => {
    await expect(openPostgres('postgres://postgres:x@127.0.0.1:1/postgres')).rejects.toMatchObject({
      code: 'peer-unreachable',
    });
  });
});
