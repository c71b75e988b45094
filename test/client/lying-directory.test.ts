// A directory, or somebody between, that spoils one reply at a time: at worst the answer is unknown, never another route.
// What a directory does to its log itself is lying-log.test.ts's.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import { formatIndex, padLength, parseIndex, type Entry } from '../../src/protocol/bucket.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { concat, formatB64u, parseB64u, utf8 } from '../../src/protocol/wire.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { BOBCHAT, DIRECTORY, EVECHAT, openWorld, POLICY, type Spoil, type World } from './world.ts';

const BOB = '+44 20 7946 0123';
const NOBODY = '+44 20 7946 0999';

let database: TestDatabase;
let world: World;
let alice: Client;

beforeAll(async () => {
  database = await openTestDatabase('pglite');
  world = await openWorld(database);
  alice = world.gatekeeper();
  await alice.start();
  for (const [domain, account] of [
    [BOBCHAT, 'bob'],
    [EVECHAT, 'eve'],
  ] as const) {
    const provider = { domain, address: `@${account}:${domain}`, authorization: `Bearer ${account}` };
    await world.person().register({ identifier: BOB, providers: [provider] });
  }
});
afterAll(async () => database.close());

async function ask(spoil: Spoil | undefined, options: { identifier?: string; deadlineMilliseconds?: number } = {}) {
  world.spoil = spoil;
  const { identifier = BOB, ...where } = options;
  const { outcome, routes, directories } = await alice.where(identifier, where);
  world.spoil = undefined;
  return {
    outcome,
    routes: routes.map(({ provider }) => provider.domain),
    codes: directories.map(({ code }) => code),
  };
}

const FOUND = { outcome: 'found', routes: [BOBCHAT], codes: [undefined] };
const unknown = (code: string) => ({ outcome: 'unknown', routes: [], codes: [code] });

/** Spoils replies to one kind of path. */
const on =
  (path: RegExp, spoil: (reply: Response) => Promise<Response> | Response): Spoil =>
  ({ url }, reply) =>
    url.hostname === DIRECTORY && path.test(url.pathname) ? spoil(reply) : reply;

const EVALUATE = /\/evaluate$/;
const BUCKET = /\/buckets\/\d+\/\d+$/;
const SEALED = /\/sealed$/;

const index = (change: (entries: Entry[]) => Entry[]) =>
  on(BUCKET, async (reply) => {
    const { index: text, bundle } = (await reply.json()) as { index: string; bundle: string };
    const changed = formatB64u(formatIndex(change(parseIndex(parseB64u(text)))));
    const bare = JSON.stringify({ index: changed, bundle, pad: '' });
    const pad = '0'.repeat(padLength(utf8(bare).length, LIMITS.bucketPadOctets));
    return Response.json({ index: changed, bundle, pad });
  });

const sealed = (change: (octets: Uint8Array) => Uint8Array) =>
  on(SEALED, async (reply) => {
    const octets = change(new Uint8Array(await reply.arrayBuffer()));
    return new Response(Uint8Array.from(octets), { headers: { 'content-type': 'application/octet-stream' } });
  });

const flip = (octets: Uint8Array, at: number): Uint8Array =>
  octets.map((octet, place) => (place === at ? octet ^ 1 : octet));

const json = (body: object) => Response.json(body);

