// The embedded database: one process a folder, state across restarts and sudden death, newer schemas refused.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { sql } from 'drizzle-orm';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openEmbedded } from '../../src/platform/node/embedded.ts';
import { lockFolder } from '../../src/platform/node/folder-lock.ts';
import { openPostgres } from '../../src/platform/node/postgres.ts';
import { createPostgresDatabase } from '../support/database.ts';

const root = mkdtempSync(path.join(tmpdir(), 'whereabouts-embedded-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a data folder', () => {
  test('belongs to one holder at a time and is free again afterwards', async () => {
    const folder = path.join(root, 'held');
    const unlock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'database-busy' });
    unlock();
    (await lockFolder(folder))();
    if (process.platform !== 'win32') expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('is free again when its holder is killed', async () => {
    const folder = path.join(root, 'killed');
    const module = pathToFileURL(path.resolve(import.meta.dirname, '../../src/platform/node/folder-lock.ts')).href;
    const script = `const { lockFolder } = await import(${JSON.stringify(module)});
      await lockFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'database-busy' });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(existsSync(path.join(folder, 'lock.sock'))).toBe(true);
    const unlock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'database-busy' });
    unlock();
  });

  test('of ten that race for a dead one’s folder at most one wins', async () => {
    const folder = path.join(root, 'raced');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'lock.sock'), '');
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => lockFolder(folder)));
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(won.length).toBeLessThanOrEqual(1);
    won.forEach((unlock) => unlock());
  });

  test('may have a path longer than a socket’s', async () => {
    const folder = path.join(root, 'long-'.repeat(20), 'long-'.repeat(20));
    const unlock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'database-busy' });
    unlock();
  });

  test('that cannot be made is a matter of configuration', async () => {
    writeFileSync(path.join(root, 'file'), '');
    await expect(lockFolder(path.join(root, 'file', 'folder'))).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

describe('the embedded database', () => {
  test('keeps what was committed, refuses a second process and a newer schema', async () => {
    const folder = path.join(root, 'database');
    const first = await openEmbedded(folder);
    await first.ready();
    await expect(openEmbedded(folder)).rejects.toMatchObject({ code: 'database-busy' });
    await first.db.execute(sql`insert into directory_state values ('directory.example', 5)`);
    await first.close();

    const second = await openEmbedded(folder);
    const kept: unknown = await second.db.execute(sql`select depth from directory_state`);
    expect(kept).toMatchObject({ rows: [{ depth: 5 }] });
    await second.db.execute(
      sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of the future', 9999999999999)`,
    );
    await second.close();

    await expect(openEmbedded(folder)).rejects.toMatchObject({ code: 'database-newer' });
    // A refusal leaves the folder free.
    (await lockFolder(folder))();
  });

  test('begins as another stands, if it is not there yet', async () => {
    const first = await openEmbedded(path.join(root, 'first'));
    expect(first.isNew).toBe(true);
    const from = () => first.dump();
    const second = await openEmbedded(path.join(root, 'second'), { from });
    await first.db.execute(sql`insert into directory_state values ('first.example', 5)`);
    expect(await second.db.execute(sql`select depth from directory_state`)).toMatchObject({ rows: [] });
    await second.db.execute(sql`insert into directory_state values ('second.example', 6)`);
    await second.close();
    const again = await openEmbedded(path.join(root, 'second'), { from });
    expect(again.isNew).toBe(false);
    expect(await again.db.execute(sql`select depth from directory_state`)).toMatchObject({ rows: [{ depth: 6 }] });
    await Promise.all([first.close(), again.close()]);
  });

  test('looks after itself: its log stays within bounds, and so do rows that are changed again and again', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const warn = vi.fn();
      const folder = path.join(root, 'kept');
      const database = await openEmbedded(folder, { log: { warn } });
      expect(vi.getTimerCount()).toBe(2);
      const read = async (text: string) =>
        ((await database.db.execute(text)) as { rows: Record<string, unknown>[] }).rows[0];
      const redo = async () => (await read('select redo_lsn::text as at from pg_control_checkpoint()'))?.['at'];
      const written = async () =>
        Number((await read("select pg_current_wal_lsn() - '0/0'::pg_lsn as octets"))?.['octets']);
      const megabytesOfLog = () =>
        16 * readdirSync(path.join(folder, 'pglite', 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name)).length;
      const table = async () => {
        const size = "pg_relation_size('quotas') as size, n_dead_tup::int as dead";
        const found = await read(`select ${size} from pg_stat_user_tables where relname = 'quotas'`);
        return { size: Number(found?.['size']), dead: Number(found?.['dead']) };
      };
      const rows = 'select sha256(i::text::bytea), 1, 1 from generate_series(1, 40000) i';
      await database.db.execute(`insert into quotas (subject, tokens, at) ${rows}`);
      const before = await written();
      const sizes: number[] = [];
      for (let round = 0; round < 8; round++) {
        await database.db.execute('update quotas set at = at + 1');
        await vi.waitFor(async () => expect((await table()).dead).toBeGreaterThanOrEqual(40_000), { timeout: 5_000 });
        const last = await redo();
        vi.advanceTimersByTime(10 * 60_000);
        await vi.waitFor(async () => expect(await redo()).not.toBe(last), { timeout: 10_000 });
        await vi.waitFor(async () => expect((await table()).dead).toBe(0), { timeout: 10_000 });
        sizes.push((await table()).size);
      }
      expect((await written()) - before).toBeGreaterThan(100 * 1024 * 1024);
      expect(megabytesOfLog()).toBeLessThanOrEqual(96);
      // Two copies of every row, and never a third.
      expect(Math.max(...sizes)).toBeLessThan((sizes[0] ?? 0) * 1.6);
      expect(warn).not.toHaveBeenCalled();
      await database.close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  }, 120_000);

  test('PostgreSQL looks after itself: no timer is set for it', async () => {
    const place = await createPostgresDatabase();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const database = await openPostgres(place.url);
      expect(vi.getTimerCount()).toBe(0);
      await database.close();
    } finally {
      vi.useRealTimers();
      await place.drop();
    }
  });

  test('a folder that holds something else is a matter of configuration', async () => {
    const folder = path.join(root, 'other');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'pglite'), 'no database');
    await expect(openEmbedded(folder)).rejects.toMatchObject({ code: 'config-invalid' });
  });
});
