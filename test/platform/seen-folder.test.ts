// What is remembered in files: the last note wins only against the one it replaces, and nobody else may read it.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVIDENCE_EACH, createMemoryCheckpoints, type Checkpoints } from '../../src/client/checkpoints.ts';
import { openCheckpoints, openMonitorStore } from '../../src/platform/node/seen-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'seen-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const kinds: readonly (readonly [string, () => Checkpoints])[] = [
  ['memory', createMemoryCheckpoints],
  ['a folder', () => openCheckpoints(folder)],
];

test.each(kinds)('in %s a note replaces the one before and no other', async (_, open) => {
  const checkpoints = open();
  expect(await checkpoints.find('a')).toBeUndefined();
  expect(await checkpoints.save('a', 'one', 'none')).toBe(false);
  expect(await checkpoints.save('a', 'one', undefined)).toBe(true);
  expect(await checkpoints.save('a', 'two', undefined)).toBe(false);
  expect(await checkpoints.find('a')).toBe('one');
  expect(await checkpoints.find('b')).toBeUndefined();
  for (let i = 1; i < 20; i++) expect(await checkpoints.save('a', `n${i}`, i === 1 ? 'one' : `n${i - 1}`)).toBe(true);
  expect(await checkpoints.find('a')).toBe('n19');
});

test.each(kinds)('in %s evidence is kept once, and only so much of it', async (_, open) => {
  const checkpoints = open();
  const evidence = (savedAt: number, note: string) => ({
    origin: 'a',
    log: 'k',
    code: 'log-forked' as const,
    savedAt,
    notes: [note],
  });
  await checkpoints.accuse(evidence(1, 'x'));
  await checkpoints.accuse(evidence(2, 'x'));
  expect(await checkpoints.listEvidence()).toEqual([evidence(1, 'x')]);
  for (let i = 0; i < 2 * EVIDENCE_EACH; i++) await checkpoints.accuse(evidence(3 + i, String(i)));
  expect(await checkpoints.listEvidence()).toHaveLength(EVIDENCE_EACH);
});

test('in a folder files are few, and their owner’s alone', async () => {
  const checkpoints = openCheckpoints(folder);
  await checkpoints.save('a', 'one', undefined);
  await checkpoints.save('a', 'two', 'one');
  await checkpoints.save('a', 'three', 'two');
  await openMonitorStore(folder).save('a', 'name', '{}');
  expect(await openMonitorStore(folder).find('a', 'name')).toBe('{}');
  expect(await openMonitorStore(folder).find('a', 'other')).toBeUndefined();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files).toHaveLength(3);
  for (const { parentPath, name } of files) expect(statSync(path.join(parentPath, name)).mode & 0o777).toBe(0o600);
});
