// Files of buckets (§6.8): what a bucket holds, its sealed records, its history. Each is named by the state it shows, so that
// it is written beside the one before, and readers of either find their own.
import { ENTRY_OCTETS, padLength, parseIndex } from '../../protocol/bucket.ts';
import { isChainEntry } from '../../protocol/chain/names.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { parseBucketLeaf } from '../../protocol/log/bucket-leaf.ts';
import { leafHash } from '../../protocol/log/hash.ts';
import { HISTORY_ENTRY_OCTETS } from '../../protocol/log/history.ts';
import {
  bucketPath,
  endedPath,
  formatPublishedBucket,
  HISTORY_WIDTH,
  historyPath,
  sealedPath,
} from '../../protocol/publication.ts';
import { concat } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { readBucket, readHistory, readSealed } from '../store/buckets.ts';
import { findNewHistory, listEras, listHistories } from '../store/publication.ts';
import { inParallel } from './parallel.ts';
import type { Reading } from './reading.ts';
import type { PublicationStore } from './store.ts';

const FILE_OCTETS = HISTORY_WIDTH * HISTORY_ENTRY_OCTETS;

/** Writes a bucket as it is; of its history the files that epoch `since` or a later one filled. */
export async function writeBucket(
  ctx: DirectoryContext,
  store: PublicationStore,
  reading: Reading,
  bucket: number,
  since: number,
): Promise<void> {
  const { db, domain } = ctx;
  const read = await reading.read(async ({ era, epoch, said: { depth } }) => {
    const place = { era, depth, epoch, bucket };
    const [{ index, leafData }, sealed, fresh] = await Promise.all([
      readBucket(db, domain, place),
      readSealed(db, place),
      findNewHistory(db, place, since),
    ]);
    const leaf = parseBucketLeaf(leafData);
    if (leaf === undefined || index.length !== leaf.count * ENTRY_OCTETS) return undefined;
    // Chains are read from the API (§9.6): in their bucket stands only that they are.
    const records = parseIndex(index).filter((entry) => !isChainEntry(entry));
    if (sealed.length !== records.length) return undefined;
    const left = leaf.historyLength % HISTORY_WIDTH;
    // The files that are new, and then what fills none.
    const from = Math.min(leaf.historyLength - left, wholeFiles(fresh ?? leaf.historyLength));
    const range = { from, until: epoch, limit: leaf.historyLength - from };
    const history = await readHistory(db, place, range);
    if (history.length !== range.limit * HISTORY_ENTRY_OCTETS) return undefined;
    return { place, leafData, index, sealed, history, from };
  });
  if (read === undefined) return;
  const { place, leafData, index, sealed, history, from } = read;
  const { era } = place;
  const full = history.length - (history.length % FILE_OCTETS);
  for (let at = 0; at < full; at += FILE_OCTETS)
    await store.put(
      historyPath(era, bucket, (from + at / HISTORY_ENTRY_OCTETS) / HISTORY_WIDTH),
      history.subarray(at, at + FILE_OCTETS),
    );
  const version = { ...place, hash: leafHash(leafData) };
  const records = concat(...sealed);
  await store.put(
    sealedPath(version),
    concat(records, new Uint8Array(padLength(records.length, LIMITS.sealedPadOctets))),
  );
  await store.put(bucketPath(version), formatPublishedBucket({ leafData, era, index, newest: history.subarray(full) }));
}

/** Number of the first entry in the file that entry `n` is in. */
const wholeFiles = (n: number): number => n - (n % HISTORY_WIDTH);

/**
 * Writes the histories of depths that ended in epoch `since` or later, by the epoch that began `era`: for ever, under the
 * epoch that ended them, since whoever follows a history back knows nothing else of the one before.
 */
export async function writeEnded(
  { db }: DirectoryContext,
  store: PublicationStore,
  since: number,
  era: number,
): Promise<void> {
  const eras = await listEras(db);
  for (const [place, begun] of eras.entries()) {
    const end = eras[place + 1];
    if (end === undefined || end < since || end > era) continue;
    await inParallel(await listHistories(db, begun), async (bucket) => {
      for (let n = 0; ; n++) {
        const range = { from: n * HISTORY_WIDTH, until: end, limit: HISTORY_WIDTH };
        const octets = await readHistory(db, { era: begun, bucket }, range);
        if (octets.length > 0) await store.put(endedPath(end, bucket, n), octets);
        if (octets.length < FILE_OCTETS) break;
      }
    });
  }
}
