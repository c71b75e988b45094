// What is remembered in files: the last note wins only against the one it replaces, and nobody else may read it.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryCheckpoints } from '../../src/client/checkpoints.ts';
import { openCheckpoints, openMonitorStore } from '../../src/platform/node/seen-folder.ts';
import { describeCheckpoints } from '../support/checkpoints.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'seen-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describeCheckpoints('memory', createMemoryCheckpoints);
describeCheckpoints('a folder', () => openCheckpoints(folder));

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
