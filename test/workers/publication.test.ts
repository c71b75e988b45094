// Files from a Worker into R2, in workerd with its own simulation of R2: what cron writes, read back without the Worker.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { utf8 } from '../../src/protocol/wire.ts';
import { r2Store, type R2Bucket } from '../../src/platform/workers/r2-store.ts';
import type { Transport } from '../../src/evidence/safe-fetch.ts';
import { createDepositor, createParty, makeDeposit } from '../support/directory.ts';
import { openReader, readAll } from '../support/publication.ts';
import { seconds } from '../support/served-directory.ts';
import { FILES } from '../support/static-files.ts';
import { serveWorker } from './served.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const random = (octets: number): Uint8Array => new Uint8Array(randomBytes(octets));
const party = await createParty('bob.example');

let url: URL;
let bucket: R2Bucket;
let schedule: (cron: string) => Promise<unknown>;
let close: () => Promise<unknown>;
let folder: string;

beforeAll(async () => {
  // The configuration as it is shipped, the binding's lines uncommented as it says.
  const shipped = await readFile(path.join(ROOT, 'wrangler.toml'), 'utf8');
  const config = shipped
    .replace(/^# (?=\[\[r2_buckets\]\]|binding = "PUBLICATION"|bucket_name = )/gm, '')
    .replaceAll(/\b(?:src|web|dist-web)\//g, `${ROOT}/$&`);
  folder = await mkdtemp(path.join(tmpdir(), 'whereabouts-worker-'));
  await writeFile(path.join(folder, 'wrangler.toml'), config);
  const configPath = path.join(folder, 'wrangler.toml');
  const vars = { WHEREABOUTS_PUBLICATION_URL: `https://${FILES}` };
  const served = await serveWorker(party, { configPath, vars });
  ({ url, close } = served);
  const worker = served.harness.getWorker<{ PUBLICATION: R2Bucket }>();
  bucket = (await worker.getEnv()).PUBLICATION;
  schedule = (cron) => worker.scheduled({ cron });
}, 90_000);
afterAll(async () => {
  await close();
  await rm(folder, { recursive: true, force: true });
});

const deposit = async (): Promise<void> => {
  const now = seconds();
  const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
  const { path: place, body } = await makeDeposit(await createDepositor(random(32)), [party], times);
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(new URL(place, url), { method: 'PUT', headers, body: JSON.stringify(body) });
  expect(reply.status).toBe(201);
};

/** Files straight from R2, and nobody else. */
const fromBucket: Transport = async (request) => {
  if (request.url.hostname !== FILES) throw new Error('no such host');
  const found = await bucket.get(request.url.pathname.slice(1));
  if (found === null) return new Response(null, { status: 404 });
  return new Response(await found.arrayBuffer(), { headers: { 'content-type': 'application/octet-stream' } });
};

test('cron publishes each epoch, and what it wrote is read without the Worker', async () => {
  const description = await (await fetch(new URL('/.well-known/whereabouts', url))).json();
  const { directory } = description as { directory: { log: string; publication: string } };
  expect(directory.publication).toBe(`https://${FILES}`);
  const read = () => readAll(openReader({ transport: fromBucket, clock: Date.now, log: directory.log }), Date.now);
  for (let i = 0; i < 3; i++) {
    await deposit();
    await schedule('* * * * *');
    expect(await read()).toBe(i);
  }
  const epoch = await (await fetch(new URL('/v1/epoch', url))).text();
  expect(new TextDecoder().decode((await r2Store(bucket).find('epoch', 10_000))?.octets)).toBe(epoch);
  await schedule('17 * * * *');
  const unused = new TextDecoder().decode((await r2Store(bucket).find('unused', 10_000))?.octets).split('\n');
  expect(unused.filter((line) => line.startsWith('tile/'))).toHaveLength(4);
  expect(await read()).toBe(2);
}, 60_000);

test('R2 compares and swaps, lists and removes as a publication needs it', async () => {
  const store = r2Store(bucket);
  const firsts = await Promise.all(['a', 'b', 'c'].map((text) => store.replace('try', text, undefined)));
  expect(firsts.filter(Boolean)).toHaveLength(1);
  const version = (await store.find('try', 10))?.version;
  const seconds = await Promise.all(['d', 'e', 'f'].map((text) => store.replace('try', text, version)));
  expect(seconds.filter(Boolean)).toHaveLength(1);
  expect(await store.replace('try', 'x', version)).toBe(false);
  expect(await store.replace('never', 'x', version)).toBe(false);
  await expect(store.find('try', 0)).rejects.toThrow(RangeError);
  const paths = Array.from({ length: 20 }, (_, i) => `many/${i}`);
  await Promise.all(paths.map((name) => store.put(name, utf8(name))));
  const listed: string[] = [];
  for await (const part of store.list('many/')) listed.push(...part);
  expect(listed.toSorted()).toEqual(paths.toSorted());
  await store.remove([...paths, 'many/never']);
  for await (const part of store.list('many/')) expect(part).toEqual([]);
  expect(await store.find('many/3', 10)).toBeUndefined();
}, 60_000);
