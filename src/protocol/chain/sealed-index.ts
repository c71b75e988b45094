// Sealed entries of a chain's index (§9.4): a random key of the entry's own, wrapped for every name its owner wants to be read by.
//
//   wrap:  HKDF-SHA-256(seal, empty salt, info = "whereabouts/v1 index"), 32 octets
//   key:   nonce[12] ‖ AES-256-GCM(wrap, nonce, entry key[32], aad = chain id[32])
//   box:   nonce[12] ‖ AES-256-GCM(entry key, nonce, plain, aad = chain id[32])
//   plain: length u16 ‖ JSON {definition, ref, hash} ‖ zeros, to the smallest multiple of 256 octets that holds it
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { parseJsonObject } from '../json.ts';
import { LIMITS } from '../limits.ts';
import { concat, formatB64u, parseB64u, Reader, utf8, Writer } from '../wire.ts';
import { isIndexUri, parseIndexRecord, type IndexRecord, type SealedEntry } from './index-entries.ts';
import { refusal } from './reasons.ts';

const NONCE_OCTETS = 12;

export interface IndexEntry extends IndexRecord {
  readonly definition: string;
}

const wrapOf = (seal: Uint8Array): Uint8Array => hkdf(sha256, seal, new Uint8Array(), utf8('whereabouts/v1 index'), 32);

async function encrypt(key: Uint8Array, chain: Uint8Array, plain: Uint8Array, iv: Uint8Array): Promise<string> {
  const imported = await crypto.subtle.importKey('raw', Uint8Array.from(key), 'AES-GCM', false, ['encrypt']);
  const parameters = { name: 'AES-GCM', iv: Uint8Array.from(iv), additionalData: Uint8Array.from(chain) };
  const sealed = await crypto.subtle.encrypt(parameters, imported, Uint8Array.from(plain));
  return formatB64u(concat(iv, new Uint8Array(sealed)));
}

/** The plain text; undefined where the key is another. */
async function decrypt(key: Uint8Array, chain: Uint8Array, text: string): Promise<Uint8Array | undefined> {
  const reader = new Reader(parseB64u(text));
  const iv = Uint8Array.from(reader.octets(NONCE_OCTETS));
  const sealed = Uint8Array.from(reader.octets(reader.left));
  const imported = await crypto.subtle.importKey('raw', Uint8Array.from(key), 'AES-GCM', false, ['decrypt']);
  const parameters = { name: 'AES-GCM', iv, additionalData: Uint8Array.from(chain) };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, imported, sealed));
  } catch {
    return undefined;
  }
}

const paddedLength = (length: number): number =>
  Math.ceil((2 + length) / LIMITS.chainSealedUnitOctets) * LIMITS.chainSealedUnitOctets;

/** Seals an entry for each of `seals` (1 to 4) in the chain with this id; `random` gives fresh octets. */
export async function sealEntry(
  entry: IndexEntry,
  chain: string,
  seals: readonly Uint8Array[],
  random: (octets: number) => Uint8Array,
): Promise<SealedEntry> {
  const { definition, ref, hash } = entry;
  if (!isIndexUri(definition) || seals.length < 1 || seals.length > LIMITS.chainSealedNames)
    throw refusal('index-invalid');
  const id = parseB64u(chain, 32);
  const json = utf8(JSON.stringify({ definition, ...parseIndexRecord({ ref, hash }) }));
  const plain = new Uint8Array(paddedLength(json.length));
  plain.set(new Writer().u16(json.length).octets(json).finish());
  const key = random(32);
  const box = await encrypt(key, id, plain, random(NONCE_OCTETS));
  const keys = await Promise.all(seals.map((seal) => encrypt(wrapOf(seal), id, key, random(NONCE_OCTETS))));
  return { keys, box };
}

/**
 * Opens an entry with the seal of a name; undefined where it is for others. What opens and is not an entry throws
 * `chain-invalid`.
 */
export async function openEntry(entry: SealedEntry, chain: string, seal: Uint8Array): Promise<IndexEntry | undefined> {
  const id = parseB64u(chain, 32);
  const wrap = wrapOf(seal);
  for (const wrapped of entry.keys) {
    const key = await decrypt(wrap, id, wrapped);
    if (key === undefined) continue;
    try {
      const plain = await decrypt(key, id, entry.box);
      if (plain !== undefined) return parsePlain(plain);
    } catch (cause) {
      throw refusal('index-invalid', undefined, cause);
    }
    throw refusal('index-invalid');
  }
  return undefined;
}

function parsePlain(plain: Uint8Array): IndexEntry {
  const reader = new Reader(plain);
  const length = reader.u16();
  const { definition, ...record } = parseJsonObject(reader.octets(length));
  if (typeof definition !== 'string' || !isIndexUri(definition)) throw refusal('index-invalid');
  if (paddedLength(length) !== plain.length || reader.octets(reader.left).some((octet) => octet !== 0))
    throw refusal('index-invalid');
  return { definition, ...parseIndexRecord(record) };
}
