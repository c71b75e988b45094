// What everybody sees: the published epoch, and bundles that lead from its checkpoint to one bucket (§6.4). Every answer is
// of one epoch, whatever is being written beside it.
import { bucketNumber } from '../../protocol/bucket.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { formatBundle } from '../../protocol/log/bundle.ts';
import { parseEpochLeaf, type EpochLeaf } from '../../protocol/log/leaf-text.ts';
import { mapPath } from '../../protocol/log/map.ts';
import { formatTlogProof } from '../../protocol/log/tlog-proof.ts';
import { formatB64u } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { readBucket } from '../store/buckets.ts';
import { findPublished, findPublishedAt, type PublishedEpoch } from '../store/log.ts';
import { unpack } from '../store/packing.ts';
import { advance } from './sequencer/advance.ts';
import { KEPT_EPOCHS } from './sequencer/tidy.ts';

export interface Published extends PublishedEpoch {
  readonly said: EpochLeaf;
}

/** The newest published epoch. Whoever comes first makes the first one; `overloaded` where there is none for now. */
export async function readPublished(ctx: DirectoryContext): Promise<Published> {
  const found = await findPublished(ctx.db, ctx.domain);
  if (found !== undefined) return { ...found, said: parseEpochLeaf(found.leaf) };
  await advance(ctx, { patient: false });
  const first = await findPublished(ctx.db, ctx.domain);
  if (first === undefined)
    throw new WhereaboutsError('overloaded', 'no epoch is published yet', { extensions: { retryAfter: 1 } });
  return { ...first, said: parseEpochLeaf(first.leaf) };
}

/** The same for readers, who may be shown one that another instance has just overtaken. */
export const readRecent = (ctx: DirectoryContext): Promise<Published> =>
  ctx.reading === undefined ? readPublished(ctx) : ctx.reading.recent(ctx.clock, () => readPublished(ctx));

/** What readers are shown will do for who knows what it has to have. */
async function readFrom(ctx: DirectoryContext, least: number | undefined): Promise<Published> {
  if (least !== undefined) {
    const recent = await readRecent(ctx);
    if (recent.epoch >= least) return recent;
  }
  return readPublished(ctx);
}

/** `GET /v1/epoch` (§6.5): the newest log leaf as a tlog-proof. */
export const formatEpoch = ({ epoch, leaf, proof, note }: Published): string =>
  formatTlogProof({ extra: leaf, index: epoch, hashes: [...unpack(proof, 32)], checkpoint: note });

/** A bucket as it is proven: its entries one after the other, and the bundle. */
export interface ProvenBucket {
  readonly epoch: number;
  readonly index: Uint8Array;
  readonly bundle: string;
  /** All three as a JSON object: what every receipt of the bucket says. */
  readonly text: string;
}

/** A bucket at an epoch that is published; undefined where the epoch is too old to be read whole. */
export async function proveBucket(
  ctx: DirectoryContext,
  published: Published,
  bucket: number,
): Promise<ProvenBucket | undefined> {
  if (ctx.reading === undefined) return makeProof(ctx, published, bucket);
  const proven = await ctx.reading.buckets.take(published.note, `${bucket}`, () => makeProof(ctx, published, bucket));
  // Overtaken by far: whoever asks again is not to be shown it once more.
  if (proven === undefined) ctx.reading.forget();
  return proven;
}

async function makeProof(
  ctx: DirectoryContext,
  { epoch, era, said, leaf, proof, note }: Published,
  bucket: number,
): Promise<ProvenBucket | undefined> {
  const { depth } = said;
  const found = await readBucket(ctx.db, ctx.domain, { era, depth, epoch, bucket });
  const { index, leafData, beside } = found;
  // Read after the sweep came by: what is left may be of several epochs.
  if (epoch < found.published - KEPT_EPOCHS) return undefined;
  // All that a path reads are the nodes beside it, one a level.
  const path = mapPath(depth, bucket, { get: (level) => beside.get(level) });
  const hashes = [...unpack(proof, 32)];
  const bundle = formatBundle({ depth, logLeaf: leaf, leafData, path, epoch, hashes, checkpoint: note });
  return { epoch, index, bundle, text: JSON.stringify({ epoch, index: formatB64u(index), bundle }) };
}

/** The bucket of `name` in the newest epoch; in `least` or a later one, where that is known to be published. */
export async function proveName(ctx: DirectoryContext, name: Uint8Array, least?: number): Promise<ProvenBucket> {
  for (;;) {
    const published = await readFrom(ctx, least);
    const proven = await proveBucket(ctx, published, bucketNumber(name, published.said.depth));
    if (proven !== undefined) return proven;
  }
}

/** The same in an earlier epoch, while it is kept. */
export async function proveNameAt(
  ctx: DirectoryContext,
  name: Uint8Array,
  epoch: number,
): Promise<ProvenBucket | undefined> {
  const found = await findPublishedAt(ctx.db, epoch);
  if (found === undefined) return undefined;
  const published = { ...found, said: parseEpochLeaf(found.leaf) };
  return proveBucket(ctx, published, bucketNumber(name, published.said.depth));
}
