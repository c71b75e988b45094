// Buckets as they are read (§6.1, §6.5): everybody gets the whole of one, padded, so that nobody sees which record was wanted.
import { padLength } from '../../protocol/bucket.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { concat, formatB64u, utf8 } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { findSealed, readHistory, readSealed } from '../store/buckets.ts';
import { findEra, hasEra } from '../store/log.ts';
import { tagged, type Reply } from '../cache.ts';
import { proveBucket, readRecent, type Published } from './published.ts';

/** A bucket's place as a path names it. */
export interface Place {
  readonly depth: number;
  readonly bucket: number;
}

/** A bucket's JSON, a multiple of 4,096 octets. */
export const readBucket = (ctx: DirectoryContext, place: Place): Promise<Reply> =>
  readReply(ctx, place, { name: `bucket/${place.bucket}`, make: makeBucket });

/** All sealed records of a bucket in index order, padded with zeros to a multiple of 16 KiB. */
export const readSealedBucket = (ctx: DirectoryContext, place: Place): Promise<Reply> =>
  readReply(ctx, place, { name: `sealed/${place.bucket}`, make: makeSealedBucket });

async function readReply(
  ctx: DirectoryContext,
  place: Place,
  kind: {
    readonly name: string;
    readonly make: (ctx: DirectoryContext, place: Place, published: Published) => Promise<Uint8Array>;
  },
): Promise<Reply> {
  const published = await readAt(ctx, place);
  let from: 'memory' | 'database' = 'memory';
  const make = async () => {
    from = 'database';
    return tagged(await kind.make(ctx, place, published));
  };
  const { reading } = ctx;
  const reply = await (reading === undefined ? make() : reading.replies.take(published.note, kind.name, make));
  ctx.metrics.count('bucket_replies_total', { from });
  return reply;
}

async function makeBucket(ctx: DirectoryContext, place: Place, first: Published): Promise<Uint8Array> {
  for (let published = first; ; published = await readAt(ctx, place)) {
    const proven = await proveBucket(ctx, published, place.bucket);
    if (proven === undefined) continue;
    const { index, bundle } = proven;
    const bare = JSON.stringify({ index: formatB64u(index), bundle, pad: '' });
    // Of ASCII alone, but for the dash of a signature line, which has three octets.
    const pad = '0'.repeat(padLength(utf8(bare).length, LIMITS.bucketPadOctets));
    return utf8(`${bare.slice(0, -2)}${pad}"}`);
  }
}

async function makeSealedBucket(ctx: DirectoryContext, place: Place, { epoch, era }: Published): Promise<Uint8Array> {
  const octets = concat(...(await readSealed(ctx.db, { ...place, era, epoch })));
  return concat(octets, new Uint8Array(padLength(octets.length, LIMITS.sealedPadOctets)));
}

/** One sealed record; `record-unknown` where no published record has this digest. */
export async function readSealedRecord(ctx: DirectoryContext, digest: Uint8Array): Promise<Uint8Array> {
  const octets = await findSealed(ctx.db, ctx.domain, digest);
  if (octets === undefined) throw new WhereaboutsError('record-unknown');
  return octets;
}

/** History entries in one reply: a megabyte. Who wants more asks on from where this ends. */
const HISTORY_ENTRIES = 10_000;

/**
 * A bucket's history from its `from`-th change on (§6.5), counted from 0, up to the published epoch. A depth that came back
 * began its histories anew: `era`, the epoch that began it, names an earlier time. `path-unknown` for a depth never used.
 */
export async function readBucketHistory(
  ctx: DirectoryContext,
  { depth, bucket }: Place,
  { from, era }: { readonly from: number; readonly era: number | undefined },
): Promise<Uint8Array> {
  checkExists({ depth, bucket });
  const { epoch } = await readRecent(ctx);
  const named = era === undefined || (era <= epoch && (await hasEra(ctx.db, era, depth))) ? era : null;
  const found = named === null ? undefined : (named ?? (await findEra(ctx.db, depth, epoch)));
  if (found === undefined) throw new WhereaboutsError('path-unknown', 'no bucket ever had this depth');
  return readHistory(ctx.db, { era: found, bucket }, { from, until: epoch, limit: HISTORY_ENTRIES });
}

/** The published epoch, if it has the depth that is asked for. */
async function readAt(ctx: DirectoryContext, place: Place): Promise<Published> {
  const published = await readRecent(ctx);
  const { depth } = published.said;
  if (place.depth !== depth) throw new WhereaboutsError('depth-changed', undefined, { extensions: { depth } });
  checkExists(place);
  return published;
}

function checkExists({ depth, bucket }: Place): void {
  if (bucket >= 2 ** depth) throw new WhereaboutsError('request-invalid', 'there is no such bucket');
}
