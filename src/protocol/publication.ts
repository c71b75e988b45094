// A directory's public octets as files (§6.8): their paths and forms. What changes has its hash in its path, so that a file
// never does; one file, `epoch`, says what is newest. Reads and writes nothing: see client/ and server/publication/.
//
//   bucket file:  | leaf data 112 | era u64 | index, count × 100 | newest history, length mod 256 × 104 | zeros to 4,096 |
import { ENTRY_OCTETS, padLength } from './bucket.ts';
import { WhereaboutsError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { BUCKET_LEAF_OCTETS, parseBucketLeaf, type BucketLeaf } from './log/bucket-leaf.ts';
import { HASH_OCTETS, leafHash } from './log/hash.ts';
import { HISTORY_ENTRY_OCTETS } from './log/history.ts';
import { formatGroups } from './log/tile.ts';
import { concat, equalOctets, formatHex, Reader, Writer } from './wire.ts';

/** The newest epoch as `GET /v1/epoch` gives it: written last. */
export const EPOCH_PATH = 'epoch';
/** The same checkpoint alone, where C2SP's tools look for it. */
export const CHECKPOINT_PATH = 'checkpoint';

export const changesPath = (epoch: number): string => `changes/${formatGroups(epoch)}`;
export const configPath = (hash: Uint8Array): string => `config/${formatHex(hash)}`;

/** A bucket at a depth, in the state whose leaf data have this hash. */
export interface BucketVersion {
  readonly depth: number;
  readonly bucket: number;
  readonly hash: Uint8Array;
}

const versionPath = ({ depth, bucket, hash }: BucketVersion): string =>
  `${depth}/${formatGroups(bucket)}/${formatHex(hash)}`;
export const bucketPath = (version: BucketVersion): string => `bucket/${versionPath(version)}`;
export const sealedPath = (version: BucketVersion): string => `sealed/${versionPath(version)}`;

/** History entries in a full file; the newest ones that fill none are in the bucket's own. */
export const HISTORY_WIDTH = 256;

/** Entries `256 n` and on of a bucket's history since epoch `era`, which began the depth there is now. */
export const historyPath = (era: number, bucket: number, n: number): string =>
  `history/${era}/${formatGroups(bucket)}/${formatGroups(n)}`;
/** The same of a history that ended with the depth, in epoch `end`; the last file holds what is left. */
export const endedPath = (end: number, bucket: number, n: number): string =>
  `ended/${end}/${formatGroups(bucket)}/${formatGroups(n)}`;

/** Levels of the map in one tile. */
const HEIGHT = 8;

/** Hashes of `width` nodes side by side, `level` levels above the buckets, beginning with number `width · index`. */
export interface MapTile {
  readonly row: number;
  readonly index: number;
  readonly level: number;
  readonly width: number;
}

/** Rows of tiles that a map has: the lowest is row 0. */
export const mapRows = (depth: number): number => Math.ceil(depth / HEIGHT);

/** The tile of a row that is on the way to a bucket. */
export function mapTileOf(depth: number, row: number, bucket: number): MapTile {
  const level = row * HEIGHT;
  const width = 2 ** Math.min(HEIGHT, depth - level);
  return { row, index: Math.floor(bucket / 2 ** level / width), level, width };
}

/** `hash` is that of the node the tile hangs from. */
export const mapPath = (depth: number, { row, index }: MapTile, hash: Uint8Array): string =>
  `map/${depth}/${row}/${formatGroups(index)}/${formatHex(hash)}`;

/** The path of a file that shows one state of a bucket (then without `row`) or of a tile of the map. */
export interface VersionPath {
  /** Everything before the hash. */
  readonly place: string;
  readonly depth: number;
  readonly row?: number;
  readonly index: number;
  /** Hex. */
  readonly hash: string;
}

const VERSION =
  /^(?<place>(?:bucket|sealed|map)\/(?<depth>\d{1,2})(?:\/(?<row>\d))?\/(?<groups>(?:x\d{3}\/){0,5}\d{3}))\/(?<hash>[0-9a-f]{64})$/;

/** Undefined for any other path. */
export function parseVersionPath(path: string): VersionPath | undefined {
  const { place, depth, row, groups = '', hash } = VERSION.exec(path)?.groups ?? {};
  if (place === undefined || hash === undefined) return undefined;
  const index = Number(groups.replaceAll(/[x/]/g, ''));
  return { place, depth: Number(depth), ...(row === undefined ? {} : { row: Number(row) }), index, hash };
}

/** A bucket's file. */
export interface PublishedBucket {
  readonly leafData: Uint8Array;
  /** The epoch that began its depth. */
  readonly era: number;
  /** Its entries, one after the other. */
  readonly index: Uint8Array;
  /** The newest entries of its history: as many as fill no file of their own. */
  readonly newest: Uint8Array;
}

export function formatPublishedBucket({ leafData, era, index, newest }: PublishedBucket): Uint8Array {
  const octets = new Writer().octets(leafData).u64(era).octets(index).octets(newest).finish();
  return concat(octets, new Uint8Array(padLength(octets.length, LIMITS.bucketPadOctets)));
}

/** Reads a bucket's file, whose leaf data must have `hash`; throws `bucket-invalid`. What else is in it is not verified here. */
export function parsePublishedBucket(octets: Uint8Array, hash: Uint8Array): PublishedBucket & { leaf: BucketLeaf } {
  const fail = (message: string) => new WhereaboutsError('bucket-invalid', message);
  const leafData = octets.subarray(0, BUCKET_LEAF_OCTETS);
  if (!equalOctets(leafHash(leafData), hash)) throw fail('the file is of another bucket');
  const leaf = parseBucketLeaf(leafData);
  if (leaf === undefined) throw fail('a file of a bucket never used');
  const from = BUCKET_LEAF_OCTETS + 8;
  const between = from + leaf.count * ENTRY_OCTETS;
  const end = between + (leaf.historyLength % HISTORY_WIDTH) * HISTORY_ENTRY_OCTETS;
  if (octets.length !== end + padLength(end, LIMITS.bucketPadOctets)) throw fail('the file has another length');
  const era = Number(new Reader(octets.subarray(BUCKET_LEAF_OCTETS, from)).u64());
  return { leaf, leafData, era, index: octets.subarray(from, between), newest: octets.subarray(between, end) };
}

/** The largest of each kind, in octets. */
export const PUBLISHED_OCTETS = {
  bucket: BUCKET_LEAF_OCTETS + 8 + LIMITS.bucketRecords * ENTRY_OCTETS + HISTORY_WIDTH * HISTORY_ENTRY_OCTETS + 4_096,
  history: HISTORY_WIDTH * HISTORY_ENTRY_OCTETS,
  mapTile: 2 ** HEIGHT * HASH_OCTETS,
} as const;
