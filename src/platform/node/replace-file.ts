// Files that are written as a whole: a reader, or a crash, finds the old content or the new, never half; once it is there, a
// power cut leaves it there. Any number of processes may write one file: each makes a draft of its own, and the last one in
// place stands. A process that is killed leaves its draft behind.
import { randomBytes } from 'node:crypto';
import { chown, link, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

const OWNER_ONLY = 0o600;

/** Writes `file` anew, readable by its owner only unless `mode` says otherwise. */
export async function replaceFile(file: string, content: string | Uint8Array, mode = OWNER_ONLY): Promise<void> {
  await placeDraft(file, { content, mode }, async (draft) => {
    await keepOwner(file, draft);
    await rename(draft, file);
  });
}

/** The same under a name nobody has; false where somebody has it. */
export async function addFile(file: string, content: string): Promise<boolean> {
  try {
    await placeDraft(file, { content, mode: OWNER_ONLY }, (draft) => link(draft, file));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether a file of this name is a draft. */
export const isDraft = (name: string): boolean => /\.[0-9a-f]{16}\.new$/.test(name);

interface Draft {
  readonly content: string | Uint8Array;
  readonly mode: number;
}

async function placeDraft(file: string, made: Draft, place: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${file}.${randomBytes(8).toString('hex')}.new`;
  try {
    await writeThrough(draft, made);
    await place(draft);
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(path.dirname(file));
}

/** Run by root, a command must not take a file away from the user whose process reads it. */
async function keepOwner(file: string, draft: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const before = await stat(file).catch(() => undefined);
  if (before !== undefined) await chown(draft, before.uid, before.gid);
}

async function writeThrough(file: string, { content, mode }: Draft): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The name is the folder's content: it has to reach the disk as well. Windows does that itself and knows no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
