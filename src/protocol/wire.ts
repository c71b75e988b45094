// Octets and their spellings: b64u, hex, UTF-8, big-endian integers, one Writer and one Reader. Nothing here knows a message.
import { bytesToHex } from '@noble/hashes/utils.js';
import { WhereaboutsError } from './errors.ts';

const invalid = (message: string) => new WhereaboutsError('request-invalid', message);

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

/** Strict UTF-8: malformed octets throw `request-invalid`; a byte order mark is kept. */
export function parseUtf8(octets: Uint8Array): string {
  try {
    return decoder.decode(octets);
  } catch (cause) {
    throw new WhereaboutsError('request-invalid', 'not UTF-8', { cause });
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Equality whose time depends only on the lengths. */
export function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Octet-wise order, shorter first at a common prefix. */
export function compareOctets(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const SEXTET = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) SEXTET[ALPHABET.charCodeAt(i)] = i;

const LETTERS = utf8(ALPHABET);
/** From so many octets on, letters are cheaper written into octets than put after one another as a text. */
const LONG = 64;

/** base64url without padding (RFC 4648 §5). */
export function formatB64u(octets: Uint8Array): string {
  if (octets.length >= LONG) return formatLong(octets);
  let out = '';
  for (let i = 0; i < octets.length; i += 3) {
    const [a, b, c] = [octets[i] ?? 0, octets[i + 1] ?? 0, octets[i + 2] ?? 0];
    out += ALPHABET.charAt(a >> 2) + ALPHABET.charAt(((a & 3) << 4) | (b >> 4));
    if (i + 1 < octets.length) out += ALPHABET.charAt(((b & 15) << 2) | (c >> 6));
    if (i + 2 < octets.length) out += ALPHABET.charAt(c & 63);
  }
  return out;
}

function formatLong(octets: Uint8Array): string {
  const whole = octets.length - (octets.length % 3);
  const out = new Uint8Array((whole / 3) * 4);
  for (let i = 0, at = 0; i < whole; i += 3) {
    const triple = ((octets[i] ?? 0) << 16) | ((octets[i + 1] ?? 0) << 8) | (octets[i + 2] ?? 0);
    out[at++] = LETTERS[triple >> 18] ?? 0;
    out[at++] = LETTERS[(triple >> 12) & 63] ?? 0;
    out[at++] = LETTERS[(triple >> 6) & 63] ?? 0;
    out[at++] = LETTERS[triple & 63] ?? 0;
  }
  return decoder.decode(out) + formatB64u(octets.subarray(whole));
}

/** Strict b64u: padding, white space and non-canonical trailing bits throw `request-invalid`, as does another length. */
export function parseB64u(text: string, octets?: number): Uint8Array<ArrayBuffer> {
  const tail = text.length % 4;
  if (tail === 1) throw invalid('not base64url');
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  if (octets !== undefined && out.length !== octets) throw invalid(`not ${octets} octets in base64url`);
  const sextet = (i: number): number => SEXTET[text.charCodeAt(i)] ?? -1;
  // One that is none makes the whole negative.
  let at = 0;
  for (let i = 0; i < text.length - tail; i += 4) {
    const triple = (sextet(i) << 18) | (sextet(i + 1) << 12) | (sextet(i + 2) << 6) | sextet(i + 3);
    if (triple < 0) throw invalid('not base64url');
    out[at++] = triple >> 16;
    out[at++] = triple >> 8;
    out[at++] = triple;
  }
  if (tail === 0) return out;
  const end = text.length - tail;
  const last = (sextet(end) << 18) | (sextet(end + 1) << 12) | (tail === 3 ? sextet(end + 2) << 6 : 0);
  if (last < 0) throw invalid('not base64url');
  if ((last & (tail === 3 ? 0xff : 0xffff)) !== 0) throw invalid('base64url with trailing bits');
  out[at++] = last >> 16;
  if (tail === 3) out[at] = last >> 8;
  return out;
}

export const formatHex = (octets: Uint8Array): string => bytesToHex(octets);

/** Strict lower-case hex of exactly `octets` octets. */
export function parseHex(text: string, octets: number): Uint8Array<ArrayBuffer> {
  if (text.length !== octets * 2 || !/^[0-9a-f]*$/.test(text)) throw invalid(`not ${octets} octets in lower-case hex`);
  return Uint8Array.from({ length: octets }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** Standard base64 with padding (RFC 4648 §4), as C2SP texts use it. */
export const formatBase64 = (octets: Uint8Array): string => {
  const text = formatB64u(octets).replaceAll('-', '+').replaceAll('_', '/');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
};

/** Strict standard base64: padding required, canonical, no white space. */
export function parseBase64(text: string, octets?: number): Uint8Array<ArrayBuffer> {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw invalid('not base64');
  return parseB64u(text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'), octets);
}

/** Big-endian fields, one after the other. */
export class Writer {
  readonly #parts: Uint8Array[] = [];

  octets(value: Uint8Array): this {
    this.#parts.push(value);
    return this;
  }
  u8(value: number): this {
    return this.#integer(BigInt(value), 1);
  }
  u16(value: number): this {
    return this.#integer(BigInt(value), 2);
  }
  u32(value: number): this {
    return this.#integer(BigInt(value), 4);
  }
  u64(value: bigint | number): this {
    return this.#integer(BigInt(value), 8);
  }
  finish(): Uint8Array<ArrayBuffer> {
    return concat(...this.#parts);
  }
  #integer(value: bigint, length: number): this {
    const limit = 1n << BigInt(8 * length);
    if (value < 0n || value >= limit) throw new RangeError(`not an unsigned integer of ${length} octets`);
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = Number((value >> BigInt(8 * (length - 1 - i))) & 255n);
    this.#parts.push(out);
    return this;
  }
}

/** Reads big-endian fields; running out, or leaving something, throws `request-invalid`. */
export class Reader {
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }
  octets(length: number): Uint8Array {
    if (this.#octets.length - this.#at < length) throw invalid('too short');
    this.#at += length;
    return this.#octets.subarray(this.#at - length, this.#at);
  }
  u8(): number {
    return Number(this.#integer(1));
  }
  u16(): number {
    return Number(this.#integer(2));
  }
  u32(): number {
    return Number(this.#integer(4));
  }
  u64(): bigint {
    return this.#integer(8);
  }
  get left(): number {
    return this.#octets.length - this.#at;
  }
  finish(): void {
    if (this.left !== 0) throw invalid('octets left over');
  }
  #integer(length: number): bigint {
    return this.octets(length).reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  }
}
