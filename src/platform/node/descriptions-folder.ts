// Copies of descriptions and their histories in a folder only its owner may read: so that a resolver that starts again still
// knows what domains said last while they are down, how far their numbers had come, and what they changed.
import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { addEntry, type DescriptionStore, type StoredDescription } from '../../client/description-store.ts';
import type { HistoryEntry } from '../../protocol/description-changes.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { openFolder } from './paths.ts';
import { findSecretFile, replaceSecretFile } from './secret-file.ts';

/** What a file holds of a domain. */
interface Kept {
  readonly triedAt: number;
  readonly stored?: StoredDescription;
  readonly history: readonly HistoryEntry[];
}

/** A process that died between two lines holds a lock no longer than this. */
const LOCK_MILLISECONDS = 10_000;

/**
 * Descriptions in `folder`. Several processes may share it: changing a file takes a lock file that only one can make, and who
 * finds it taken has not claimed the domain. A file that is damaged counts as none.
 */
export function openDescriptions(folder: string): DescriptionStore {
  const fileOf = (domain: string) => path.join(folder, `${createHash('sha256').update(domain).digest('hex')}.json`);
  const read = (domain: string): Kept | undefined => {
    const text = findSecretFile(fileOf(domain));
    try {
      // Written by `change` below, and by nobody else: the folder is its owner's.
      return text === undefined ? undefined : (JSON.parse(text) as Kept);
    } catch {
      return undefined;
    }
  };
  /** Changes what is kept of a domain, or says that somebody else is about to. */
  const change = async (domain: string, to: (kept: Kept | undefined) => Kept | undefined): Promise<boolean> => {
    const lock = `${fileOf(domain)}.lock`;
    if (!takeLock(folder, lock)) return false;
    try {
      const next = to(read(domain));
      if (next !== undefined) await replaceSecretFile(fileOf(domain), JSON.stringify(next));
      return next !== undefined;
    } finally {
      rmSync(lock, { force: true });
    }
  };
  return {
    find: async (domain) => read(domain)?.stored,
    claim: async (domain, now, before) =>
      change(domain, (kept) =>
        kept !== undefined && kept.triedAt > before ? undefined : { history: [], ...kept, triedAt: now },
      ),
    save: async (domain, stored, entry) => {
      await change(domain, (kept) => {
        const { triedAt = stored.fetchedAt, history = [] } = kept ?? {};
        return { triedAt, stored, history: entry === undefined ? history : addEntry(history, entry) };
      });
    },
    history: async (domain) => read(domain)?.history ?? [],
  };
}

function takeLock(folder: string, lock: string): boolean {
  openFolder(folder);
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'))
      throw new WhereaboutsError('config-invalid', `cannot write to ${folder}`, { cause });
  }
  const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  // Its owner is gone. Whoever comes next makes a new one; this time nothing is claimed.
  if (since + LOCK_MILLISECONDS < performance.timeOrigin + performance.now()) rmSync(lock, { force: true });
  return false;
}
