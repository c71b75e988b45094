// Public reads (§6.5): buckets, their sealed records, single sealed records.
import type { Context, Hono } from 'hono';
import { parseHex } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { readBucket, readBucketHistory, readSealedBucket, readSealedRecord, type Place } from '../directory/bucket.ts';
import { endpoint, parameter, type Env } from '../http.ts';
import { sendOctets, sendReply } from './octets.ts';
import { parsePlain } from './plain.ts';

const FOR_A_SECOND = 'public, max-age=1';
const FOR_EVER = 'public, max-age=31536000, immutable';
const OCTETS = 'application/octet-stream';

export function bucketRoutes(app: Hono<Env>, ctx: DirectoryContext): void {
  endpoint(app, '/v1/buckets/:depth/:bucket', {
    GET: async (c) =>
      sendReply(c, await readBucket(ctx, placeOf(c)), { type: 'application/json', cache: FOR_A_SECOND }),
  });
  endpoint(app, '/v1/buckets/:depth/:bucket/sealed', {
    GET: async (c) => sendReply(c, await readSealedBucket(ctx, placeOf(c)), { type: OCTETS, cache: FOR_A_SECOND }),
  });
  endpoint(app, '/v1/buckets/:depth/:bucket/history', {
    GET: async (c) => {
      const [from, era] = [queryNumber(c, 'from'), queryNumber(c, 'era')];
      return sendOctets(c, await readBucketHistory(ctx, placeOf(c), { from: from ?? 0, era }), {
        type: OCTETS,
        cache: FOR_A_SECOND,
      });
    },
  });
  endpoint(app, '/v1/sealed/:digest', {
    GET: async (c) => {
      const digest = parseHex(parameter(c, 'digest'), 32);
      return sendOctets(c, await readSealedRecord(ctx, digest), { type: OCTETS, cache: FOR_EVER });
    },
  });
}

function placeOf(c: Context<Env>): Place {
  const place = 'a bucket is named by two plain numbers';
  return {
    depth: parsePlain(parameter(c, 'depth'), 32, place),
    bucket: parsePlain(parameter(c, 'bucket'), 0xffff_ffff, place),
  };
}

function queryNumber(c: Context<Env>, name: string): number | undefined {
  const text = c.req.query(name);
  return text === undefined ? undefined : parsePlain(text, Number.MAX_SAFE_INTEGER, `"${name}" is a plain number`);
}
