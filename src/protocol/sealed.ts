// Sealed records (§5.1): what only who knows the identifier can open. Does not check the tokens inside, only that they are
// the ones the directory was shown.
//
//   sealed: evidence[32] ‖ nonce[12] ‖ AES-256-GCM(seal, nonce, plain, aad = name ‖ evidence)
//   plain:  length u32 ‖ JSON ‖ zeros, to the smallest multiple of 1,024 octets that holds it
import { sha256 } from '@noble/hashes/sha2.js';
import type { CryptoKey } from 'jose';
import { failAs, WhereaboutsError } from './errors.ts';
import { parseJsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import { concat, equalOctets, Reader, utf8, Writer } from './wire.ts';

const EVIDENCE_OCTETS = 32;
const NONCE_OCTETS = 12;
const NAME_OCTETS = 32;
const TAG_OCTETS = 16;
const OVERHEAD = EVIDENCE_OCTETS + NONCE_OCTETS + TAG_OCTETS;
const PREFIX_OCTETS = 4;
const KEY_OCTETS = 32;

const invalid = (message: string): WhereaboutsError => new WhereaboutsError('record-invalid', message);

/** SHA-256 of the attestations' SHA-256s, in order. */
export const evidenceOf = (attestations: readonly string[]): Uint8Array =>
  sha256(concat(...attestations.map((token) => sha256(utf8(token)))));

const paddedLength = (length: number): number =>
  Math.ceil((PREFIX_OCTETS + length) / LIMITS.sealedUnitOctets) * LIMITS.sealedUnitOctets;

function importKey(seal: Uint8Array, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  // WebCrypto would take 16 octets for AES-128.
  if (seal.length !== KEY_OCTETS) throw invalid('a seal has 32 octets');
  return crypto.subtle.importKey('raw', Uint8Array.from(seal), 'AES-GCM', false, [usage]);
}

/** Seals a record; `nonce` must be 12 fresh random octets. */
export async function sealRecord(record: {
  readonly name: Uint8Array;
  readonly seal: Uint8Array;
  readonly route: string;
  readonly attestations: readonly string[];
  readonly nonce: Uint8Array;
}): Promise<Uint8Array> {
  const { name, seal, route, attestations, nonce } = record;
  if (attestations.length < 1 || attestations.length > LIMITS.attestations)
    throw invalid('a record has 1 to 4 attestations');
  if (name.length !== NAME_OCTETS || nonce.length !== NONCE_OCTETS) throw invalid('a name has 32 octets, a nonce 12');
  const json = utf8(JSON.stringify({ route, attestations }));
  const plain = new Uint8Array(paddedLength(json.length));
  if (plain.length > LIMITS.sealedPlainOctets) throw invalid('the record is too large');
  plain.set(new Writer().u32(json.length).octets(json).finish());
  const evidence = evidenceOf(attestations);
  const key = await importKey(seal, 'encrypt');
  const parameters = { name: 'AES-GCM', iv: Uint8Array.from(nonce), additionalData: concat(name, evidence) };
  return concat(evidence, nonce, new Uint8Array(await crypto.subtle.encrypt(parameters, key, plain)));
}

/** Checks that octets may be a sealed record at all; throws `record-invalid`. */
export function verifySealedLength(sealed: Uint8Array): void {
  const plain = sealed.length - OVERHEAD;
  if (plain < LIMITS.sealedUnitOctets || plain > LIMITS.sealedPlainOctets || plain % LIMITS.sealedUnitOctets !== 0)
    throw invalid('not the length of a sealed record');
}

/** What a directory, which cannot open, compares (§5.2): length, and the evidence with the attestations sent beside it. */
export function verifyEvidence(sealed: Uint8Array, attestations: readonly string[]): void {
  verifySealedLength(sealed);
  if (attestations.length < 1 || attestations.length > LIMITS.attestations)
    throw invalid('a record has 1 to 4 attestations');
  if (!equalOctets(sealed.subarray(0, EVIDENCE_OCTETS), evidenceOf(attestations)))
    throw invalid('the evidence is not that of the attestations');
}

/** Opens a record under its name; anything that is not exactly as §5.1 says throws `record-invalid`. */
export async function openRecord(record: {
  readonly name: Uint8Array;
  readonly seal: Uint8Array;
  readonly sealed: Uint8Array;
}): Promise<{ route: string; attestations: string[] }> {
  const { name, seal, sealed } = record;
  verifySealedLength(sealed);
  const reader = new Reader(sealed);
  const evidence = reader.octets(EVIDENCE_OCTETS);
  const iv = Uint8Array.from(reader.octets(NONCE_OCTETS));
  const cipherText = Uint8Array.from(reader.octets(reader.left));
  const plain = await failAs('record-invalid', 'the record does not open', async () => {
    const parameters = { name: 'AES-GCM', iv, additionalData: concat(name, evidence) };
    return new Uint8Array(await crypto.subtle.decrypt(parameters, await importKey(seal, 'decrypt'), cipherText));
  });
  const { route, attestations } = await failAs('record-invalid', 'the record holds what no record holds', () =>
    parsePlain(plain),
  );
  verifyEvidence(sealed, attestations);
  return { route, attestations };
}

function parsePlain(plain: Uint8Array): { route: string; attestations: string[] } {
  const reader = new Reader(plain);
  const length = reader.u32();
  if (paddedLength(length) !== plain.length) throw invalid('padded otherwise');
  const json = parseJsonObject(reader.octets(length));
  // Padding is no hiding place: zeros only.
  if (reader.octets(reader.left).some((octet) => octet !== 0)) throw invalid('padded otherwise');
  const { route, attestations } = json;
  if (typeof route !== 'string' || !Array.isArray(attestations)) throw invalid('members are missing');
  const tokens = attestations.filter((token) => typeof token === 'string');
  if (tokens.length !== attestations.length) throw invalid('an attestation is no text');
  return { route, attestations: tokens };
}
