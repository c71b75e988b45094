// A publication in a folder, for any static file server. Files are written as a whole and put in place by renaming them; the two
// that change are compared and replaced under a lock that the kernel takes back from a process that dies. Its writers all run on
// one machine: on a shared disk the lock would hold back nobody elsewhere.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Found, PublicationStore } from '../../server/publication/store.ts';
import { lockFolder } from './folder-lock.ts';
import { isAbsent } from './paths.ts';
import { isDraft, replaceFile, syncFolder } from './replace-file.ts';

/** Everybody may read what is published. */
const FILE_MODE = 0o644;
/** How long one writer waits for another to compare and replace, in milliseconds, and how often it looks. */
const LOCK_MILLISECONDS = 2_000;
const LOOK_MILLISECONDS = 20;

export function folderStore(folder: string): PublicationStore {
  const fileOf = (name: string): string => {
    if (!/^[\w.]+(?:\/[\w.]+)*$/.test(name) || name.split('/').some((part) => /^\.+$/.test(part)))
      throw new RangeError('not the path of a published file');
    return path.join(folder, name);
  };
  const find = async (name: string, maxOctets: number): Promise<Found | undefined> => {
    const file = fileOf(name);
    try {
      if ((await stat(file)).size > maxOctets) throw new RangeError('a published file is too long');
      const octets = await readFile(file);
      return { octets, version: createHash('sha256').update(octets).digest('hex') };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  };
  return {
    find,
    put: async (name, octets) => {
      const file = fileOf(name);
      // Never half written: what is there is what would be written.
      if ((await stat(file).catch(() => undefined))?.size === octets.length) return;
      await makeFolder(path.dirname(file));
      await replaceFile(file, octets, FILE_MODE);
    },
    replace: async (name, text, version) => {
      const file = fileOf(name);
      await makeFolder(folder);
      const unlock = await lock(folder);
      // Whoever holds it that long is comparing something: he came first.
      if (unlock === undefined) return false;
      try {
        if ((await find(name, Infinity))?.version !== version) return false;
        await replaceFile(file, text, FILE_MODE);
        return true;
      } finally {
        unlock();
      }
    },
    remove: async (names) => {
      for (const file of names.map(fileOf)) {
        await rm(file, { force: true });
        // The last one takes its folder along; one that is not empty stays.
        await rmdir(path.dirname(file)).catch(() => undefined);
      }
    },
    list: (prefix) => walk(folder, prefix.replace(/\/$/, '')),
  };
}

/** With every folder on the way, so that a power cut does not take one away with what is in it. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o755 });
  if (first === undefined) return;
  for (let at = folder; ; at = path.dirname(at)) {
    await syncFolder(path.dirname(at));
    if (at === path.resolve(first) || at === path.dirname(at)) return;
  }
}

async function lock(folder: string): Promise<(() => void) | undefined> {
  for (let waited = 0; waited < LOCK_MILLISECONDS; waited += LOOK_MILLISECONDS) {
    try {
      return await lockFolder(folder);
    } catch (error) {
      if (!(error instanceof WhereaboutsError) || error.code !== 'database-busy') throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  }
  return undefined;
}

async function* walk(root: string, name: string): AsyncGenerator<readonly string[]> {
  const found = await readdir(path.join(root, name), { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  const files = found.filter((entry) => entry.isFile() && !isDraft(entry.name));
  if (files.length > 0) yield files.map((entry) => `${name}/${entry.name}`);
  for (const entry of found) if (entry.isDirectory()) yield* walk(root, `${name}/${entry.name}`);
}
