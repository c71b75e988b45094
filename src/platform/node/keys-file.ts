// The keys file: mode 0600, made by `whereabouts init`, changed by `whereabouts keys` and, where a key has ended, by the
// directory that runs on it. What is in it: server/keys.ts.
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Group } from '../../protocol/group.ts';
import type { Secrets } from '../../server/config.ts';
import { openKeys, openSecrets, parseStored, storedFile, type Keys, type StoredKeys } from '../../server/keys.ts';
import { systemClock } from './clock.ts';
import { createSecretFile, findSecretFile, replaceSecretFile } from './secret-file.ts';

const formatFile = (keys: StoredKeys): string => `${JSON.stringify({ version: 1, ...keys }, null, 2)}\n`;

/** Writes new keys to `file`; throws `config-invalid` when it is there. */
export const createKeysFile = (file: string, keys: StoredKeys): void => createSecretFile(file, formatFile(keys));

/** What is in `file`; throws `config-invalid` when there is none, or others may read it. */
export function readKeysFile(file: string): StoredKeys {
  const text = findSecretFile(file);
  if (text === undefined)
    throw new WhereaboutsError('config-invalid', `there is no keys file ${file}: make one with \`whereabouts init\``);
  const { version: _, ...keys } = parseStored(storedFile, text, `the keys file ${file}`);
  return keys;
}

/**
 * Changes `file` in one stroke, alone: two changes at once would lose one, and with it a key. Durable when it returns;
 * `change` may throw, and then nothing was changed.
 */
export async function changeKeysFile(file: string, change: (keys: StoredKeys) => StoredKeys): Promise<StoredKeys> {
  // One that is not there is told as such, before anything is written beside it.
  readKeysFile(file);
  const unlock = await lock(`${file}.lock`);
  try {
    const next = change(readKeysFile(file));
    await replaceSecretFile(file, formatFile(next));
    return next;
  } finally {
    unlock();
  }
}

const LOCK_TRIES = 20;
const LOCK_WAIT_MILLISECONDS = 100;
/** A change takes milliseconds: who holds the lock this long is dead. */
const LOCK_STALE_MILLISECONDS = 30_000;

async function lock(name: string): Promise<() => void> {
  for (let left = LOCK_TRIES; ; left--) {
    try {
      closeSync(openSync(name, 'wx', 0o600));
      return () => rmSync(name, { force: true });
    } catch (cause) {
      const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
      if (!isThere) throw new WhereaboutsError('config-invalid', `cannot write ${name}`, { cause });
      if (left === 0)
        throw new WhereaboutsError('config-invalid', `the keys file is being changed by another process (${name})`);
    }
    const held = statSync(name, { throwIfNoEntry: false });
    if (held !== undefined && systemClock() - held.mtimeMs > LOCK_STALE_MILLISECONDS) rmSync(name, { force: true });
    else await sleep(LOCK_WAIT_MILLISECONDS);
  }
}

/** Keys of a deployment: from `file`, else from the environment's secrets. */
export const loadKeys = async (group: Group, file: string | undefined, secrets: Secrets): Promise<Keys> =>
  file === undefined ? openSecrets(group, secrets) : openKeys(group, readKeysFile(file));
