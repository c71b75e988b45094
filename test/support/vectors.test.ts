// No vector lies about untried: every file there is, ours or somebody else's, is named by a test; our copies are the files
// they are copies of.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { foreignPath, NO_FOREIGN } from './vectors.ts';

const TESTS = path.resolve(import.meta.dirname, '..');
const OWN = path.join(TESTS, 'vectors');

const list = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.split(path.sep).join('/'))
    .toSorted();

const sources = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !file.endsWith(path.join('support', 'vectors.test.ts')))
  .map((file) => readFileSync(path.join(TESTS, file), 'utf8'))
  .join('\n');

/** Those that no test names; one may name a file without its folder, or list several files of one kind. */
const untried = (files: readonly string[]): string[] => files.filter((file) => !sources.includes(path.basename(file)));

/** Made here, by the generators beside their tests: there is no source to be a copy of. */
const MADE_HERE = new Set(['chains.json']);

test('every one of our own', () => {
  const files = list(OWN);
  expect(files.filter((file) => file.startsWith('map-log/'))).toHaveLength(7);
  expect(files.filter((file) => !MADE_HERE.has(file))).toHaveLength(14);
  expect(untried(files)).toEqual([]);
});

const foreign = foreignPath('foreign');

test.skipIf(foreign === undefined)(`every foreign one (or ${NO_FOREIGN})`, () => {
  const files = list(foreign ?? '');
  expect(files).toHaveLength(9);
  expect(untried(files)).toEqual([]);
});

test.skipIf(foreign === undefined)(`our copies are those of the source (or ${NO_FOREIGN})`, () => {
  const shared = path.dirname(foreign ?? '');
  const read = (folder: string, file: string) => readFileSync(path.join(folder, file), 'utf8');
  const copies = list(OWN).filter((file) => !MADE_HERE.has(file));
  expect(copies.filter((file) => read(OWN, file) !== read(shared, file))).toEqual([]);
});
