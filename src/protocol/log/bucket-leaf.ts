// What the map says about one bucket (§6.1): nothing if it was never used, else 112 octets. Does not hold the bucket's records.
//
//   0      24           25     28      32       36     40            72              80            112
//   | L24  | depth u8 | 0 0 0 | index | count | 0 0 0 0 | entriesRoot | history u64 | history head |
import { WhereaboutsError } from '../errors.ts';
import { Reader, Writer, compareOctets } from '../wire.ts';
import { HASH_OCTETS, label24 } from './hash.ts';

export interface BucketLeaf {
  readonly depth: number;
  readonly index: number;
  /** Number of entries; a bucket that was used and is empty now has 0. */
  readonly count: number;
  readonly entriesRoot: Uint8Array;
  /** At least 1: what is used has a history. */
  readonly historyLength: number;
  readonly historyHead: Uint8Array;
}

const LABEL = label24('whereabouts/bucket/v1');

/** Leaf data of a bucket that was never used. */
export const UNUSED_LEAF: Uint8Array = new Uint8Array(0);

export const BUCKET_LEAF_OCTETS = 112;

export function formatBucketLeaf(leaf: BucketLeaf): Uint8Array {
  return new Writer()
    .octets(LABEL)
    .u8(leaf.depth)
    .octets(new Uint8Array(3))
    .u32(leaf.index)
    .u32(leaf.count)
    .u32(0)
    .octets(leaf.entriesRoot)
    .u64(leaf.historyLength)
    .octets(leaf.historyHead)
    .finish();
}

/** Leaf data as a client takes it; undefined for a bucket never used. Throws `bucket-invalid`. */
export function parseBucketLeaf(octets: Uint8Array): BucketLeaf | undefined {
  if (octets.length === 0) return undefined;
  const fail = (message: string) => new WhereaboutsError('bucket-invalid', message);
  if (octets.length !== BUCKET_LEAF_OCTETS) throw fail('the leaf data have another length');
  const reader = new Reader(octets);
  if (compareOctets(reader.octets(LABEL.length), LABEL) !== 0) throw fail('the leaf data are not those of a bucket');
  const depth = reader.u8();
  if (reader.octets(3).some((octet) => octet !== 0)) throw fail('the leaf data hold an octet that must be zero');
  const [index, count, zero] = [reader.u32(), reader.u32(), reader.u32()];
  if (zero !== 0) throw fail('the leaf data hold an octet that must be zero');
  const entriesRoot = reader.octets(HASH_OCTETS);
  const historyLength = Number(reader.u64());
  if (historyLength < 1 || !Number.isSafeInteger(historyLength)) throw fail('a used bucket without a history');
  return { depth, index, count, entriesRoot, historyLength, historyHead: reader.octets(HASH_OCTETS) };
}
