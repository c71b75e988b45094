// Whether something made is as new as what it was made from. Plain JavaScript: bin/whereabouts.js asks at each start.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

function newest(file) {
  const entry = statSync(file);
  // A folder is newer when something in it was made, renamed or removed.
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(entry.mtimeMs, ...readdirSync(file).map((name) => newest(path.join(file, name))));
}

/**
 * Whether the file `made` is there and none of `sources`, files and folders, is newer. What was published has nothing to be made from.
 * @param {string} made
 * @param {readonly string[]} sources
 */
export function isFresh(made, sources) {
  if (!existsSync(made)) return false;
  const { mtimeMs } = statSync(made);
  return sources.every((source) => !existsSync(source) || newest(source) <= mtimeMs);
}

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** Where the bundled program begins. */
export const PROGRAM = path.join(ROOT, 'dist', 'program', 'cli.js');

/** Whether the bundled program is as new as the sources; packages change with the lock file. */
export const isProgramFresh = () => isFresh(PROGRAM, [path.join(ROOT, 'src'), path.join(ROOT, 'package-lock.json')]);
