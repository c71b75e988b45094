// Reading from files that a directory publishes (§6.8): a bucket's reply is put together here, as its API would have, from the
// newest epoch, tiles of the map and the bucket's file. Every step is bound by a hash to the one before; whether the epoch itself
// is to be believed is for whoever verifies the reply, as with any other.
import { failAs, WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { UNUSED_LEAF } from '../protocol/log/bucket-leaf.ts';
import { formatBundle } from '../protocol/log/bundle.ts';
import { CHANGE_OCTETS } from '../protocol/log/changes.ts';
import { HASH_OCTETS } from '../protocol/log/hash.ts';
import { HISTORY_ENTRY_OCTETS } from '../protocol/log/history.ts';
import { parseEpochLeaf, type EpochLeaf } from '../protocol/log/leaf-text.ts';
import { emptyRoot } from '../protocol/log/map.ts';
import { makeInclusion, memoryTree } from '../protocol/log/merkle.ts';
import { parseTlogProof } from '../protocol/log/tlog-proof.ts';
import type { BucketReply } from '../protocol/log/verify-bundle.ts';
import {
  bucketPath,
  changesPath,
  endedPath,
  EPOCH_PATH,
  HISTORY_WIDTH,
  historyPath,
  mapPath,
  mapRows,
  mapTileOf,
  parsePublishedBucket,
  PUBLISHED_OCTETS,
  sealedPath,
  type BucketVersion,
} from '../protocol/publication.ts';
import { equalOctets, formatB64u, parseUtf8 } from '../protocol/wire.ts';
import { CONFIG_OCTETS, SEALED_OCTETS } from './api-source.ts';
import type { ChainPlace } from './bucket-history.ts';
import type { CallParts } from './call.ts';
import { TILE_OCTETS, type Source } from './source.ts';

/** What static servers call files without an extension; the octets speak for themselves. */
const TYPES = ['application/octet-stream', 'text/plain', 'binary/octet-stream'];
/** Stores that list to nobody say 403 of what is not there. */
const ABSENT: ReadonlySet<number> = new Set([403, 404, 410]);
/** For so long, in milliseconds, the newest epoch is not asked for again: as long as anybody may keep it on its way (§6.8). */
const EPOCH_MILLISECONDS = 1_000;
/** Tiles of the map remembered, 8 KiB each, and bucket files: a history follows its bucket. */
const TILES = 512;
const BUCKETS = 16;

/** A publication at one address. It has identity over time: it remembers what never changes. */
export class PublishedFiles {
  readonly base: string;
  readonly #parts: CallParts;
  readonly #tiles = new Map<string, readonly Uint8Array[]>();
  readonly #buckets = new Map<string, Uint8Array>();
  #epoch: { readonly text: Promise<string>; readonly until: number } | undefined;

  constructor(parts: CallParts, base: string) {
    this.#parts = parts;
    this.base = base.replace(/\/+$/, '');
  }

  /** To be read until a moment in milliseconds. */
  source(until: number): Source {
    const get = (path: string, maxOctets: number) => this.#get(path, maxOctets, until);
    return {
      kind: 'publication',
      readEpoch: () => this.#readEpoch(until),
      readBucket: (depth, bucket) => this.#readReply(depth, bucket, until),
      readSealed: async ({ leaf, ...place }) =>
        leaf === undefined ? new Uint8Array(0) : get(sealedPath({ ...place, hash: leaf }), SEALED_OCTETS),
      readHistory: (place, from) => this.#readHistory(place, from, until),
      readChanges: (epoch, count) => get(changesPath(epoch), (count + 1) * CHANGE_OCTETS),
      readConfig: (hash) => get(`config/${hash}`, CONFIG_OCTETS),
      readTile: (path, maxOctets = TILE_OCTETS) => get(path, maxOctets),
    };
  }

  async #get(path: string, maxOctets: number, until: number): Promise<Uint8Array> {
    const left = until - this.#parts.clock();
    if (left <= 0) throw new WhereaboutsError('peer-unreachable', 'no time left to ask');
    const { status, body } = await this.#parts.fetch(`${this.base}/${path}`, {
      accept: TYPES,
      maxOctets,
      timeoutMs: Math.min(left, LIMITS.fetchMilliseconds),
      describedPort: true,
    });
    if (status >= 200 && status < 300) return body;
    throw ABSENT.has(status)
      ? new WhereaboutsError('path-unknown', 'a file that should be published is not there')
      : new WhereaboutsError('peer-unreachable', 'the publication is in trouble');
  }

  #readEpoch(until: number): Promise<string> {
    if (this.#epoch !== undefined && this.#parts.clock() < this.#epoch.until) return this.#epoch.text;
    const text = this.#get(EPOCH_PATH, LIMITS.bundleOctets, until).then((octets) =>
      failAs('bundle-invalid', 'the newest epoch is no text', () => parseUtf8(octets)),
    );
    const epoch = { text, until: this.#parts.clock() + EPOCH_MILLISECONDS };
    this.#epoch = epoch;
    text.catch(() => {
      if (this.#epoch === epoch) this.#epoch = undefined;
    });
    return text;
  }

  async #readReply(depth: number, bucket: number, until: number): Promise<BucketReply> {
    const { extra: logLeaf, index: epoch, hashes, checkpoint } = parseTlogProof(await this.#readEpoch(until));
    if (logLeaf === undefined) throw new WhereaboutsError('bundle-invalid', 'no log leaf');
    const said = parseEpochLeaf(logLeaf);
    if (said.depth !== depth) throw new WhereaboutsError('depth-changed', 'the depth is not the one asked for');
    const { hash, path } = await this.#descend(said, bucket, until);
    const { leafData, index } = equalOctets(hash, emptyRoot(0))
      ? { leafData: UNUSED_LEAF, index: UNUSED_LEAF }
      : await this.#readBucket({ depth, bucket, hash }, until);
    const bundle = formatBundle({ depth, logLeaf, leafData, path, epoch, hashes, checkpoint });
    return { index: formatB64u(index), bundle };
  }

  /** From the root of the map down to a bucket: the hash of its leaf data, and the map proof, lowest first. */
  async #descend(
    { depth, mapRoot }: EpochLeaf,
    bucket: number,
    until: number,
  ): Promise<{ hash: Uint8Array; path: Uint8Array[] }> {
    let hash = mapRoot;
    const path: Uint8Array[] = [];
    for (let row = mapRows(depth) - 1; row >= 0; row--) {
      const tile = mapTileOf(depth, row, bucket);
      const { level, width } = tile;
      // Below a node that was never used all are of one kind, and none has a file.
      const hashes = equalOctets(hash, emptyRoot(level + Math.log2(width)))
        ? Array.from({ length: width }, () => emptyRoot(level))
        : await this.#readMapTile(mapPath(depth, tile, hash), { width, hash }, until);
      const at = Math.floor(bucket / 2 ** level) % width;
      path.unshift(...makeInclusion(at, width, memoryTree(hashes)));
      hash = hashes[at] ?? hash;
    }
    return { hash, path };
  }

  async #readMapTile(
    path: string,
    { width, hash }: { readonly width: number; readonly hash: Uint8Array },
    until: number,
  ): Promise<readonly Uint8Array[]> {
    const known = this.#tiles.get(path);
    if (known !== undefined) return known;
    const octets = await this.#get(path, PUBLISHED_OCTETS.mapTile, until);
    const hashes = Array.from({ length: width }, (_, i) => octets.subarray(i * HASH_OCTETS, (i + 1) * HASH_OCTETS));
    if (octets.length !== width * HASH_OCTETS || !equalOctets(memoryTree(hashes)(Math.log2(width), 0), hash))
      throw new WhereaboutsError('map-invalid', 'a tile of the map is another one');
    keep(this.#tiles, path, hashes, TILES);
    return hashes;
  }

  async #readBucket(version: BucketVersion, until: number) {
    const path = bucketPath(version);
    const octets = this.#buckets.get(path) ?? (await this.#get(path, PUBLISHED_OCTETS.bucket, until));
    const read = parsePublishedBucket(octets, version.hash);
    keep(this.#buckets, path, octets, BUCKETS);
    return read;
  }

  async #readHistory({ depth, bucket, leaf, ended }: ChainPlace, from: number, until: number): Promise<Uint8Array> {
    const skip = (octets: Uint8Array, first: number) => octets.subarray((from - first) * HISTORY_ENTRY_OCTETS);
    const n = Math.floor(from / HISTORY_WIDTH);
    const first = n * HISTORY_WIDTH;
    if (leaf !== undefined) {
      const { leaf: said, era, newest } = await this.#readBucket({ depth, bucket, hash: leaf }, until);
      if (from >= said.historyLength - (said.historyLength % HISTORY_WIDTH)) return skip(newest, first);
      return skip(await this.#get(historyPath(era, bucket, n), PUBLISHED_OCTETS.history, until), first);
    }
    if (ended === undefined)
      throw new WhereaboutsError('path-unknown', 'a history that is not known where to look for');
    try {
      return skip(await this.#get(endedPath(ended, bucket, n), PUBLISHED_OCTETS.history, until), first);
    } catch (error) {
      // Past its end, or of a bucket never used then: whoever reads it knows how it has to end.
      if (error instanceof WhereaboutsError && error.code === 'path-unknown') return new Uint8Array(0);
      throw error;
    }
  }
}

/** The newest `most` of them. */
function keep<T>(kept: Map<string, T>, path: string, value: T, most: number): void {
  kept.delete(path);
  kept.set(path, value);
  const [oldest] = kept.keys();
  if (kept.size > most && oldest !== undefined) kept.delete(oldest);
}
