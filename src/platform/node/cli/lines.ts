// Many identifiers, one a line, from a file or standard input of any length: read as they are wanted, never all at once.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { WhereaboutsError } from '../../../protocol/errors.ts';

/** Lines of `file` (`-`: standard input) that are neither empty nor a comment. */
export async function* readLines(file: string): AsyncGenerator<string> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  // readline's iterator hears nothing of its input's errors.
  const broken = new Promise<never>((_resolve, reject) => input.once('error', reject));
  broken.catch(() => undefined);
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([lines.next(), broken]);
      if (next.done === true) return;
      const text = next.value.trim();
      if (text !== '' && !text.startsWith('#')) yield text;
    }
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', 'the list cannot be read', { cause });
  }
}
