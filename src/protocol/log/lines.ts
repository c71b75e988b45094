// Lines of C2SP texts: decimals and hashes, each with exactly one spelling. What a line means is for its file to say.
import { WhereaboutsError } from '../errors.ts';
import { parseBase64 } from '../wire.ts';
import { HASH_OCTETS } from './hash.ts';

const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/** An ASCII decimal without sign and leading zero, at most 2^53 - 1; throws `request-invalid`. */
export function parseDecimal(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new WhereaboutsError('request-invalid', 'not a decimal');
  return value;
}

/** A SHA-256 hash in canonical, padded base64; throws `request-invalid`. */
export const parseHash = (text: string): Uint8Array => parseBase64(text, HASH_OCTETS);

/** The rest of `line` after `word` and a space; throws `request-invalid` where it starts otherwise. */
export function parseField(line: string | undefined, word: string): string {
  if (line === undefined || !line.startsWith(`${word} `))
    throw new WhereaboutsError('request-invalid', `no line "${word}"`);
  return line.slice(word.length + 1);
}

/** The lines of a text whose last one ends in LF as well; throws `request-invalid`. */
export function parseLines(text: string): string[] {
  if (!text.endsWith('\n')) throw new WhereaboutsError('request-invalid', 'the last line does not end');
  return text.slice(0, -1).split('\n');
}

/** ASCII control characters, LF included. */
export function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20) return true;
  return false;
}
