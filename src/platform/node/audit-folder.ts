// What an auditor keeps of one log, in a folder of its own: the checkpoint it vouched for, the replay, and what a directory
// should not have signed. One process at a time.
import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { AuditStore } from '../../client/auditor.ts';
import { lockFolder } from './folder-lock.ts';
import { isAbsent } from './paths.ts';
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

/** A crash leaves the old content or the new, never half; once this resolves a power cut leaves the new. */
async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const next = `${file}.new`;
  const handle = await open(next, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
  // The name is the folder's content: it has to reach the disk as well. Windows does that itself and knows no such call.
  if (process.platform === 'win32') return;
  const folder = await open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
