// Opening PostgreSQL: replicas that start together, newer schemas, nobody there, statements that take too long.
import { readdir } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgres } from '../../src/platform/node/postgres.ts';
import { isDatabaseTrouble } from '../../src/server/store/database.ts';
import { createPostgresDatabase } from '../support/database.ts';

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
