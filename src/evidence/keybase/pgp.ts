// OpenPGP keys and signatures in Keybase chains. The library is large and most chains need none of it: it is loaded when the
// first armoured text is met, and it stays out of every first bundle.
import { sha256 } from '@noble/hashes/sha2.js';
import type { PartialConfig, PublicKey } from 'openpgp';
import { LIMITS } from '../../protocol/limits.ts';
import { formatHex, utf8 } from '../../protocol/wire.ts';
import { refused } from '../refusal.ts';
import { pgpKid, type Kid } from './kid.ts';
import { sigIdOf, type Signed } from './packet.ts';

/** One published form of a PGP key: its user ids and subkeys change, `kid` and `fingerprint` do not. */
export interface Bundle {
  readonly kid: Kid;
  /** 40 characters of lower-case hex. */
  readonly fingerprint: string;
  /** What a link pins exactly this form by. */
  readonly fullHash: string;
  readonly emails: readonly string[];
  /** Verifies an armoured message by this key; refused for `syntax` or `signature`. */
  open(armored: string): Promise<Signed & { readonly sha1: boolean }>;
}

export const isArmored = (text: string): boolean => text.trimStart().startsWith('-----BEGIN PGP ');

/** What a message begins with whose one signature follows at the end. */
const [ONE_PASS, LITERAL] = [4, 11];

/** Reads one armoured public key. */
export async function readBundle(armored: string): Promise<Bundle> {
  const pgp = await import('openpgp');
  const config: PartialConfig = {
    // As old as the chains are. SHA-1 lets an owner make two texts of one signature, which he may do with two signatures
    // anyway; nobody else profits, for that takes a second preimage. Links are tied by SHA-256.
    minRSABits: 1_024,
    rejectMessageHashAlgorithms: new Set([pgp.enums.hash.md5, pgp.enums.hash.ripemd]),
    maxDecompressedMessageSize: LIMITS.importSignatureOctets,
  };
  const key = await pgp.readKey({ armoredKey: armored, config }).catch((cause: unknown) => {
    throw refused('syntax', cause);
  });
  const { kid, fingerprint } = identify(key);
  return {
    kid,
    fingerprint,
    fullHash: formatHex(sha256(utf8(armored.trim()))),
    emails: key.users.flatMap(({ userID }) => (userID === null || userID.email === '' ? [] : [userID.email])),
    open: async (text) => {
      const [message, { data: raw }] = await Promise.all([
        pgp.readMessage({ armoredMessage: text, config }),
        pgp.unarmor(text),
      ]).catch((cause: unknown) => {
        throw refused('syntax', cause);
      });
      if (!(raw instanceof Uint8Array)) throw refused('syntax');
      try {
        // No date: a link stays what it is when its key expires. Whether the key could sign is asked for the time of signing.
        const format = 'binary' as const;
        const { data, signatures } = await pgp.verify({ message, verificationKeys: key, date: null, format, config });
        const [only, ...more] = signatures;
        if (only === undefined || more.length > 0) throw refused('signature');
        await only.verified;
        const [packet] = (await only.signature).packets;
        // Over octets as they are: a text signature is the same for texts that differ in their line ends.
        if (packet?.signatureType !== pgp.enums.signature.binary) throw refused('signature');
        const [first, second] = message
          .unwrapCompressed()
          .packets.map(({ constructor }) => Reflect.get(constructor, 'tag'));
        if (first !== ONE_PASS || second !== LITERAL) throw refused('syntax');
        return { kid, payload: data, sigId: sigIdOf(raw), sha1: packet.hashAlgorithm === pgp.enums.hash.sha1 };
      } catch (cause) {
        throw refused('signature', cause);
      }
    },
  };
}

function identify(key: PublicKey): { kid: Kid; fingerprint: string } {
  const body: unknown = key.keyPacket.write();
  if (!(body instanceof Uint8Array) || body[0] !== 4) throw refused('version-foreign');
  return { kid: pgpKid(body), fingerprint: key.getFingerprint() };
}
