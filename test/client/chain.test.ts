// Identity chains with the SDK (§9.6): what a directory does not prove, nobody is told.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Auditor } from '../../src/client/auditor.ts';
import { watchedChain } from '../../src/client/chain.ts';
import { createDescriptions } from '../../src/client/descriptions.ts';
import { Directory } from '../../src/client/directory.ts';
import { createLogReader } from '../../src/client/log-reader.ts';
import { monitor } from '../../src/client/monitor.ts';
import { createMemoryMonitorStore } from '../../src/client/monitor-state.ts';
import { createSafeFetch } from '../../src/evidence/safe-fetch.ts';
import { linkHash } from '../../src/protocol/chain/names.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { generateTemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { claim } from '../support/chains.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { DIRECTORY, openWorld, type World } from './world.ts';

let database: TestDatabase;
let world: World;
beforeAll(async () => {
  database = await openTestDatabase('pglite');
  world = await openWorld(database);
});
afterAll(() => database.close());

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof WhereaboutsError ? error.code : String(error);
  }
};

describe('chains', () => {
  test('begun, continued, found; every lie about one is noticed', async () => {
    const [key, second] = [await generateTemporaryKey(), await generateTemporaryKey()];
    const owner = world.person();
    const { state } = await owner.startChain(DIRECTORY, key);
    const { id } = state;
    await owner.appendLink(DIRECTORY, id, { type: 'add-key', key: second }, key);
    const made = await owner.appendLink(DIRECTORY, id, claim('hackernews', 'bob'), second);
    expect(made.state.accounts).toMatchObject([{ service: 'hackernews', account: 'bob', link: made.state.tip }]);
    const reader = world.person();
    expect(await reader.findChain(DIRECTORY, id)).toMatchObject({ links: made.links, state: made.state });
    expect(await codeOf(owner.appendLink(DIRECTORY, id, claim('hackernews', 'bob'), key))).toBe('chain-invalid');
    const nobody = linkHash('nobody');
    expect(await reader.findChain(DIRECTORY, nobody)).toBeUndefined();
    expect(await codeOf(owner.appendLink(DIRECTORY, nobody, { type: 'end' }, key))).toBe('chain-unknown');

    const other = await owner.startChain(DIRECTORY, second);
    const spoilBy = async (change: (lines: string[]) => string[] | undefined): Promise<string> => {
      world.spoil = async ({ url }, reply) => {
        if (!url.pathname.startsWith('/v1/chains/')) return reply;
        const lines = change((await reply.text()).split('\n'));
        return lines === undefined
          ? new Response(JSON.stringify({ code: 'chain-unknown' }), {
              status: 404,
              headers: { 'content-type': 'application/problem+json' },
            })
          : new Response(lines.join('\n'), { headers: { 'content-type': 'application/x-ndjson' } });
      };
      const code = await codeOf(world.person().findChain(DIRECTORY, id));
      world.spoil = undefined;
      return code;
    };
    expect(await spoilBy((lines) => lines)).toBe('none');
    // A shorter chain: its tail, its last two links, everything behind the proof.
    for (const dropped of [1, 2, 3])
      expect(await spoilBy((lines) => lines.toSpliced(-1 - dropped, dropped))).toBe('bucket-invalid');
    expect(await spoilBy((lines) => lines.toSpliced(-1, 0, lines.at(-2) ?? ''))).toBe('bucket-invalid');
    expect(await spoilBy(([proof = '', , ...rest]) => [proof, JSON.stringify(other.links[0]), ...rest])).toBe(
      'bucket-invalid',
    );
    expect(await spoilBy((lines) => lines.toSpliced(-1, 1))).toBe('peer-unreachable');
    expect(await spoilBy(([, ...links]) => ['{}', ...links])).toBe('peer-unreachable');
    // "There is none", of one that there is.
    expect(await spoilBy(() => undefined)).toBe('bucket-invalid');
  });
});

