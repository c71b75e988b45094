// The sandbox's witness and auditor. Their keys follow from their names, so that every policy of the sandbox can name them
// beforehand: anybody can sign with them, and they are worth nothing outside this machine.
import { createPrivateKey } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { LogPin } from '../../../client/log-pin.ts';
import { sha256 } from '../../../protocol/log/hash.ts';
import type { NoteSigner } from '../../../protocol/log/note.ts';
import { createVkey, KEY_TYPES, type NoteKey } from '../../../protocol/log/vkey.ts';
import { utf8 } from '../../../protocol/wire.ts';

/** Who cosigns the sandbox's log, and as what. */
export const COSIGNERS = { witness: 'witness.localhost', auditor: 'auditor.localhost' } as const;

type Role = keyof typeof COSIGNERS;

const seedOf = (role: Role): Uint8Array => sha256(utf8(`whereabouts sandbox ${COSIGNERS[role]}`));

const keyOf = (role: Role): NoteKey =>
  createVkey(`${COSIGNERS[role]}/${role}`, KEY_TYPES.cosignature, ed25519.getPublicKey(seedOf(role)));

/** RFC 8410 §7: all that stands before the 32 octets of an Ed25519 key in PKCS #8. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export function sandboxCosigner(role: Role): NoteSigner {
  const der = Buffer.concat([PKCS8, seedOf(role)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).toCryptoKey('Ed25519', false, [
    'sign',
  ]);
  return { key: keyOf(role), privateKey };
}

/** What the sandbox's policies demand of its log: either of the two. */
export const PIN: LogPin = { witnesses: [{ key: keyOf('witness') }, { key: keyOf('auditor') }], quorum: 1 };
