// An existing log tool on our log: a follower written from the C2SP texts follows /log/ of a real directory over HTTP through a
// thousand epochs, most of them heartbeats, some with changes. What follows imports nothing of ours; see log-follower.ts.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen, type Listening } from '../../src/platform/node/serve.ts';
import { sha256 } from '../../src/protocol/log/hash.ts';
import { formatNote, parseNote, signNote, type NoteSigner } from '../../src/protocol/log/note.ts';
import { formatVkey, KEY_TYPES } from '../../src/protocol/log/vkey.ts';
import { parseAddCheckpoint } from '../../src/protocol/log/witness.ts';
import { utf8 } from '../../src/protocol/wire.ts';
import { createWitnesses } from '../../src/server/directory/sequencer/witnesses.ts';
import { importSigner } from '../protocol/log/signers.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  createDepositor,
  createParty,
  createTestDirectory,
  DOMAIN,
  LOG_SIGNER,
  makeDeposit,
  put,
  START,
  type TestDirectory,
} from '../support/directory.ts';
import { formatIndex, LogFollower } from './log-follower.ts';

const EPOCHS = 1_000;
/** Every checkpoint at first and where tiles fill up, every eighth otherwise; all of them with WHEREABOUTS_LONG. */
const isFollowed = (size: number): boolean =>
  process.env['WHEREABOUTS_LONG'] !== undefined ||
  size <= 32 ||
  size % 8 === 0 ||
  size === EPOCHS ||
  (size + 3) % 256 < 6;
const ORIGIN = `${DOMAIN}/whereabouts`;
const HEARTBEAT = 600_000;

let database: TestDatabase;
let directory: TestDirectory;
let witness: NoteSigner;
let server: Listening;
let prefix: string;
/** A reply of the log to be given otherwise. */
let spoil: { readonly path: string; readonly change: (octets: Uint8Array) => Uint8Array } | undefined;

beforeAll(async () => {
  database = await openTestDatabase('postgres');
  witness = await importSigner('witness.example/w1', sha256(utf8('witness')), KEY_TYPES.cosignature);
  const time = { now: START * 1000 };
  const send = async (body: string) => {
    const { note } = parseAddCheckpoint(utf8(body));
    const line = await signNote(parseNote(note).text, witness, Math.floor(time.now / 1000));
    return { status: 200, body: line };
  };
  const witnesses = createWitnesses([{ key: witness.key, send }], () => time.now);
  directory = createTestDirectory(database, { time, witnesses });
  server = await listen({
    host: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const reply = await directory.request(pathname);
      if (spoil?.path !== pathname) return reply;
      const octets = spoil.change(new Uint8Array(await reply.arrayBuffer()));
      return new Response(Uint8Array.from(octets), {
        headers: { 'content-type': reply.headers.get('content-type') ?? '' },
      });
    },
    onFault: (error) => {
      throw error;
    },
  });
  prefix = `http://127.0.0.1:${server.port}/log`;
});
afterAll(async () => {
  await server.close();
  await database.close();
});

const openFollower = (key = formatVkey(LOG_SIGNER.key)): LogFollower =>
  new LogFollower({ prefix, origin: ORIGIN, key, cosigners: [formatVkey(witness.key)] });

