// The embedded database: one process a folder, state across restarts and sudden death, newer schemas refused.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { sql } from 'drizzle-orm';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openEmbedded } from '../../src/platform/node/embedded.ts';
import { lockFolder } from '../../src/platform/node/folder-lock.ts';

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

  test('looks after itself: checkpoints within minutes, vacuum within a day', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const warn = vi.fn();
      const database = await openEmbedded(path.join(root, 'kept'), { log: { warn } });
      const { db } = database;
      const read = async (text: string) => ((await db.execute(text)) as { rows: Record<string, unknown>[] }).rows[0];
      const checkpoint = () => read('select redo_lsn::text as at from pg_control_checkpoint()');
      const vacuum = () =>
        read(`select last_vacuum is not null as done from pg_stat_user_tables where relname = 'records'`);
      const before = await checkpoint();
      await db.execute(sql`insert into directory_state values ('directory.example', 4)`);
      vi.advanceTimersByTime(5 * 60_000);
      await vi.waitFor(async () => expect(await checkpoint()).not.toEqual(before), { timeout: 5_000 });
      expect(await vacuum()).toEqual({ done: false });
      vi.advanceTimersByTime(24 * 3_600_000);
      await vi.waitFor(async () => expect(await vacuum()).toEqual({ done: true }), { timeout: 10_000 });
      expect(warn).not.toHaveBeenCalled();
      await database.close();
    } finally {
      vi.useRealTimers();
    }
  });

  test('a folder that holds something else is a matter of configuration', async () => {
    const folder = path.join(root, 'other');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'pglite'), 'no database');
    await expect(openEmbedded(folder)).rejects.toMatchObject({ code: 'config-invalid' });
  });
});
