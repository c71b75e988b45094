// JSON as this protocol reads it: UTF-8, no duplicate member names at any depth, bounded nesting. Not a parser: JSON.parse is.
import { WhereaboutsError } from './errors.ts';
import { parseUtf8 } from './wire.ts';

export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

const MAX_DEPTH = 32;
const COLON = /[\t\n\r ]*:/y;

/** Parses JSON text; bad syntax, duplicate members, a lone surrogate or deep nesting throw `request-invalid`. */
export function parseJson(input: string | Uint8Array): Json {
  const text = typeof input === 'string' ? input : parseUtf8(input);
  // Depth first: JSON.parse itself may run out of stack.
  scan(text);
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    // V8's message quotes the text: it is kept as cause for a debugger and never shown.
    throw new WhereaboutsError('request-invalid', 'not JSON', { cause });
  }
}

/** Parses JSON text that must be an object. */
export function parseJsonObject(input: string | Uint8Array): { [member: string]: Json } {
  const value = parseJson(input);
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new WhereaboutsError('request-invalid', 'not a JSON object');
  return value;
}

/** Walks over strings and brackets only; what is between them is JSON.parse's business. */
function scan(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      if (open.length > MAX_DEPTH) throw new WhereaboutsError('request-invalid', 'JSON nested too deep');
    } else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, at);
      const value = parseString(text.slice(at, end));
      at = end - 1;
      const members = open.at(-1);
      COLON.lastIndex = at + 1;
      if (members !== undefined && COLON.test(text)) {
        if (members.has(value)) throw new WhereaboutsError('request-invalid', 'duplicate member');
        members.add(value);
      }
    }
  }
}

/** Where the string that begins at `start` ends; a loop, since a pattern would take stack for every escape. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') return at + 1;
    if (text[at] === '\\') at++;
  }
  throw new WhereaboutsError('request-invalid', 'not JSON');
}

function parseString(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new WhereaboutsError('request-invalid', 'not JSON', { cause });
  }
  if (typeof value !== 'string' || !value.isWellFormed())
    throw new WhereaboutsError('request-invalid', 'a string with a lone surrogate');
  return value;
}
