// One operation of did:plc: its members, the octets its signature is over, its CID, who may sign the next one.
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { concat, parseB64u } from '../../protocol/wire.ts';
import { parseDidKey, type PublicKey } from '../did/key.ts';
import { formatBase32 } from '../did/multibase.ts';
import { refused, refusedAs } from '../refusal.ts';
import { encodeDagCbor } from './dag-cbor.ts';

/** What the specification allows an operation to be encoded. */
const MOST_OCTETS = 7_500;

const text = z.string().max(1_024);
const signed = { sig: z.string().max(128) };
const operation = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('plc_operation'),
    // The directory has taken more than the five of the specification, and none at all: then nobody can ever sign another.
    rotationKeys: z.array(text).max(10),
    verificationMethods: z.record(text, text),
    alsoKnownAs: z.array(text),
    services: z.record(text, z.strictObject({ type: text, endpoint: text })),
    prev: text.nullable(),
    ...signed,
  }),
  z.strictObject({ type: z.literal('plc_tombstone'), prev: text, ...signed }),
  // The first form, still at the beginning of many logs.
  z.strictObject({
    type: z.literal('create'),
    signingKey: text,
    recoveryKey: text,
    handle: text,
    service: text,
    prev: z.null(),
    ...signed,
  }),
]);

export type Operation = z.infer<typeof operation>;

/** What a DID is at one point: the members of an operation, a legacy one's in today's words. */
export interface PlcData {
  readonly rotationKeys: readonly string[];
  readonly verificationMethods: Readonly<Record<string, string>>;
  readonly alsoKnownAs: readonly string[];
  readonly services: Readonly<Record<string, { readonly type: string; readonly endpoint: string }>>;
}

export function parseOperation(value: unknown): Operation {
  const read = operation.safeParse(value);
  if (!read.success) throw refused('syntax', read.error);
  if (encodeDagCbor(read.data).length > MOST_OCTETS) throw refused('size');
  return read.data;
}

/** CIDv1, DAG-CBOR, SHA-256 of the signed operation, in base32. */
export const cidOf = (signedOperation: Operation): string =>
  `b${formatBase32(concat(Uint8Array.of(0x01, 0x71, 0x12, 0x20), sha256(encodeDagCbor(signedOperation))))}`;

/** The DID that a signed first operation makes. */
export const didOf = (genesis: Operation): string =>
  `did:plc:${formatBase32(sha256(encodeDagCbor(genesis))).slice(0, 24)}`;

/** What an operation says the DID is from then on; undefined for the end. */
export function dataOf(signedOperation: Operation): PlcData | undefined {
  if (signedOperation.type === 'plc_tombstone') return undefined;
  if (signedOperation.type === 'plc_operation') {
    const { rotationKeys, verificationMethods, alsoKnownAs, services } = signedOperation;
    return { rotationKeys, verificationMethods, alsoKnownAs, services };
  }
  const { recoveryKey, signingKey, handle, service } = signedOperation;
  const endpoint = /^https?:\/\//.test(service) ? service : `https://${service}`;
  return {
    rotationKeys: [recoveryKey, signingKey],
    verificationMethods: { atproto: signingKey },
    alsoKnownAs: [handle.startsWith('at://') ? handle : `at://${handle.replace(/^https?:\/\//, '')}`],
    services: { atproto_pds: { type: 'AtprotoPersonalDataServer', endpoint } },
  };
}

/** The rank of the first of `keys` that signed the operation; refused for `signature` where none did. */
export function verifySigner(signedOperation: Operation, keys: readonly string[]): number {
  const { sig, ...unsigned } = signedOperation;
  const signature = refusedAs('signature', () => parseB64u(sig, 64));
  const octets = encodeDagCbor(unsigned);
  const rank = keys.findIndex((key) => isSignedBy(parseDidKey(key), signature, octets));
  if (rank < 0) throw refused('signature');
  return rank;
}

function isSignedBy({ curve, octets: key }: PublicKey, signature: Uint8Array, octets: Uint8Array): boolean {
  if (curve === 'Ed25519') throw refused('algorithm');
  // Low S, or anybody could write the same signature otherwise and so make another CID of the operation.
  const options = { lowS: true, prehash: true, format: 'compact' } as const;
  const ecdsa = curve === 'P-256' ? p256 : secp256k1;
  return refusedAs('signature', () => ecdsa.verify(signature, octets, key, options));
}
