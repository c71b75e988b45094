// The newest checkpoint in a file, apart from the database: what a restored backup is found out by (server/directory/sequencer).
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { ShownCheckpoint } from '../../server/context.ts';
import { isAbsent } from './paths.ts';

/** Written anew as a whole: a reader, or a crash, finds the old checkpoint or the new one, never half. */
export function checkpointFile(file: string): ShownCheckpoint {
  return {
    read: async () => {
      try {
        return await readFile(file, 'utf8');
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    write: async (note) => {
      await writeFile(`${file}.new`, note, { flush: true });
      await rename(`${file}.new`, file);
    },
  };
}
