// What an auditor keeps of one log, in a folder of its own: the checkpoint it vouched for, the replay, and what a directory
// should not have signed. One process at a time.
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { AuditStore } from '../../client/auditor.ts';
import { lockFolder } from './folder-lock.ts';
import { isAbsent } from './paths.ts';
import { isDraft, replaceFile } from './replace-file.ts';
import { openCheckpoints } from './seen-folder.ts';

export interface AuditFolder extends AuditStore {
  close(): void;
}

/**
 * Opens (or makes) the folder for a log; `database-busy` while another process has it. Evidence goes to `seen`, where
 * `whereabouts evidence` looks for it.
 */
export async function openAuditFolder(folder: string, seen: string): Promise<AuditFolder> {
  const close = await lockFolder(folder);
  // Of whoever died here: nobody else writes in a folder that is ours.
  for (const name of await readdir(folder)) if (isDraft(name)) await rm(path.join(folder, name), { force: true });
  const [checkpoint, snapshot] = [path.join(folder, 'checkpoint'), path.join(folder, 'replay')];
  const evidence = openCheckpoints(seen);
  return {
    close,
    findCheckpoint: async () => (await findFile(checkpoint))?.toString('utf8'),
    saveCheckpoint: (note) => replaceFile(checkpoint, note),
    findSnapshot: async () => findFile(snapshot),
    saveSnapshot: (octets) => replaceFile(snapshot, octets),
    accuse: (accusation) => evidence.accuse(accusation),
  };
}

/** For a log that begins anew every now and then, like a sandbox's: nothing is kept. */
export function forgetAudit(): AuditFolder {
  let note: string | undefined;
  return {
    close: () => undefined,
    findCheckpoint: async () => note,
    saveCheckpoint: async (next) => {
      note = next;
    },
    findSnapshot: async () => undefined,
    saveSnapshot: async () => undefined,
    accuse: async () => undefined,
  };
}

async function findFile(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
