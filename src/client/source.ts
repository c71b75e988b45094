// Where a directory's public octets are read from: its API, or files that it publishes elsewhere (§6.8). What comes from either is
// as it was found, and proves nothing before it is verified.
import { WhereaboutsError } from '../protocol/errors.ts';
import { HASH_OCTETS } from '../protocol/log/hash.ts';
import type { BucketReply } from '../protocol/log/verify-bundle.ts';
import type { ChainPlace } from './bucket-history.ts';

/** A bucket, and the hash of its leaf data; undefined where it was never used. */
export interface SealedPlace {
  readonly depth: number;
  readonly bucket: number;
  readonly leaf: Uint8Array | undefined;
}

/** One place to read from, until a moment that is fixed. */
export interface Source {
  readonly kind: 'api' | 'publication';
  /** The newest epoch, a tlog-proof. */
  readEpoch(): Promise<string>;
  /** Throws `depth-changed` where there are no buckets of this depth. */
  readBucket(depth: number, bucket: number): Promise<BucketReply>;
  /** All sealed records of a bucket, padded. */
  readSealed(place: SealedPlace): Promise<Uint8Array>;
  /** History of a bucket from its n-th change on, as many entries as there are in one piece; none past its end. */
  readHistory(place: ChainPlace, from: number): Promise<Uint8Array>;
  /** The change list of an epoch that has `count` changes. */
  readChanges(epoch: number, count: number): Promise<Uint8Array>;
  /** A config text, by the hex SHA-256 of it. */
  readConfig(hash: string): Promise<Uint8Array>;
  /** A file of the log (c2sp.org/tlog-tiles) by its path; throws `path-unknown` where there is none. */
  readTile(path: string, maxOctets?: number): Promise<Uint8Array>;
}

/** Full tile of a log: 256 hashes. */
export const TILE_OCTETS = 256 * HASH_OCTETS;

/** Hashes of a tile. A partial one may be gone once the full one is there (tlog-tiles, "Partial Tiles"): then the full one begins with it. */
export async function readHashes(source: Source, path: string): Promise<Uint8Array> {
  const [full = path, width] = path.split('.p/');
  try {
    return await source.readTile(path);
  } catch (error) {
    if (width === undefined || !(error instanceof WhereaboutsError) || error.code !== 'path-unknown') throw error;
    return (await source.readTile(full)).subarray(0, Number(width) * HASH_OCTETS);
  }
}
