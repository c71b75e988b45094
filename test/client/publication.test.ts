// Alice looks up Bob where the directory does nothing but evaluate: everything else comes from files, in a store that anybody may
// read. Same answers, same proofs; and what the directory is still asked for.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import type { Policy } from '../../src/client/policy.ts';
import type { Transport } from '../../src/evidence/safe-fetch.ts';
import { advance } from '../../src/server/directory/sequencer/advance.ts';
import { Publication } from '../../src/server/publication/publish.ts';
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { openS3, type TestS3 } from '../support/s3.ts';
import { FILES } from '../support/static-files.ts';
import { BOBCHAT, DIRECTORY, openWorld, POLICY, type World } from './world.ts';

const BOB = '+44 20 7946 0123';
const OUT = '+44 20 7946 0456';
const NOBODY = '+44 20 7946 0999';

let database: TestDatabase;
let s3: TestS3;
let world: World;
let alice: Client;
/** What the directory itself was asked, but for its description. */
let asked: string[];

beforeAll(async () => {
  database = await openTestDatabase('postgres');
});
afterAll(() => database.close());
afterEach(() => s3.close());
beforeEach(async () => {
  await emptyTables(database);
  world = await openWorld(database);
  s3 = await openS3();
  alice = await open({ [DIRECTORY]: `https://${FILES}/public` });
});

/** A gatekeeper to whom the directory evaluates, and answers nothing else. */
async function open(publications: Policy['publications'], change: { refuses?: boolean } = {}): Promise<Client> {
  asked = [];
  const transport: Transport = async (request) => {
    const { url, method, signal } = request;
    if (url.hostname === FILES) return fetch(`http://127.0.0.1:${s3.port}/files${url.pathname}`, { signal });
    if (url.hostname === DIRECTORY && url.pathname !== '/.well-known/whereabouts') {
      asked.push(`${method} ${url.pathname}`);
      if (method === 'GET' && change.refuses !== false) throw new Error('no database');
    }
    return world.transport(request);
  };
  const policy: Policy = { ...POLICY, ...(publications === undefined ? {} : { publications }) };
  const client = world.gatekeeper({ transport, policy });
  await client.start();
  return client;
}

const register = (identifier: string, optOut = false) =>
  world.person().register({
    identifier,
    providers: [{ domain: BOBCHAT, address: `@bob:${BOBCHAT}`, authorization: 'Bearer bob' }],
    optOut,
  });
const publish = () => new Publication(s3.store()).publish(world.directory);

test('found, opted out, absent: as the API has it, and proven by the same epoch', async () => {
  await register(BOB);
  await register(OUT, true);
  await publish();
  const direct = await open(undefined, { refuses: false });
  const fromApi = await Promise.all([BOB, OUT, NOBODY].map((id) => direct.where(id)));
  alice = await open({ [DIRECTORY]: `https://${FILES}/public` });
  const fromFiles = await Promise.all([BOB, OUT, NOBODY].map((id) => alice.where(id)));
  expect(fromFiles.map(({ outcome }) => outcome)).toEqual(['found', 'opted-out', 'absent']);
  expect(fromFiles).toEqual(fromApi);
  expect(new Set(asked)).toEqual(new Set(['POST /v1/evaluate']));
});

test('a change shows with the next publication; stale files leave the question open, and an API answers it', async () => {
  await advance(world.directory, { patient: false });
  await publish();
  expect((await alice.where(BOB)).outcome).toBe('absent');
  const registration = await register(BOB);
  expect((await alice.where(BOB)).outcome).toBe('absent');
  await publish();
  world.advance(301);
  expect((await alice.where(BOB)).outcome).toBe('found');
  world.advance(901);
  await advance(world.directory, { patient: false });
  expect(await alice.where(BOB)).toMatchObject({ outcome: 'unknown', directories: [{ code: 'epoch-stale' }] });
  const both = await open({ [DIRECTORY]: `https://${FILES}/public` }, { refuses: false });
  expect((await both.where(BOB)).outcome).toBe('found');
  expect(asked.some((call) => call.startsWith('GET /v1/buckets/'))).toBe(true);
  await world.person().withdraw(registration, { authorization: { [BOBCHAT]: 'Bearer bob' } });
  expect((await both.where(BOB)).outcome).toBe('absent');
  await publish();
  world.advance(301);
  expect((await alice.where(BOB)).outcome).toBe('absent');
});

test('who watches for changes sees them in the files', async () => {
  await advance(world.directory, { patient: false });
  await publish();
  const events = alice.watch(BOB)[Symbol.asyncIterator]();
  expect(await events.next()).toMatchObject({ value: { answer: { outcome: 'absent' } } });
  await register(BOB);
  await publish();
  world.advance(2);
  expect(await events.next()).toMatchObject({ value: { answer: { outcome: 'found' } } });
  await events.return?.();
  expect(asked.filter((call) => call !== 'POST /v1/evaluate')).toEqual([]);
});
