// A directory over the wire: what a client asks it, what it remembers, and every way its replies are refused. What a bundle
// has to prove is test/protocol/log's; what a lying directory tries is lying.test.ts's.
import { sha256 } from '@noble/hashes/sha2.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { Directory, type Bucket } from '../../src/client/directory.ts';
import { readEpochLeaf } from '../../src/client/epoch-leaf.ts';
import { readHashes } from '../../src/client/source.ts';
import type { SafeFetch } from '../../src/evidence/safe-fetch.ts';
import type { Entry } from '../../src/protocol/bucket.ts';
import { formatConfigText } from '../../src/protocol/config-text.ts';
import { parseDescription } from '../../src/protocol/description.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { formatCheckpoint } from '../../src/protocol/log/checkpoint.ts';
import { leafHash } from '../../src/protocol/log/hash.ts';
import { formatEpochLeaf, parseEpochLeaf } from '../../src/protocol/log/leaf-text.ts';
import { memoryTree, treeRoot } from '../../src/protocol/log/merkle.ts';
import { formatNote, signNote } from '../../src/protocol/log/note.ts';
import { formatEntries } from '../../src/protocol/log/tile.ts';
import { formatTlogProof } from '../../src/protocol/log/tlog-proof.ts';
import { formatVkey } from '../../src/protocol/log/vkey.ts';
import { generateKeyPair, keyId } from '../../src/protocol/oprf.ts';
import { concat, formatB64u, formatHex, utf8 } from '../../src/protocol/wire.ts';
import { importSigner } from '../protocol/log/signers.ts';
import { problem } from '../support/memory-directory.ts';
import { makeHistory, ORIGIN, serveLog } from './fake-log.ts';
import { BOBCHAT, DIRECTORY, codeOf, openLogWorld, random, type Asker, type LogWorld } from './log-world.ts';

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
    const own = keyOf(generateKeyPair(nobleGroup, random));
    asker.spoil = (url, reply) =>
      url.pathname.startsWith('/v1/config/')
        ? new Response(formatConfigText({ origin: world.honest.origin, keys: [own] }), {
            headers: { 'content-type': 'text/plain' },
          })
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

  test('its configuration is remembered beside a few others, not beside any number', async () => {
    for (let n = 0; n < 9; n++) {
      await world.honest.publish({
        config: formatConfigText({ origin: world.honest.origin, keys: [keyOf(generateKeyPair(nobleGroup, random))] }),
      });
      for (let time = 0; time < 2; time++) await directory.head(until, { fresh: true });
      expect(asked('/v1/config/')).toBe(n + 1);
    }
    const [, first] = [...world.honest.configs.values()];
    await world.honest.publish({ config: first ?? '' });
    await directory.head(until, { fresh: true });
    expect(asked('/v1/config/')).toBe(10);
  });

  test('one deeper than a client looks is refused', async () => {
    const [honest = new Uint8Array()] = world.honest.logLeaves;
    for (const [depth, code] of [
      [24, 'no failure'],
      [25, 'depth-changed'],
    ] as const) {
      const extra = formatEpochLeaf({ ...parseEpochLeaf(honest), depth });
      const text = formatCheckpoint({ origin: world.honest.origin, size: 1, root: leafHash(extra) });
      const checkpoint = formatNote(text, [await signNote(text, world.signer)]);
      asker = await world.open();
      asker.spoil = (url, reply) =>
        url.pathname === '/v1/epoch'
          ? new Response(formatTlogProof({ extra, index: 0, hashes: [], checkpoint }), {
              headers: { 'content-type': 'text/plain' },
            })
          : reply;
      expect(await codeOf(asker.context.directory(DIRECTORY).head(until))).toBe(code);
    }
  });

  test('is signed by the key that the description names by now', async () => {
    let description = parseDescription(utf8(world.honest.description()), DIRECTORY);
    const { fetch, clock } = asker.context;
    const own = new Directory({ fetch, clock, descriptions: { find: async () => description } }, DIRECTORY);
    const before = await own.policy();
    expect(before.log.id).toBe(world.signer.key.id);
    expect(await own.policy()).toBe(before);
    const other = await importSigner(world.honest.origin, sha256(utf8('another log')));
    const text = world.honest.description().replace(/"log":"[^"]*"/, `"log":"${formatVkey(other.key)}"`);
    description = parseDescription(utf8(text), DIRECTORY);
    expect((await own.policy()).log.id).toBe(other.key.id);
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

describe('tiles', () => {
  const FULL = 'tile/0/000';
  const read = (path: string) => directory.read(until, (source) => readHashes(source, path));
  const octets = (length: number) =>
    new Response(new Uint8Array(length).fill(7), { headers: { 'content-type': 'application/octet-stream' } });

  test('a partial one that is gone begins the full one', async () => {
    asker.spoil = ({ pathname }) => (pathname.endsWith('.p/7') ? problem(404, 'path-unknown') : octets(256 * 32));
    expect(await read(`${FULL}.p/7`)).toEqual(new Uint8Array(7 * 32).fill(7));
    expect(asked('/log/')).toBe(2);
  });

  test('only where it is gone, and there is a fuller one', async () => {
    asker.spoil = () => problem(503, 'overloaded');
    expect(await codeOf(read(`${FULL}.p/7`))).toBe('overloaded');
    asker.spoil = () => problem(404, 'path-unknown');
    expect(await codeOf(read(FULL))).toBe('path-unknown');
    expect(asked('/log/')).toBe(2);
  });
});

describe('leaves of the log', () => {
  const history = makeHistory(5);
  const open = async (leaves: readonly Uint8Array[]) => {
    const log = await serveLog(
      ORIGIN,
      leaves.map((leaf) => ({ leaf, list: new Uint8Array() })),
    );
    const { clock, descriptions } = asker.context;
    const own = new Directory({ fetch: log.fetch, clock, descriptions }, DIRECTORY);
    const checkpoint = { size: leaves.length, root: treeRoot(leaves.length, memoryTree(leaves.map(leafHash))) };
    return { log, leaf: (epoch: number) => own.read(until, (source) => readEpochLeaf(source, checkpoint, epoch)) };
  };

  test('are those of the checkpoint, by their number', async () => {
    const leaves = history.map(({ leaf }) => leaf);
    const { log, leaf } = await open(leaves);
    for (let epoch = 0; epoch < 5; epoch++) expect(await leaf(epoch)).toMatchObject({ epoch });
    log.asked.length = 0;
    for (const none of [-1, 5]) expect(await codeOf(leaf(none))).toBe('epoch-invalid');
    expect(log.asked).toEqual([]);
    log.instead.set('/log/tile/entries/000.p/5', formatEntries(leaves.toReversed()));
    expect(await codeOf(leaf(1))).toBe('inclusion-invalid');
    log.instead.set('/log/tile/entries/000.p/5', formatEntries(leaves.slice(1)));
    expect(await codeOf(leaf(1))).toBe('inclusion-invalid');
    const swapped = await open([0, 2, 1, 3, 4].flatMap((epoch) => leaves[epoch] ?? []));
    expect(await codeOf(swapped.leaf(1))).toBe('epoch-invalid');
    expect(await codeOf(swapped.leaf(3))).toBe('no failure');
  });
});

describe('receipts', () => {
  const entry: Entry = { name: random(32), holder: random(32), digest: random(32), length: 1_084 };
  const name = formatB64u(entry.name);
  const holder = formatB64u(entry.holder);
  const digest = formatHex(entry.digest);
  /** A directory that answers a deposit or withdrawal with this. */
  const answering = (reply: object): Directory => {
    const { fetch: honest, clock, descriptions } = asker.context;
    const fetch: SafeFetch = async (address, options) =>
      address.includes('/v1/records/')
        ? { status: 200, headers: new Headers(), body: utf8(JSON.stringify(reply)), url: new URL(address) }
        : honest(address, options);
    return new Directory({ fetch, clock, descriptions }, DIRECTORY);
  };
  const receipt = () => ({
    digest,
    epoch: world.honest.logLeaves.length - 1,
    ...world.honest.bucketReply(world.honest.bucketOf(entry.name)),
  });

  test('for a deposit hold under a key that is in use, for a registration under the one that stays', async () => {
    const [old] = world.honest.oprf;
    if (old === undefined) throw new Error('no key');
    const current = generateKeyPair(nobleGroup, random);
    world.honest.oprf.push(current);
    const config = world.honest.configText({ key: old, until: world.clock() / 1000 + 1_000 });
    await world.honest.publish({ config, set: [{ entry, sealed: new Uint8Array(1_084) }] });
    const put = (keyId?: string, registering?: boolean) => {
      const expected = { holder, digest, keyId, registering };
      const body = { sealed: '', deposit: '', attestations: [] };
      return codeOf(answering(receipt()).deposit(name, body, expected, until));
    };
    for (const registering of [undefined, false, true]) {
      expect(await put(undefined, registering)).toBe('no failure');
      expect(await put(keyId(current.publicKey), registering)).toBe('no failure');
      expect(await put(keyId(old.publicKey), registering)).toBe(registering === true ? 'config-changed' : 'no failure');
      expect(await put('0011223344556677', registering)).toBe('config-changed');
    }
  });

  test('for a withdrawal are of the epoch they name', async () => {
    await world.honest.publish();
    const withdraw = (reply: object) => codeOf(answering(reply).withdraw(name, '', holder, until));
    expect(await withdraw(receipt())).toBe('no failure');
    expect(await withdraw({ ...receipt(), epoch: 0 })).toBe('epoch-invalid');
    expect(await withdraw({ ...receipt(), epoch: 2 })).toBe('epoch-invalid');
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
