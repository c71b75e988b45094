// The verifier key of a signed note, as c2sp.org/signed-note spells it: <name>+<key id>+<base64 of type ‖ key>. Does not sign or verify notes.
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, formatBase64, formatHex, utf8 } from './wire.ts';

/** Signature type of a log's own Ed25519 key. */
const ED25519 = 0x01;

/** Verifier key of a log: key id = first 4 octets of SHA-256(name ‖ LF ‖ type ‖ key). */
export function formatNoteKey(name: string, publicKey: Uint8Array): string {
  const key = concat(Uint8Array.of(ED25519), publicKey);
  const id = sha256(concat(utf8(`${name}\n`), key)).subarray(0, 4);
  return `${name}+${formatHex(id)}+${formatBase64(key)}`;
}