describe('a directory whose replies are spoiled', () => {
  test('answers as it should when they are not', async () => {
    expect(await ask(undefined)).toEqual(FOUND);
    expect(await ask(undefined, { identifier: NOBODY })).toEqual({
      outcome: 'absent',
      routes: [],
      codes: [undefined],
    });
  });

  test.each<[string, Spoil, string]>([
    [
      'the proof of the evaluation',
      on(EVALUATE, async (reply) => {
        const body = (await reply.json()) as { proof: string };
        return json({ ...body, proof: formatB64u(flip(parseB64u(body.proof, 64), 5)) });
      }),
      'evaluation-invalid',
    ],
    [
      'the evaluated element',
      on(EVALUATE, async (reply) => {
        const body = (await reply.json()) as { evaluated: string[] };
        return json({ ...body, evaluated: [...body.evaluated, ...body.evaluated] });
      }),
      'evaluation-invalid',
    ],
    [
      'a digest in the index',
      index((all) => all.map((one) => ({ ...one, digest: flip(one.digest, 0) }))),
      'bucket-invalid',
    ],
    ['a length in the index', index((all) => all.map((one) => ({ ...one, length: one.length + 1 }))), 'bucket-invalid'],
    ['the order of the index', index((all) => all.toReversed()), 'bucket-invalid'],
    ['a record twice', index((all) => all.flatMap((one) => [one, one])), 'bucket-invalid'],
    [
      'the bucket of a record',
      index((all) => all.map((one) => ({ ...one, name: flip(one.name, 0).map((o, i) => (i === 0 ? o ^ 0x80 : o)) }))),
      'bucket-invalid',
    ],
    ['an octet of a sealed record', sealed((octets) => flip(octets, 100)), 'record-invalid'],
    ['the padding of sealed records', sealed((octets) => flip(octets, octets.length - 1)), 'record-invalid'],
    ['the end of sealed records', sealed((octets) => octets.subarray(0, -LIMITS.sealedPadOctets)), 'record-invalid'],
    ['the JSON of a bucket', on(BUCKET, () => json({ index: 7 })), 'bundle-invalid'],
    [
      'a member too many',
      on(BUCKET, async (reply) => json({ ...((await reply.json()) as object), more: 1 })),
      'bundle-invalid',
    ],
    [
      'the type of a reply',
      on(BUCKET, () => new Response('<html>', { headers: { 'content-type': 'text/html' } })),
      'url-refused',
    ],
    ['all replies', on(/^/, () => new Response('', { status: 503 })), 'peer-unreachable'],
    ['a redirect to elsewhere', on(BUCKET, () => Response.redirect('https://evil.test/', 302)), 'url-refused'],
    [
      'the depth, for ever',
      on(BUCKET, () =>
        Response.json(
          { code: 'depth-changed', depth: 5 },
          { status: 409, headers: { 'content-type': 'application/problem+json' } },
        ),
      ),
      'depth-changed',
    ],
  ])('%s: unknown', async (_, spoil, code) => {
    expect(await ask(spoil)).toEqual(unknown(code));
    expect(await ask(undefined)).toEqual(FOUND);
  });

  test('the holder of a record', async () => {
    const renamed = index((all) => all.map((one) => ({ ...one, holder: flip(one.holder, 31) })));
    expect(await ask(renamed)).toEqual(unknown('bucket-invalid'));
  });

  test('a deposit between index and sealed records: read again', async () => {
    let reads = 0;
    const racing: Spoil = async (sent, reply) => {
      if (SEALED.test(sent.url.pathname) && reads++ === 0)
        return sealed((octets) => concat(octets, octets))(sent, reply);
      return reply;
    };
    expect(await ask(racing)).toEqual(FOUND);
    expect(reads).toBe(2);
  });

  test('one that never answers costs the deadline', async () => {
    const hanging = on(BUCKET, () => new Promise<Response>(() => undefined));
    const before = performance.now();
    expect(await ask(hanging, { deadlineMilliseconds: 300 })).toEqual(unknown('peer-unreachable'));
    expect(performance.now() - before).toBeLessThan(2_500);
  });
});

describe('several directories', () => {
  const policy = { ...POLICY, directories: [DIRECTORY, 'down.example'] };

  test('one that cannot be asked makes a miss unknown, and does not hide what another found', async () => {
    alice = world.gatekeeper({ policy });
    expect(await alice.start()).toEqual([{ domain: 'down.example', code: 'peer-unreachable' }]);
    expect(await ask(undefined)).toEqual({
      outcome: 'found',
      routes: [BOBCHAT],
      codes: [undefined, 'provider-unknown'],
    });
    expect(await ask(undefined, { identifier: NOBODY })).toEqual({
      outcome: 'unknown',
      routes: [],
      codes: [undefined, 'provider-unknown'],
    });
  });

  test('none at hand: not ready, and everything is unknown', async () => {
    alice = world.gatekeeper({ policy: { ...POLICY, directories: ['down.example'] } });
    await expect(alice.ready()).rejects.toMatchObject({ code: 'peer-unreachable' });
    expect(await ask(undefined)).toEqual(unknown('provider-unknown'));
  });
});
