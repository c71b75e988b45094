// Files only their owner may read: made exclusively, refused when others could read them. What is in them is for keys-file.ts and others.
import {
  chownSync,
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { isAbsent } from './paths.ts';

/** Makes `file` with mode 0600; throws `config-invalid` when it is there already. Nothing is ever overwritten. */
export function createSecretFile(file: string, text: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new WhereaboutsError(
      'config-invalid',
      exists ? `${file} exists already; nothing was changed` : `cannot write ${file}`,
      { cause },
    );
  }
}

/** Writes `file` anew: a reader, or a crash, finds the old content or the new, never half. */
export function replaceSecretFile(file: string, text: string): void {
  const next = `${file}.new`;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    // What a crash left here may have another mode.
    rmSync(next, { force: true });
    writeFileSync(next, text, { mode: 0o600, flush: true, flag: 'wx' });
    keepOwner(file, next);
    renameSync(next, file);
    syncFolder(path.dirname(file));
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', `cannot write ${file}`, { cause });
  }
}

/** Run by root, a command must not take a file away from the user whose process reads it. */
function keepOwner(file: string, next: string): void {
  const before = statSync(file, { throwIfNoEntry: false });
  if (before === undefined || process.getuid?.() !== 0) return;
  chownSync(next, before.uid, before.gid);
}

/** A name is durable once its folder is: a power cut must not bring the old content back. */
function syncFolder(folder: string): void {
  // Windows opens no folders.
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Text of `file`, undefined when there is none; throws `config-invalid` when others may read it. */
export function findSecretFile(file: string): string | undefined {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw new WhereaboutsError('config-invalid', `cannot read ${file}`, { cause });
  }
  try {
    const { mode } = fstatSync(handle);
    // Windows has no such modes: the folder's access list is what protects the file there.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new WhereaboutsError('config-invalid', `${file} can be read by others: chmod 600 it, or make new keys`);
    return readFileSync(handle, 'utf8');
  } finally {
    closeSync(handle);
  }
}
