// What the tests of the log share: foreign vectors or a skipped test, and the code something was refused with.
import { test } from 'vitest';
import { WhereaboutsError, type Code } from '../../../src/protocol/errors.ts';
import { parseBase64, parseHex } from '../../../src/protocol/wire.ts';
import { NO_FOREIGN, foreignVector } from '../../support/vectors.ts';

/** A test over a foreign vector; skipped, and saying so, where there is none. */
export function foreignTest<T>(file: string, title: string, run: (vector: T) => void | Promise<void>): void {
  const vector = foreignVector<T>(`foreign/${file}`);
  if (vector === undefined) test.skip(`${title} (${NO_FOREIGN})`);
  else test(title, () => run(vector));
}

/** The code `work` is refused with, 'accepted' if it is not; any other error fails the test. */
export async function codeOf(work: () => unknown): Promise<Code | 'accepted'> {
  try {
    await work();
    return 'accepted';
  } catch (error) {
    if (error instanceof WhereaboutsError) return error.code;
    throw error;
  }
}

export const hex = (text: string): Uint8Array => parseHex(text, text.length / 2);

/** Base64 of any number of octets, as vectors hold hashes that are too short as well. */
export const base64 = (text: string): Uint8Array => parseBase64(text);
