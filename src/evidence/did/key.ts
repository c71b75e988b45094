// `did:key`: a public key that is its own DID. Ed25519, secp256k1 and P-256, the curves in use with `did:plc` and `did:web`.
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { concat, equalOctets } from '../../protocol/wire.ts';
import { refused, refusedAs } from '../refusal.ts';
import { formatBase58, parseBase58 } from './multibase.ts';

export type Curve = 'Ed25519' | 'secp256k1' | 'P-256';

export interface PublicKey {
  readonly curve: Curve;
  /** Ed25519: 32 octets; the others: 33, compressed. */
  readonly octets: Uint8Array;
}

interface Point {
  toBytes(compressed?: boolean): Uint8Array;
}

/** Multicodec codes as varints, and what makes octets a point of the curve. */
const CURVES: Readonly<
  Record<Curve, { readonly prefix: readonly [number, number]; readonly parse: (octets: Uint8Array) => Point }>
> = {
  Ed25519: { prefix: [0xed, 0x01], parse: (octets) => ed25519.Point.fromBytes(octets, false) },
  secp256k1: { prefix: [0xe7, 0x01], parse: (octets) => secp256k1.Point.fromBytes(compressed(octets)) },
  'P-256': { prefix: [0x80, 0x24], parse: (octets) => p256.Point.fromBytes(compressed(octets)) },
};

/** One key has one DID: the other spelling of a point is refused. */
function compressed(octets: Uint8Array): Uint8Array {
  if (octets.length !== 33) throw refused('syntax');
  return octets;
}

/** `octets` as a key of `curve`; refused for `syntax` where they are no point of it, or not the one with this `y`. */
export function verifiedKey(curve: Curve, octets: Uint8Array, y?: Uint8Array): PublicKey {
  const point = refusedAs('syntax', () => CURVES[curve].parse(octets));
  if (y !== undefined && !equalOctets(point.toBytes(false).subarray(33), y)) throw refused('syntax');
  return { curve, octets };
}

/** Parses `z…`; refused for `algorithm` where it is a key of another kind, for `syntax` where it is none. */
export function parseMultikey(text: string): PublicKey {
  if (!text.startsWith('z')) throw refused('syntax');
  const all = parseBase58(text.slice(1));
  const curve = CURVE_NAMES.find((name) => CURVES[name].prefix.every((octet, at) => all[at] === octet));
  if (curve === undefined) throw refused('algorithm');
  return verifiedKey(curve, all.subarray(2));
}

const CURVE_NAMES: readonly Curve[] = ['Ed25519', 'secp256k1', 'P-256'];

/** Parses `did:key:z…`. */
export function parseDidKey(did: string): PublicKey {
  const [, multibase = ''] = /^did:key:(z[1-9A-HJ-NP-Za-km-z]{1,128})$/.exec(did) ?? [];
  return parseMultikey(multibase);
}

/** The key as a DID of its own, the one spelling it has. */
export const formatDidKey = ({ curve, octets }: PublicKey): string =>
  `did:key:z${formatBase58(concat(Uint8Array.from(CURVES[curve].prefix), octets))}`;
