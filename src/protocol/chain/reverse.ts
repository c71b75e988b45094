// The reverse signature of a key that is added to a chain (§9.1): the new key signs as well, so that nobody adds a key that is not
// his own and passes for its owner.
import { parseHolderJws, signAsHolder, verifyHolder } from '../token/jws.ts';
import type { TemporaryJwk, TemporaryKey } from '../token/temporary-key.ts';
import { formatB64u, parseB64u, parseUtf8, utf8 } from '../wire.ts';
import { refusal } from './reasons.ts';

/**
 * Verifies that `key` signed the payload of `token` as it is with `"reverse":""`. `reverse` is a compact JWS of typ
 * `whereabouts-reverse+jwt` without its middle part.
 */
export async function verifyReverse(token: string, key: TemporaryJwk, reverse: string, place?: number): Promise<void> {
  const payload = parseUtf8(parseB64u(token.split('.')[1] ?? ''));
  const [before, after, ...more] = payload.split(`"reverse":"${reverse}"`);
  const [head = '', middle, signature = '', ...rest] = reverse.split('.');
  // One place to cut it out of: what the new key signed is what stands in the link, octet for octet.
  if (before === undefined || after === undefined || more.length > 0 || middle !== '' || rest.length > 0)
    throw refusal('reverse-invalid', place);
  try {
    const signed = `${head}.${formatB64u(utf8(`${before}"reverse":""${after}`))}.${signature}`;
    const jws = parseHolderJws(signed, 'reverse');
    if (jws.jwk.x !== key.x) throw refusal('reverse-invalid', place);
    await verifyHolder(jws);
  } catch (cause) {
    throw refusal('reverse-invalid', place, cause);
  }
}

/** The reverse signature over `claims`, in which `reverse` is empty. */
export const signReverse = async (claims: object, key: TemporaryKey): Promise<string> =>
  (await signAsHolder('reverse', claims, key)).replace(/\.[^.]*\./, '..');
