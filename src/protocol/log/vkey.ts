// Verifier keys of notes, as c2sp.org/signed-note spells them: <name>+<key id>+<base64 of type ‖ key>. Does not say whom to
// trust: that is a policy.
import { ed25519 } from '@noble/curves/ed25519.js';
import { WhereaboutsError, failAsSync } from '../errors.ts';
import { concat, formatBase64, formatHex, parseBase64, utf8 } from '../wire.ts';
import { sha256 } from './hash.ts';
import { hasControls } from './lines.ts';

/** Signature types: Ed25519 over the text, timestamped witness cosignature, RFC 6962 tree head (told apart, never verified). */
export const KEY_TYPES = { ed25519: 0x01, cosignature: 0x04, treeHead: 0x05 } as const;

export type KeyType = (typeof KEY_TYPES)[keyof typeof KEY_TYPES];

export interface NoteKey {
  readonly name: string;
  readonly type: KeyType;
  readonly publicKey: Uint8Array;
  /** 4 octets in hex; name and id together name a key. */
  readonly id: string;
}

/** Key names hold no space and no plus (signed-note, "Format"); control characters are no part of a note at all. */
export const isKeyName = (name: string): boolean =>
  name !== '' && name.isWellFormed() && !hasControls(name) && !/[\s\u0085+]/u.test(name);

/** What is hashed into a key's id after its name and type; also which keys there are of a type. */
const IDENTITY: Readonly<Record<KeyType, (publicKey: Uint8Array) => Uint8Array>> = {
  [KEY_TYPES.ed25519]: parseEd25519,
  [KEY_TYPES.cosignature]: parseEd25519,
  // c2sp.org/static-ct-api: the log id, which is the hash of the key.
  [KEY_TYPES.treeHead]: (publicKey) => sha256(publicKey),
};

const isKeyType = (type: number | undefined): type is KeyType =>
  type !== undefined && Object.values<number>(KEY_TYPES).includes(type);

/** A key of small order verifies signatures nobody made, and several spellings of one key would count as several witnesses. */
function parseEd25519(publicKey: Uint8Array): Uint8Array {
  if (ed25519.Point.fromBytes(publicKey).isSmallOrder())
    throw new WhereaboutsError('vkey-invalid', 'not a usable Ed25519 key');
  return publicKey;
}

/** A verifier key of its parts; an unusable one throws `vkey-invalid`. */
export const createVkey = (name: string, type: KeyType, publicKey: Uint8Array): NoteKey =>
  failAsSync('vkey-invalid', 'not a usable key', () => {
    if (!isKeyName(name)) throw new WhereaboutsError('vkey-invalid', 'not a key name');
    const hashed = concat(utf8(`${name}\n`), Uint8Array.of(type), IDENTITY[type](publicKey));
    return { name, type, publicKey, id: formatHex(sha256(hashed).subarray(0, 4)) };
  });

export const formatVkey = ({ name, type, publicKey, id }: NoteKey): string =>
  `${name}+${id}+${formatBase64(concat(Uint8Array.of(type), publicKey))}`;

/** A verifier key whose id is its own; anything else throws `vkey-invalid`. */
export const parseVkey = (text: string): NoteKey =>
  failAsSync('vkey-invalid', 'not a verifier key', () => {
    // The base64 may hold a plus as well; the name may not.
    const [, name = '', id = '', base64 = ''] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
    const [type, ...publicKey] = parseBase64(base64);
    if (!isKeyType(type)) throw new WhereaboutsError('vkey-invalid', 'a key of unknown type');
    const key = createVkey(name, type, Uint8Array.from(publicKey));
    if (key.id !== id) throw new WhereaboutsError('vkey-invalid', 'the key has another id');
    return key;
  });
