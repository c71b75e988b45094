// The signature packet of Keybase's own keys: base64 of a MessagePack map that carries key, payload and Ed25519 signature.
//
//   { body: { detached: true, hash_type: 10, key, payload, sig, sig_type: 32 }, [hash: { type: 8, value }], tag: 514, version: 1 }
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, equalOctets, formatHex, parseBase64 } from '../../protocol/wire.ts';
import { refused, refusedAs } from '../refusal.ts';
import { parseKid, rawKey, type Kid } from './kid.ts';
import { unpack, type Packed } from './msgpack.ts';

/** What a signature says: whose it is, over what, and the id that revocations name it by. */
export interface Signed {
  readonly kid: Kid;
  readonly payload: Uint8Array;
  readonly sigId: string;
}

const BODY = ['detached', 'hash_type', 'key', 'payload', 'sig', 'sig_type'];
/** What ends every packet: `tag: 514, version: 1`. The optional hash stands right before it. */
const END_OCTETS = 16;
const HASH_OCTETS = 32;

/** SHA-256 of the raw signature, `0f` after it. */
export const sigIdOf = (raw: Uint8Array): string => `${formatHex(sha256(raw))}0f`;

/** Verifies a packet: refused for `syntax` where it is none, for `signature` where the key in it did not sign. */
export function openPacket(text: string): Signed {
  const raw = refusedAs('syntax', () => parseBase64(text.trim()));
  const packet = asMap(unpack(raw), packetMembers(raw));
  if (packet.get('tag') !== 514 || packet.get('version') !== 1) throw refused('version-foreign');
  const body = asMap(packet.get('body'), BODY);
  if (body.get('detached') !== true || body.get('hash_type') !== 10 || body.get('sig_type') !== 32)
    throw refused('algorithm');
  const [key, payload, sig] = [octets(body, 'key'), octets(body, 'payload'), octets(body, 'sig')];
  const kid = parseKid(formatHex(key));
  if (!kid.startsWith('0120')) throw refused('algorithm');
  verifyPacketHash(raw, packet);
  // Strict RFC 8032: with the laxer rule of ZIP 215 one signature has several spellings, and so several ids.
  const holds =
    sig.length === 64 && refusedAs('signature', () => ed25519.verify(sig, payload, rawKey(kid), { zip215: false }));
  if (!holds) throw refused('signature');
  return { kid, payload, sigId: sigIdOf(raw) };
}

/** Older clients put a hash over the packet, its own value left empty, into it. */
function verifyPacketHash(raw: Uint8Array, packet: ReadonlyMap<string, Packed>): void {
  if (!packet.has('hash')) return;
  const hash = asMap(packet.get('hash'), ['type', 'value']);
  const value = octets(hash, 'value');
  if (hash.get('type') !== 8 || value.length !== HASH_OCTETS) throw refused('algorithm');
  // Two octets before the value say that it is 32 octets long.
  const start = raw.length - END_OCTETS - HASH_OCTETS - 2;
  const emptied = concat(raw.subarray(0, start), Uint8Array.of(0xc4, 0), raw.subarray(raw.length - END_OCTETS));
  if (!equalOctets(sha256(emptied), value)) throw refused('signature');
}

const packetMembers = (raw: Uint8Array): string[] =>
  raw[0] === 0x84 ? ['body', 'hash', 'tag', 'version'] : ['body', 'tag', 'version'];

function asMap(value: Packed | undefined, names: readonly string[]): ReadonlyMap<string, Packed> {
  if (!(value instanceof Map) || [...value.keys()].join() !== names.join()) throw refused('syntax');
  return value;
}

function octets(map: ReadonlyMap<string, Packed>, name: string): Uint8Array {
  const value = map.get(name);
  if (!(value instanceof Uint8Array)) throw refused('syntax');
  return value;
}
