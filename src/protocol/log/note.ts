// Signed notes (c2sp.org/signed-note) and witness cosignatures on them (c2sp.org/tlog-cosignature, cosignature/v1).
// Ed25519 by the platform: what noble needs 2 ms for takes it 0.1. Does not say what the text means: checkpoint.ts does.
import type { CryptoKey } from 'jose';
import { WhereaboutsError, failAsSync } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { Reader, Writer, concat, formatBase64, formatHex, parseBase64, parseHex, parseUtf8, utf8 } from '../wire.ts';
import { hasControls } from './lines.ts';
import { KEY_TYPES, isKeyName, type NoteKey } from './vkey.ts';

/** One signature line, not verified. */
export interface NoteSignature {
  readonly name: string;
  /** Key id, 4 octets in hex. */
  readonly id: string;
  readonly octets: Uint8Array;
  /** The line itself, with its LF. */
  readonly line: string;
}

export interface Note {
  /** Up to and with its last LF. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface VerifiedSignature {
  readonly key: NoteKey;
  readonly line: string;
  /** When a witness cosigned, in seconds since 1970; only of cosignatures. */
  readonly time?: number;
}

export interface OpenedNote {
  readonly text: string;
  /** At least one, in the order of the note, none of them twice. */
  readonly verified: readonly VerifiedSignature[];
  /** Lines of keys that were not asked for. */
  readonly unverified: readonly NoteSignature[];
}

/** A key to sign with and what others know it by. */
export interface NoteSigner {
  readonly key: NoteKey;
  readonly privateKey: CryptoKey;
}

const fail = (message: string) => new WhereaboutsError('checkpoint-invalid', message);

/** Takes a note apart; verifies nothing. Throws `checkpoint-invalid`. */
export const parseNote = (note: string | Uint8Array): Note =>
  failAsSync('checkpoint-invalid', 'not a signed note', () => {
    const whole = typeof note === 'string' ? note : parseUtf8(note);
    if (!isNoteText(whole)) throw fail('not the text of a note');
    // Text may hold empty lines: the last one separates it from the signatures.
    const split = whole.lastIndexOf('\n\n');
    if (split === -1) throw fail('no signatures');
    const lines = whole.slice(split + 2, -1).split('\n');
    if (lines.length > LIMITS.noteSignatures) throw fail('too many signatures');
    return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignature) };
  });

/** signed-note, "Format": valid UTF-8, no control characters but LF, which is also its end. */
const isNoteText = (text: string): boolean =>
  text.isWellFormed() && text.endsWith('\n') && !hasControls(text.replaceAll('\n', ''));

function parseSignature(line: string): NoteSignature {
  const [dash, name, base64, ...more] = line.split(' ');
  if (dash !== '—' || name === undefined || base64 === undefined || more.length > 0 || !isKeyName(name))
    throw fail('a signature line is broken');
  const octets = parseBase64(base64);
  if (octets.length < 5) throw fail('a signature line is broken');
  return { name, id: formatHex(octets.subarray(0, 4)), octets: octets.subarray(4), line: `${line}\n` };
}

/**
 * Verifies the lines of `keys`; lines of others are passed over. One known line that does not verify spoils the note
 * (L2), as does none that does. Throws `checkpoint-invalid`.
 */
export async function openNote(note: string | Uint8Array, keys: readonly NoteKey[]): Promise<OpenedNote> {
  const { text, signatures } = parseNote(note);
  const lines = signatures.map((signature) => ({
    signature,
    // Both must match: signed-note, "even if they share a name or ID (but not both)".
    key: keys.find(({ name, id }) => name === signature.name && id === signature.id),
  }));
  const verified: VerifiedSignature[] = [];
  const unverified: NoteSignature[] = [];
  for (const { signature, key } of lines) {
    if (key === undefined) {
      unverified.push(signature);
      continue;
    }
    const time = await verifySignature(text, signature, key);
    if (verified.some((before) => before.key === key)) continue;
    verified.push({ key, line: signature.line, ...(time === undefined ? {} : { time }) });
  }
  if (verified.length === 0) throw fail('no signature by a known key');
  return { text, verified, unverified };
}

/** The time of a cosignature, its first 8 octets, in seconds; throws `checkpoint-invalid`. */
export const cosignatureTime = (octets: Uint8Array): number =>
  failAsSync('checkpoint-invalid', 'not a cosignature', () => {
    const time = Number(new Reader(octets).u64());
    if (!Number.isSafeInteger(time)) throw fail('a cosignature without a time');
    return time;
  });

/** What a witness signs (tlog-cosignature, "Ed25519 signed message"). */
const cosignedText = (text: string, time: number): string => `cosignature/v1\ntime ${time}\n${text}`;

async function verifySignature(text: string, signature: NoteSignature, key: NoteKey): Promise<number | undefined> {
  const isCosignature = key.type === KEY_TYPES.cosignature;
  if (!isCosignature && key.type !== KEY_TYPES.ed25519) throw fail('a signature of this type cannot be verified');
  const time = isCosignature ? cosignatureTime(signature.octets) : undefined;
  const octets = isCosignature ? signature.octets.subarray(8) : signature.octets;
  const message = utf8(time === undefined ? text : cosignedText(text, time));
  const publicKey = await importPublicKey(key);
  const ok =
    octets.length === 64 && (await crypto.subtle.verify('Ed25519', publicKey, Uint8Array.from(octets), message));
  if (!ok) throw fail('a signature by a known key does not verify');
  return time;
}

/** Importing costs as much as verifying, and a client sees the same few keys all day. */
const imported = new WeakMap<NoteKey, Promise<CryptoKey>>();

function importPublicKey(key: NoteKey): Promise<CryptoKey> {
  const known = imported.get(key);
  if (known !== undefined) return known;
  const fresh = crypto.subtle.importKey('raw', Uint8Array.from(key.publicKey), 'Ed25519', false, ['verify']);
  imported.set(key, fresh);
  return fresh;
}

/** The line by which `signer` signs `text`: with its `time` in seconds for a witness, without one for a log. */
export async function signNote(text: string, signer: NoteSigner, time?: number): Promise<string> {
  if (!isNoteText(text)) throw new RangeError('not the text of a note');
  if ((signer.key.type === KEY_TYPES.cosignature) !== (time !== undefined))
    throw new RangeError('a cosignature has a time, a signature has none');
  const message = utf8(time === undefined ? text : cosignedText(text, time));
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', signer.privateKey, message));
  const stamp = time === undefined ? new Uint8Array(0) : new Writer().u64(time).finish();
  const { name, id } = signer.key;
  return `— ${name} ${formatBase64(concat(parseHex(id, 4), stamp, signature))}\n`;
}

/** A note of its text and signature lines. */
export const formatNote = (text: string, lines: readonly string[]): string => `${text}\n${lines.join('')}`;
