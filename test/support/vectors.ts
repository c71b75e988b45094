// Known answers: our own (CC0) copied under test/vectors, everybody else's read from WHEREABOUTS_VECTORS or ../shared/vectors.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const given = process.env['WHEREABOUTS_VECTORS'];
const root = path.resolve(import.meta.dirname, '../..');

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Our own vectors: from WHEREABOUTS_VECTORS where it is set (a missing file then fails), else the copy in the repository. */
export function ownVector<T>(name: string): T {
  return read(path.join(given ?? path.join(root, 'test/vectors'), name)) as T;
}

/** The path of a foreign vector, or undefined where there is none; with WHEREABOUTS_VECTORS set a missing one throws. */
export function foreignPath(name: string): string | undefined {
  const file = path.join(given ?? path.join(root, '../shared/vectors'), name);
  if (existsSync(file)) return file;
  if (given !== undefined) throw new Error(`WHEREABOUTS_VECTORS is set but ${name} is missing there`);
  return undefined;
}

/** A foreign vector, or undefined where there is none: the test is then skipped with the words "skipped: no foreign vectors". */
export function foreignVector<T>(name: string): T | undefined {
  const file = foreignPath(name);
  return file === undefined ? undefined : (read(file) as T);
}

export const NO_FOREIGN = 'skipped: no foreign vectors';
