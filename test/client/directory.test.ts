// A directory over the wire: what a client asks it, what it remembers, and every way its replies are refused. What a bundle
// has to prove is test/protocol/log's; what a lying directory tries is lying.test.ts's.
import { sha256 } from '@noble/hashes/sha2.js';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Bucket, Directory } from '../../src/client/directory.ts';
import { formatConfigText } from '../../src/protocol/config-text.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { concat, utf8 } from '../../src/protocol/wire.ts';
import { problem } from '../support/memory-directory.ts';
import { BOBCHAT, DIRECTORY, codeOf, openLogWorld, type Asker, type LogWorld } from './log-world.ts';

let world: LogWorld;
let asker: Asker;
let directory: Directory;
let until: number;

beforeEach(async () => {
  world = await openLogWorld();
  asker = await world.open();
  directory = asker.context.directory(DIRECTORY);
  until = world.clock() + 1e9;
});

const asked = (start: string): number => world.honest.asked.filter((path) => path.startsWith(`GET ${start}`)).length;
const json = (text: string) => new Response(text, { headers: { 'content-type': 'application/json' } });

describe('the newest epoch', () => {
  test('is read once and kept for five minutes, unless a fresh one is asked for; its configuration for ever', async () => {
    await directory.head(until);
    await directory.head(until);
    expect([asked('/v1/epoch'), asked('/v1/config/')]).toEqual([1, 1]);
    await Promise.all([directory.head(until, { fresh: true }), directory.head(until, { fresh: true })]);
    expect([asked('/v1/epoch'), asked('/v1/config/')]).toEqual([2, 1]);
    world.advance(300);
    await directory.head(until);
    expect(asked('/v1/epoch')).toBe(3);
  });

  test('its configuration is the one in the leaf, and of this directory', async () => {
    asker.spoil = (url, reply) =>
      url.pathname.startsWith('/v1/config/')
        ? new Response('hello', { headers: { 'content-type': 'text/plain' } })
        : reply;
    expect(await codeOf(directory.head(until))).toBe('config-invalid');
    asker.spoil = undefined;
    for (const config of [
      formatConfigText({ origin: 'other.example/whereabouts', keys: world.honest.oprf.map(keyOf) }),
      'hello',
    ]) {
      await world.honest.publish({ config });
      expect(world.honest.configs.size).toBeGreaterThan(1);
      expect(await codeOf(directory.head(until, { fresh: true }))).toBe('config-invalid');
    }
  });

  const keyOf = ({ publicKey }: { publicKey: Uint8Array }) => ({
    id: Buffer.from(sha256(publicKey).subarray(0, 8)).toString('hex'),
    publicKey,
  });

  test('one cut off is refused', async () => {
    const text = world.honest.epochText();
    asker.spoil = (url, reply) =>
      url.pathname === '/v1/epoch'
        ? new Response(text.slice(0, -2), { headers: { 'content-type': 'text/plain' } })
        : reply;
    expect(await codeOf(directory.head(until))).toBe('checkpoint-invalid');
  });
});

