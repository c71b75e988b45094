// Signers of tests, from seeds that are public for ever.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { NoteSigner } from '../../../src/protocol/log/note.ts';
import { KEY_TYPES, createVkey, parseVkey, type KeyType } from '../../../src/protocol/log/vkey.ts';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A signer by its seed; `name` may be a whole verifier key, which then has to be its own. */
export async function importSigner(
  name: string,
  seed: Uint8Array,
  type: KeyType = KEY_TYPES.ed25519,
): Promise<NoteSigner> {
  const pkcs8 = Buffer.concat([PKCS8, seed]);
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
  if (name.includes('+')) return { key: parseVkey(name), privateKey };
  const own = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  const publicKey = new Uint8Array(own.export({ format: 'der', type: 'spki' }).subarray(-32));
  return { key: createVkey(name, type, publicKey), privateKey };
}
