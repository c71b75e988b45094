// The keys of a directory that runs: follows its keys file, so that a rotation needs no restart, and destroys a key that has
// ended, in the file and in memory. Keys from the environment are destroyed in memory only: the store is not ours.
import { statSync } from 'node:fs';
import { nobleGroup } from '../../protocol/group-noble.ts';
import type { DirectoryContext, Log } from '../../server/context.ts';
import { endedKeys } from '../../server/directory/keys.ts';
import { dropKeys, replaceKeys } from '../../server/key-rotation.ts';
import { openOprf, type OprfKey } from '../../server/keys.ts';
import { describeFailure } from '../../server/failure.ts';
import { changeKeysFile, readKeysFile } from './keys-file.ts';

export interface KeepParts {
  readonly ctx: Pick<DirectoryContext, 'oprfKeys' | 'flight' | 'clock'>;
  /** The very list `ctx` evaluates with. */
  readonly keys: OprfKey[];
  readonly file: string | undefined;
  readonly log: Log;
}

/** A file that cannot be read or written is tried again, and complained of, this often. */
const RETRY_MILLISECONDS = 60_000;

/** Gives what is to be done every second or so. Never throws: a directory goes on with the keys it has. */
export function keepKeys({ ctx, keys, file, log }: KeepParts): () => Promise<void> {
  // Nothing was read yet as far as this knows: what changed between the start and the first time is noticed.
  let seen: string | undefined;
  let quietUntil = 0;
  /** Ids of keys that are destroyed here and still in the file. */
  const left = new Set<string>();
  let busy = false;
  const attempt = async (event: string, work: () => Promise<void> | void) => {
    try {
      await work();
    } catch (error) {
      quietUntil = ctx.clock() + RETRY_MILLISECONDS;
      log.error(event, describeFailure(error));
    }
  };
  const follow = (name: string) => {
    const stamp = stampOf(name);
    if (stamp === seen) return;
    const read = openOprf(nobleGroup, readKeysFile(name));
    const next = read.map((key) => keys.find(({ id, until }) => id === key.id && until === key.until) ?? key);
    for (const key of read) if (!next.includes(key)) key.secret.fill(0);
    const changed = next.length !== keys.length || next.some((key) => !keys.includes(key));
    replaceKeys(keys, next);
    seen = stamp;
    if (changed) log.info('keys-read', { keys: next.map(({ id }) => id).join(',') });
  };
  const destroy = async () => {
    const ended = endedKeys(ctx);
    for (const { id } of ended) left.add(id);
    if (left.size === 0) return;
    // From memory first: whatever becomes of the file, nothing is evaluated under it here any more.
    replaceKeys(
      keys,
      keys.filter((key) => !ended.includes(key)),
    );
    const now = Math.floor(ctx.clock() / 1000);
    if (file !== undefined)
      await changeKeysFile(file, (stored) => dropKeys(stored, { group: nobleGroup, ids: left, now }));
    log.info('key-destroyed', { keys: [...left].join(','), from: file === undefined ? 'memory' : 'file' });
    left.clear();
  };
  return async () => {
    if (busy || ctx.clock() < quietUntil) return;
    busy = true;
    if (file !== undefined) await attempt('keys-unreadable', () => follow(file));
    await attempt('key-kept', destroy);
    busy = false;
  };
}

/** Tells one content of the file from another: it is never changed in place. */
function stampOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.ino} ${found.mtimeMs} ${found.size}`;
}
