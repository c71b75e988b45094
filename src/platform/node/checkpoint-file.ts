// The newest checkpoint in a file, apart from the database: what a restored backup is found out by (server/directory/sequencer).
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { ShownCheckpoint } from '../../server/context.ts';
import { isAbsent } from './paths.ts';
import { replaceFile } from './replace-file.ts';

/**
 * Keeps the checkpoint of size n as `<file>.<n>`. The highest number counts, and only lower ones are ever removed: so
 * whoever is late, having stood still in the middle of it, takes nothing back. Any number of instances may share it.
 */
export function checkpointFile(file: string): ShownCheckpoint {
  const [folder, base] = [path.dirname(file), path.basename(file)];
  const sizes = async (): Promise<number[]> =>
    (await readdir(folder)).flatMap((name) => {
      const number = name.startsWith(`${base}.`) ? name.slice(base.length + 1) : '';
      return /^\d{1,15}$/.test(number) ? [Number(number)] : [];
    });
  const find = async (): Promise<string | undefined> => {
    for (;;) {
      const newest = Math.max(-1, ...(await sizes()));
      if (newest < 0) return undefined;
      try {
        return await readFile(`${file}.${newest}`, 'utf8');
      } catch (error) {
        // A newer one came between.
        if (!isAbsent(error)) throw error;
      }
    }
  };
  const keep = async (size: number, note: string): Promise<void> => {
    await replaceFile(`${file}.${size}`, note);
    for (const old of await sizes()) if (old < size) await rm(`${file}.${old}`, { force: true });
  };
  let writing: Promise<void> | undefined;
  return {
    read: async () => {
      try {
        return await find();
      } catch (cause) {
        const why = isAbsent(cause) ? `the folder ${folder} is missing` : `${folder} cannot be read`;
        throw new WhereaboutsError(
          'config-invalid',
          `nothing is signed without the checkpoint's copy: ${why}. Make it readable, or name another WHEREABOUTS_CHECKPOINT`,
          { cause },
        );
      }
    },
    // Where the disk hangs it has one of us: a second one would hang beside it.
    write: async (size, note) => {
      if (writing !== undefined) throw new Error('the copy before this one is still being written');
      writing = keep(size, note).finally(() => (writing = undefined));
      await writing;
    },
  };
}
