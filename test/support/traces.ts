// Searches octets for traces of identifiers: in clear, hashed by any common hash, in hex, base64 at every alignment, percent-encoded.
import { createHash, getHashes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

export interface Haystack {
  readonly where: string;
  readonly octets: Buffer;
}

interface Needle {
  readonly form: string;
  readonly octets: Buffer;
}

/** Hashes a careless programmer would reach for; OpenSSL names both sides of an alias, so the list is deduplicated by output. */
const HASHES = getHashes().filter((name) =>
  /^(?:md4|md5|sha1|sha224|sha256|sha384|sha512|sha512-256|sha3-256|sha3-512|blake2b512|blake2s256|ripemd160|sm3)$/i.test(
    name,
  ),
);

/** The ways people write one identifier: the canonical URI, without its scheme, digits only, as typed. */
export function spellings(canonical: string, typed: readonly string[] = []): string[] {
  const bare = canonical.replace(/^(?:tel|mailto):/, '');
  const digits = canonical.startsWith('tel:') ? [bare.slice(1)] : [];
  return [...new Set([canonical, bare, ...digits, ...typed])];
}

/** Text in the forms in which it may lie about: as it is, UTF-16, hex, percent-encoded, base64 at each of three alignments. */
function textForms(text: string): Needle[] {
  const clear = Buffer.from(text);
  // A base64 text cut to whole groups is found wherever the plain text stood at that alignment.
  const base64 = [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), clear]).toString('base64');
    const from = shift === 0 ? 0 : 4;
    const whole = encoded.slice(from, Math.floor(((shift + clear.length) * 4) / 3 / 4) * 4);
    return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    { form: 'clear', octets: clear },
    { form: 'utf-16', octets: Buffer.from(text, 'utf16le') },
    { form: 'hex', octets: Buffer.from(clear.toString('hex')) },
    { form: 'percent-encoded', octets: Buffer.from(encodeURIComponent(text)) },
    ...base64.map((value) => ({ form: 'base64', octets: Buffer.from(value) })),
  ];
}

function hashForms(text: string): Needle[] {
  return HASHES.flatMap((name) => {
    const digest = createHash(name).update(text).digest();
    return [
      { form: `${name} octets`, octets: digest },
      { form: `${name} hex`, octets: Buffer.from(digest.toString('hex')) },
      { form: `${name} upper-case hex`, octets: Buffer.from(digest.toString('hex').toUpperCase()) },
      { form: `${name} base64`, octets: Buffer.from(digest.toString('base64').replace(/=+$/, '')) },
      { form: `${name} base64url`, octets: Buffer.from(digest.toString('base64url')) },
    ];
  });
}

/** Every form of every spelling that is long enough not to turn up by chance. */
export function needles(texts: readonly string[]): Needle[] {
  return texts.flatMap((text) => [...textForms(text), ...hashForms(text)]).filter(({ octets }) => octets.length >= 8);
}

/** Where a trace was found, and in which form; nothing found is an empty list. */
export function findTraces(haystacks: Iterable<Haystack>, wanted: readonly Needle[]): string[] {
  const search = prepare(wanted);
  const found: string[] = [];
  for (const { where, octets } of haystacks) {
    const here = search(octets);
    for (const needle of wanted) if (here.has(needle)) found.push(`${where}: ${needle.form}`);
  }
  return found;
}

/** Four octets as a place in a table of 2^20. */
const placeOf = (beginning: number): number => Math.imul(beginning, 0x9e37_79b1) >>> 12;

/** One way through the octets for all needles: only where the first four of one stand are its octets compared. */
function prepare(wanted: readonly Needle[]): (octets: Buffer) => Set<Needle> {
  const byBeginning = new Map<number, Needle[]>();
  const isTaken = new Uint8Array(2 ** 20);
  for (const needle of wanted) {
    const beginning = needle.octets.readInt32BE(0);
    byBeginning.set(beginning, [...(byBeginning.get(beginning) ?? []), needle]);
    isTaken[placeOf(beginning)] = 1;
  }
  return (octets) => {
    const here = new Set<Needle>();
    let beginning = 0;
    for (let end = 1; end <= octets.length; end++) {
      beginning = (beginning << 8) | (octets[end - 1] ?? 0);
      if (isTaken[placeOf(beginning)] !== 1 || end < 4) continue;
      for (const needle of byBeginning.get(beginning) ?? []) if (isAt(octets, end - 4, needle)) here.add(needle);
    }
    return here;
  };
}

const isAt = (octets: Buffer, at: number, needle: Needle): boolean =>
  octets.subarray(at, at + needle.octets.length).equals(needle.octets);

/** Every file below a folder, as octets; sockets and the like are passed over. */
export function* folderHaystacks(folder: string): Generator<Haystack> {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(folder, name);
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) yield { where: name, octets: readFileSync(file) };
  }
}