test(`through ${EPOCHS} epochs, checkpoint by checkpoint`, async () => {
  const bob = await createParty('bob.example');
  directory.world.join(bob);
  const follower = openFollower();
  let followed = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    directory.time.now += HEARTBEAT;
    const now = Math.floor(directory.time.now / 1000);
    if (epoch % 50 === 7) {
      const changes = { iat: now, exp: now + 3 * 600, issuedAt: now };
      expect((await put(directory, await makeDeposit(await createDepositor(), [bob], changes))).status).toBe(201);
    } else await directory.step();
    if (epoch % 16 === 0) await directory.settle();
    if (!isFollowed(epoch + 1)) continue;
    followed++;
    const { size, cosigners } = await follower.follow();
    expect(size).toBe(epoch + 1);
    expect(cosigners).toEqual(new Map([['witness.example/w1', now]]));
  }
  const { asked, entries } = follower;
  process.stdout.write(`log follower: ${JSON.stringify({ ...asked, levels: [...asked.levels] })}\n`);
  expect(asked).toMatchObject({ checkpoints: followed, entries: EPOCHS, proofs: followed - 1, full: 3 });
  expect(asked.partial).toBeGreaterThan(asked.checkpoints);
  expect(asked.levels).toEqual(new Set([0, 1]));
  for (const [epoch, leaf] of entries.entries()) expect(leaf.toString()).toContain(`\nepoch ${epoch}\n`);
  expect(new Set(entries.map(String)).size).toBe(EPOCHS);

  // Whoever comes late reads full tiles first.
  const late = openFollower();
  const { size, root } = await late.follow();
  expect([size, root]).toEqual([EPOCHS, (await follower.follow()).root]);
  expect(late.asked).toMatchObject({ full: 3, bundles: 4, entries: EPOCHS });
  expect(late.entries).toEqual(entries);
}, 600_000);

test('the follower is none that believes everything', async () => {
  const stranger = await importSigner(ORIGIN, sha256(utf8('stranger')));
  await expect(openFollower(formatVkey(stranger.key)).follow()).rejects.toThrow('the log did not sign');
  const flip = (octets: Uint8Array): Uint8Array => octets.map((octet, at) => (at === 40 ? octet ^ 1 : octet));
  const text = (octets: Uint8Array): string => Buffer.from(octets).toString();
  const note = await (await fetch(`${prefix}/checkpoint`)).text();
  // The log's own key, and another tree.
  const [, , root = ''] = note.split('\n');
  const fork = parseNote(note).text.replace(root, Buffer.alloc(32).toString('base64'));
  const forked = formatNote(fork, [await signNote(fork, LOG_SIGNER)]);
  const spoils: readonly (readonly [path: string, spoil: (octets: Uint8Array) => Uint8Array, refusal: string])[] = [
    ['checkpoint', (octets) => utf8(text(octets).replace(/\n(\d)/, '\n9$1')), 'a signature does not verify'],
    ['checkpoint', (octets) => utf8(`${text(octets)}x`), 'not a note'],
    ['checkpoint', () => utf8(forked), 'the tiles have another root'],
    ['tile/entries/000', flip, 'tile 0 of level 0 is not of the level below'],
    ['tile/entries/003.p/232', (octets) => octets.subarray(0, -9), 'a bundle is cut off'],
    ['tile/0/002', flip, 'tile 2 of level 0 is not of the level below'],
    ['tile/0/003.p/232', flip, 'tile 3 of level 0 is not of the level below'],
    ['tile/1/000.p/3', flip, 'tile 0 of level 1 is not of the level below'],
  ];
  for (const [path, change, refusal] of spoils) {
    spoil = { path: `/log/${path}`, change };
    await expect(openFollower().follow(), path).rejects.toThrow(refusal);
  }
  spoil = undefined;
  const follower = openFollower();
  await follower.follow();
  const before = note;
  directory.time.now += HEARTBEAT;
  await directory.step();
  await follower.follow();
  spoil = { path: '/log/checkpoint', change: () => utf8(before) };
  await expect(follower.follow()).rejects.toThrow('the log has become smaller');
  spoil = undefined;
  expect([0, 999, 1000, 1_234_067].map(formatIndex)).toEqual(['000', '999', 'x001/000', 'x001/x234/067']);
});

test('it shares nothing with what it follows', () => {
  const source = readFileSync(path.join(import.meta.dirname, 'log-follower.ts'), 'utf8');
  const imported = [...source.matchAll(/from\s+'([^']+)'|import\(\s*'([^']+)'/g)].map(([, a, b]) => a ?? b);
  expect(imported).toEqual(['node:crypto']);
});