test('found by an account: each proven, whatever the directory lists', async () => {
  const owner = world.person();
  const made = async (account: string) => {
    const key = await generateTemporaryKey();
    const { state } = await owner.startChain(DIRECTORY, key);
    await owner.appendLink(DIRECTORY, state.id, claim('hackernews', account), key);
    return { id: state.id, key };
  };
  const [first, second, other] = [await made('carol'), await made('carol'), await made('dave')];
  const ids = [first.id, second.id].toSorted((a, b) =>
    Buffer.compare(Buffer.from(a, 'base64url'), Buffer.from(b, 'base64url')),
  );
  const find = async (after?: string) =>
    world.person().findChains(DIRECTORY, 'hackernews:carol', after === undefined ? {} : { after });
  const [low = '', high = ''] = ids;
  const found = await find();
  expect(found).toMatchObject({ service: 'hackernews', account: 'carol' });
  expect(found.next).toBeUndefined();
  expect(found.chains.map(({ id }) => id)).toEqual(ids);
  expect(found.chains).toMatchObject(ids.map((id) => ({ found: { state: { id, accounts: [{ account: 'carol' }] } } })));
  expect((await find(low)).chains.map(({ id }) => id)).toEqual([high]);
  expect((await world.person().findChains(DIRECTORY, 'hackernews:nobody')).chains).toEqual([]);
  world.sent.length = 0;
  expect(await codeOf(world.person().findChains(DIRECTORY, 'hackernews:+4420'))).toBe('account-invalid');
  expect(world.sent.filter((request) => JSON.stringify(request).includes('chains'))).toEqual([]);

  // A list that names another's chain, one that there is not, one twice; a chain whose tail is kept back.
  world.spoil = async ({ url }, reply) => {
    if (url.pathname === '/v1/chains')
      return Response.json({
        chains: [other.id, linkHash('nobody'), low, low, high].map((id) => ({ id })),
        next: high,
      });
    if (url.pathname !== `/v1/chains/${high}`) return reply;
    const lines = (await reply.text()).split('\n').toSpliced(-2, 1);
    return new Response(lines.join('\n'), { headers: { 'content-type': 'application/x-ndjson' } });
  };
  const told = await find();
  expect(told.chains).toMatchObject([
    { id: low, found: {} },
    { id: high, failure: { code: 'bucket-invalid' } },
  ]);
  expect(told.next).toBe(high);
  // More than a page, and what is no list.
  const page = Array.from({ length: 65 }, () => ({ id: low }));
  for (const body of [{ chains: page }, { chains: [{ id: 'x' }] }, {}]) {
    world.spoil = async ({ url }, reply) => (url.pathname === '/v1/chains' ? Response.json(body) : reply);
    expect(await codeOf(find())).toBe('peer-unreachable');
  }
  world.spoil = undefined;
  await owner.appendLink(DIRECTORY, low, { type: 'end' }, low === first.id ? first.key : second.key);
  expect((await find()).chains.map(({ id }) => id)).toEqual([high]);
});

test('an auditor and a monitor beside a directory that takes links: everything holds, epoch by epoch', async () => {
  const fetch = createSafeFetch(world.transport, { sandbox: false });
  const clock = () => world.now() * 1_000;
  const descriptions = createDescriptions({ fetch, clock, sandbox: false });
  await descriptions.fetch(DIRECTORY);
  const directory = new Directory({ fetch, clock, descriptions }, DIRECTORY);
  let vouched: string | undefined;
  const auditor = new Auditor({
    reader: createLogReader({ fetch, clock }, async () => `https://${DIRECTORY}`),
    policy: () => directory.policy(),
    clock,
    store: {
      findCheckpoint: async () => vouched,
      saveCheckpoint: async (note) => void (vouched = note),
      findSnapshot: async () => undefined,
      saveSnapshot: async () => undefined,
      accuse: async () => undefined,
    },
  });
  const store = createMemoryMonitorStore();
  const watch = async (watched: ReturnType<typeof watchedChain>) => {
    for await (const report of monitor({ directory, store, clock }, [watched])) return report;
    throw new Error('no report');
  };

  const owner = world.person();
  const [key, second] = [await generateTemporaryKey(), await generateTemporaryKey()];
  let found = await owner.startChain(DIRECTORY, key);
  const { id } = found.state;
  const sizes = [(await auditor.follow()).size];
  expect(await watch(watchedChain(found))).toMatchObject({
    outcome: 'clean',
    changes: [{ kind: 'written', holder: id }],
  });
  const actions = [{ type: 'add-key', key: second } as const, claim('hackernews', 'bob'), { type: 'end' } as const];
  for (const action of actions) {
    const before = found;
    found = await owner.appendLink(DIRECTORY, id, action, key);
    sizes.push((await auditor.follow()).size);
    // What it says of a link nobody told it about: the same as of one its owner did not sign.
    expect(await watch(watchedChain(before))).toMatchObject({
      outcome: 'alarm',
      sightings: [{ kind: 'altered', holder: id }],
    });
    expect(await watch(watchedChain(found))).toMatchObject({ outcome: 'clean' });
  }
  expect(sizes).toEqual([0, 1, 2, 3].map((more) => (sizes[0] ?? 0) + more));
});
