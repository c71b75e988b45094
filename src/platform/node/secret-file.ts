// Files only their owner may read: made exclusively, refused when others could read them. What is in them is for keys-file.ts and others.
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { isAbsent } from './paths.ts';
import { replaceFile } from './replace-file.ts';

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

/** Writes `file` anew, as a whole. */
export async function replaceSecretFile(file: string, text: string): Promise<void> {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    await replaceFile(file, text);
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', `cannot write ${file}`, { cause });
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
