// Buckets (§6.1): which one a name is in, the entries that make its index, and how a bucket's sealed records come along.
// Does not prove anything: see log/.
import { isChainEntry } from './chain/names.ts';
import { WhereaboutsError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { compareOctets, concat, Reader, Writer } from './wire.ts';

/** name[32] ‖ holder[32] ‖ digest[32] ‖ length u32 */
export interface Entry {
  readonly name: Uint8Array;
  /** Thumbprint of the temporary key; of an identity chain its id (§9.6). */
  readonly holder: Uint8Array;
  /** SHA-256 of the sealed record, or of the chain. */
  readonly digest: Uint8Array;
  /** Octets of the sealed record, or of the chain. */
  readonly length: number;
}

export const ENTRY_OCTETS = 100;

const invalid = (message: string): WhereaboutsError => new WhereaboutsError('record-invalid', message);

export const formatEntry = ({ name, holder, digest, length }: Entry): Uint8Array =>
  new Writer().octets(name).octets(holder).octets(digest).u32(length).finish();

/** Reads one entry of exactly 100 octets; throws `record-invalid`. */
export function parseEntry(octets: Uint8Array): Entry {
  if (octets.length !== ENTRY_OCTETS) throw invalid('an entry has 100 octets');
  const reader = new Reader(octets);
  return { name: reader.octets(32), holder: reader.octets(32), digest: reader.octets(32), length: reader.u32() };
}

export const formatIndex = (entries: readonly Entry[]): Uint8Array => concat(...entries.map(formatEntry));

/** Reads an index; `record-invalid` unless it is whole and strictly ascending by name ‖ holder. */
export function parseIndex(octets: Uint8Array): Entry[] {
  if (octets.length % ENTRY_OCTETS !== 0) throw invalid('an index is made of whole entries');
  const count = octets.length / ENTRY_OCTETS;
  if (count > LIMITS.bucketRecords) throw invalid('a bucket holds fewer entries');
  for (let i = 1; i < count; i++) {
    const [before, after] = [octets.subarray((i - 1) * ENTRY_OCTETS), octets.subarray(i * ENTRY_OCTETS)];
    if (compareOctets(before.subarray(0, 64), after.subarray(0, 64)) >= 0)
      throw invalid('an index is strictly ascending');
  }
  return Array.from({ length: count }, (_, i) => parseEntry(octets.subarray(i * ENTRY_OCTETS, (i + 1) * ENTRY_OCTETS)));
}

/** The top `depth` bits of a name, 0 to 32. */
export function bucketNumber(name: Uint8Array, depth: number): number {
  const top = new Reader(name.subarray(0, 4)).u32();
  return depth === 0 ? 0 : Math.floor(top / 2 ** (32 - depth));
}

/** Names of a bucket: from `from`, before `to`; `to` is undefined for the last bucket. */
export function bucketRange(depth: number, index: number): { from: Uint8Array; to: Uint8Array | undefined } {
  const at = (number: number): Uint8Array =>
    concat(new Writer().u32(number * 2 ** (32 - depth)).finish(), new Uint8Array(28));
  return { from: at(index), to: index + 1 === 2 ** depth ? undefined : at(index + 1) };
}

/** How many octets bring `length` to a multiple of `unit`. */
export const padLength = (length: number, unit: number): number => (unit - (length % unit)) % unit;

/**
 * Takes a bucket's `/sealed` reply apart: the records in index order, with nothing in a chain's place, which is not among
 * them (§9.6). `record-invalid` unless it is padded as §6.5 says.
 */
export function splitSealed(index: readonly Entry[], octets: Uint8Array): Uint8Array[] {
  const lengths = index.map((entry) => (isChainEntry(entry) ? 0 : entry.length));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (octets.length !== total + padLength(total, LIMITS.sealedPadOctets))
    throw invalid('sealed records do not fit the index');
  if (octets.subarray(total).some((octet) => octet !== 0)) throw invalid('padded otherwise');
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return octets.subarray(at - length, at);
  });
}
