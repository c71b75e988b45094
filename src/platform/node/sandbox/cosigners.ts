// The sandbox's witness and auditor. Their keys follow from their names, so that every policy of the sandbox can name them
// beforehand: anybody can sign with them, and they are worth nothing outside this machine.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { LogPin } from '../../../client/log-pin.ts';
import { sha256 } from '../../../protocol/log/hash.ts';
import type { NoteSigner } from '../../../protocol/log/note.ts';
import { createVkey, KEY_TYPES, type NoteKey } from '../../../protocol/log/vkey.ts';
import { parseB64u, utf8 } from '../../../protocol/wire.ts';

/** Who cosigns the sandbox's log, and as what. */
export const COSIGNERS = { witness: 'witness.localhost', auditor: 'auditor.localhost' } as const;

type Role = keyof typeof COSIGNERS;

/** RFC 8410 §7: all that stands before the 32 octets of an Ed25519 key in PKCS #8. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

function privateKeyOf(role: Role): KeyObject {
  const seed = sha256(utf8(`whereabouts sandbox ${COSIGNERS[role]}`));
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}

function keyOf(role: Role): NoteKey {
  const { x = '' } = createPublicKey(privateKeyOf(role)).export({ format: 'jwk' });
  return createVkey(`${COSIGNERS[role]}/${role}`, KEY_TYPES.cosignature, parseB64u(x, 32));
}

export const sandboxCosigner = (role: Role): NoteSigner => ({
  key: keyOf(role),
  privateKey: privateKeyOf(role).toCryptoKey('Ed25519', false, ['sign']),
});

/** What the sandbox's policies demand of its log: either of the two. */
export const PIN: LogPin = { witnesses: [{ key: keyOf('witness') }, { key: keyOf('auditor') }], quorum: 1 };
