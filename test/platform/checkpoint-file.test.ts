// The checkpoint's copy, and files written as a whole: never back, never half, never in one another's way.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuditFolder } from '../../src/platform/node/audit-folder.ts';
import { checkpointFile } from '../../src/platform/node/checkpoint-file.ts';
import { addFile, replaceFile } from '../../src/platform/node/replace-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'copy-'));
  file = path.join(folder, 'checkpoint');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('nothing yet, then the newest one, and only that is kept', async () => {
  const copy = checkpointFile(file);
  expect(await copy.read()).toBeUndefined();
  for (const size of [1, 2, 9, 10, 11]) await copy.write(size, `of ${size}`);
  expect(await copy.read()).toBe('of 11');
  expect(readdirSync(folder)).toEqual(['checkpoint.11']);
});

test('an instance that is late takes nothing back, and the next one clears up after it', async () => {
  const [early, late] = [checkpointFile(file), checkpointFile(file)];
  await early.write(10, 'of 10');
  await late.write(9, 'of 9');
  expect(await early.read()).toBe('of 10');
  expect(await late.read()).toBe('of 10');
  await early.write(12, 'of 12');
  expect(readdirSync(folder)).toEqual(['checkpoint.12']);
});

test('many instances at once: it never goes back, whoever looks', async () => {
  const sizes = Array.from({ length: 60 }, (_, i) => i + 1);
  const over = new AbortController();
  const seen: number[] = [];
  const look = (async () => {
    while (!over.signal.aborted) seen.push(Number((await checkpointFile(file).read())?.slice(3) ?? 0));
  })();
  await Promise.all(
    Array.from({ length: 4 }, async (_, instance) => {
      const copy = checkpointFile(file);
      for (const size of sizes.filter((one) => one % 4 === instance)) await copy.write(size, `of ${size}`);
    }),
  );
  over.abort();
  await look;
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(await checkpointFile(file).read()).toBe('of 60');
});

test('what is left of a process that died is no checkpoint', async () => {
  writeFileSync(`${file}.7.0123456789abcdef.new`, 'hal');
  writeFileSync(`${file}.x`, 'another file');
  writeFileSync(path.join(folder, 'checkpoints.99'), 'another file');
  const copy = checkpointFile(file);
  expect(await copy.read()).toBeUndefined();
  await copy.write(3, 'of 3');
  expect(await copy.read()).toBe('of 3');
});

test('while one is being written no other is begun', async () => {
  const copy = checkpointFile(file);
  const first = copy.write(1, 'of 1');
  await expect(copy.write(2, 'of 2')).rejects.toThrow('still being written');
  await first;
  await copy.write(2, 'of 2');
  expect(await copy.read()).toBe('of 2');
});

test('unreadable: what is wrong, and what to do', async () => {
  await expect(checkpointFile(path.join(folder, 'gone', 'copy')).read()).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringContaining('WHEREABOUTS_CHECKPOINT') as string,
  });
  writeFileSync(path.join(folder, 'file'), '');
  await expect(checkpointFile(path.join(folder, 'file', 'copy')).read()).rejects.toMatchObject({
    code: 'config-invalid',
  });
});

test('a file is replaced whole, by any number of writers, and nothing else is left', async () => {
  const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
  await Promise.all(texts.map((text) => replaceFile(file, text)));
  expect(texts).toContain(readFileSync(file, 'utf8'));
  expect(readdirSync(folder)).toEqual(['checkpoint']);
});

test('a name is taken once', async () => {
  expect((await Promise.all(['a', 'b', 'c'].map((text) => addFile(file, text)))).filter(Boolean).length).toBe(1);
  expect(readdirSync(folder)).toEqual(['checkpoint']);
});

test('a write that fails leaves what was there, and no draft', async () => {
  // Where nobody may put a file, not even root: a folder that is not empty.
  mkdirSync(path.join(file, 'inside'), { recursive: true });
  await expect(replaceFile(file, 'new')).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(['checkpoint']);
  expect(readdirSync(file)).toEqual(['inside']);
});

test('an auditor clears drafts of whoever died in its folder', async () => {
  writeFileSync(path.join(folder, 'replay.0123456789abcdef.new'), 'half');
  const audit = await openAuditFolder(folder, path.join(folder, 'seen'));
  expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
  audit.close();
});