describe('buckets', () => {
  const NAME = concat(Uint8Array.of(0x10), new Uint8Array(31));
  const read = async (depth?: number): Promise<Bucket> => {
    const { leaf } = await directory.head(until);
    return directory.readBucket({ name: NAME, depth: depth ?? leaf.depth, config: leaf.config }, until);
  };

  test('one never used is proven to be so', async () => {
    expect(await read()).toMatchObject({ bucket: 1, index: [], entries: [], bucketLeaf: undefined, seen: 1 });
    expect(world.honest.asked.at(-1)).toBe('GET /v1/buckets/4/1');
  });

  const spoilt: readonly (readonly [string, (text: string) => Response, string])[] = [
    ['without padding', (text) => json(text.replace(/0+"}$/, '"}')), 'bundle-invalid'],
    ['without a bundle', (text) => json(pad(text.replace(/"bundle":"[^"]*",/, ''))), 'peer-unreachable'],
    ['whose index is not base64url', (text) => json(pad(text.replace('"index":""', '"index":"="'))), 'bucket-invalid'],
    ['that is no JSON', () => json(' '.repeat(4_096)), 'peer-unreachable'],
    ['of another type', (text) => new Response(text), 'url-refused'],
    ['of a broken server', () => problem(500, 'internal-error'), 'internal-error'],
    ['of a proxy in trouble', () => new Response('<html>', { status: 502 }), 'peer-unreachable'],
  ];
  test.each(spoilt)('a reply %s is refused', async (_, spoil, code) => {
    asker.spoil = async (url, reply) => (url.pathname.startsWith('/v1/buckets/') ? spoil(await reply.text()) : reply);
    expect(await codeOf(read())).toBe(code);
  });

  const pad = (text: string): string => {
    const bare = text.replace(/0*"}$/, '"}');
    const octets = utf8(bare).length;
    const missing = Math.ceil(octets / LIMITS.bucketPadOctets) * LIMITS.bucketPadOctets - octets;
    return bare.replace(/"}$/, `${'0'.repeat(missing)}"}`);
  };

  test('at another depth than the directory has there is none', async () => {
    expect(await codeOf(read(5))).toBe('depth-changed');
    // A directory that answers all the same is not believed either.
    asker.spoil = (url, reply) =>
      url.pathname === '/v1/buckets/5/2'
        ? json(pad(JSON.stringify({ ...world.honest.bucketReply(1), pad: '' })))
        : reply;
    expect(await codeOf(read(5))).toBe('depth-changed');
  });

  test('no time left: nothing is asked', async () => {
    const { leaf } = await directory.head(until);
    const before = world.honest.asked.length;
    const place = { name: NAME, depth: 4, config: leaf.config };
    expect(await codeOf(directory.readBucket(place, world.clock()))).toBe('peer-unreachable');
    expect(world.honest.asked.length).toBe(before);
  });
});

describe('sealed records', () => {
  const readBucketOf = async (): Promise<Bucket> => {
    const { name } = await world.register(await world.open(), BOBCHAT);
    const { leaf } = await directory.head(until);
    return directory.readBucket(
      { name: new Uint8Array(Buffer.from(name, 'base64url')), depth: 4, config: leaf.config },
      until,
    );
  };

  test('come apart in index order, from the whole bucket', async () => {
    const bucket = await readBucketOf();
    const [sealed] = await directory.readSealed(bucket, until);
    expect(sha256(sealed ?? new Uint8Array())).toEqual(bucket.index[0]?.digest);
    expect(world.honest.asked.at(-1)).toBe(`GET /v1/buckets/4/${bucket.bucket}/sealed`);
  });

  const spoilt: readonly (readonly [string, (whole: Uint8Array) => Uint8Array])[] = [
    ['cut short', (whole) => whole.subarray(0, 1_084)],
    ['longer', (whole) => concat(whole, new Uint8Array(LIMITS.sealedPadOctets))],
    ['padded with something', (whole) => concat(whole.subarray(0, -1), Uint8Array.of(1))],
  ];
  test.each(spoilt)('%s are refused', async (_, spoil) => {
    const bucket = await readBucketOf();
    asker.spoil = async (_url, reply) =>
      new Response(Uint8Array.from(spoil(new Uint8Array(await reply.arrayBuffer()))), {
        headers: { 'content-type': 'application/octet-stream' },
      });
    expect(await codeOf(directory.readSealed(bucket, until))).toBe('record-invalid');
  });
});

describe('deposits', () => {
  test('one confirmed as another record is none', async () => {
    asker.spoil = async (url, reply) =>
      url.pathname.startsWith('/v1/records/')
        ? Response.json({ ...((await reply.json()) as object), digest: '00'.repeat(32) })
        : reply;
    expect(await codeOf(world.register(asker, BOBCHAT))).toBe('record-invalid');
  });
});
