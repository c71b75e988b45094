// Reading from a directory's API (§6.5). Knows endpoints and sizes; verifies nothing.
import { z } from 'zod';
import { failAs, WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { CHANGE_OCTETS } from '../protocol/log/changes.ts';
import { parseUtf8 } from '../protocol/wire.ts';
import { call, parseReply, type Call, type CallParts } from './call.ts';
import { TILE_OCTETS, type Source } from './source.ts';

const bucketReply = z.strictObject({ index: z.string(), bundle: z.string(), pad: z.string() });

/** The largest reply: 256 entries in b64u, a bundle, padding. */
export const BUCKET_OCTETS = 131_072;
export const SEALED_OCTETS = LIMITS.bucketRecords * LIMITS.sealedOctets + LIMITS.sealedPadOctets;
export const CONFIG_OCTETS = 4_096;
/** A page of history may be as long as a server likes to make it. */
const HISTORY_OCTETS = 4_194_304;

/** The API at `base`, asked until a moment in milliseconds. */
export function apiSource(parts: CallParts, base: string, until: number): Source {
  const get = (path: string, request: Pick<Call, 'accept' | 'maxOctets'>): Promise<Uint8Array> =>
    call(parts, { ...request, url: `${base}${path}`, until });
  const getOctets = (path: string, maxOctets: number) => get(path, { accept: 'application/octet-stream', maxOctets });
  return {
    kind: 'api',
    readEpoch: async () => {
      const octets = await get('/v1/epoch', { accept: 'text/plain', maxOctets: LIMITS.bundleOctets });
      return failAs('bundle-invalid', 'the newest epoch is no text', () => parseUtf8(octets));
    },
    readBucket: async (depth, bucket) => {
      const octets = await get(`/v1/buckets/${depth}/${bucket}`, { maxOctets: BUCKET_OCTETS });
      if (octets.length % LIMITS.bucketPadOctets !== 0)
        throw new WhereaboutsError('bundle-invalid', 'a bucket without padding');
      const { index, bundle } = parseReply(bucketReply, octets);
      return { index, bundle };
    },
    readSealed: ({ depth, bucket }) => getOctets(`/v1/buckets/${depth}/${bucket}/sealed`, SEALED_OCTETS),
    readHistory: ({ depth, bucket, era }, from) => {
      const query = `from=${from}${era === undefined ? '' : `&era=${era}`}`;
      return getOctets(`/v1/buckets/${depth}/${bucket}/history?${query}`, HISTORY_OCTETS);
    },
    // One more than announced is enough to see that there are too many.
    readChanges: (epoch, count) => getOctets(`/v1/epochs/${epoch}/changes`, (count + 1) * CHANGE_OCTETS),
    readConfig: (hash) => get(`/v1/config/${hash}`, { accept: 'text/plain', maxOctets: CONFIG_OCTETS }),
    readTile: (path, maxOctets = TILE_OCTETS) => getOctets(`/log/${path}`, maxOctets),
  };
}
