// The SDK's conversations (§11.11) against a real directory: two networks meet at the one both would choose, and believe nothing.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createClient } from '../../src/index.ts';
import { signPlan, readPlan } from '../../src/protocol/token/plan.ts';
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  createParty,
  createTestDirectory,
  DOMAIN,
  HOST,
  SELF,
  type Party,
  type TestDirectory,
} from '../support/directory.ts';

const HUB = 'hub.example/all';
const NETWORKS = ['alice.example', 'bob.example', 'charlie.example'];
let database: TestDatabase;
let directory: TestDirectory;
let parties: Map<string, Party>;
/** What a lying directory makes of its reply. */
let spoil: ((reply: Reply) => unknown) | undefined;

interface Reply {
  plan: string;
  inputs: { networks: object[]; bridges: { id: string; openness: number; attachments: string[] }[]; deny: string[] };
}

beforeAll(async () => {
  database = await openTestDatabase('pglite');
  const made = await Promise.all([...NETWORKS, 'hub.example'].map(createParty));
  parties = new Map(made.map((party) => [party.domain, party]));
});
beforeEach(async () => {
  await emptyTables(database);
  spoil = undefined;
  directory = createTestDirectory(database);
  directory.world.join(...parties.values());
  const bridge = {
    id: HUB,
    from: ['*'],
    protocol: 'any',
    placement: 'server',
    encryption: 're-encrypted',
    operator: 'hub.example',
  };
  for (const domain of NETWORKS)
    directory.world.descriptions.set(
      domain,
      JSON.stringify({
        version: 1,
        domain,
        name: domain,
        jwks: { keys: [parties.get(domain)?.jwk] },
        provider: { protocols: [`${domain.split('.')[0]}-talk`], encryption: 'end-to-end', bridges: [bridge] },
      }),
    );
});
afterAll(() => database.close());

const clientOf = (domain: string) => {
  const party = parties.get(domain);
  if (party === undefined) throw new Error('nobody of this name');
  return createClient({
    policy: { domain, directories: ['gone.example', DOMAIN] },
    credentials: { domain, key: party.key },
    clock: () => directory.time.now,
    transport: async ({ url, method, headers, body }) => {
      const { hostname, pathname } = new URL(url);
      if (pathname === '/.well-known/whereabouts' && hostname !== DOMAIN) {
        const text = directory.world.descriptions.get(hostname);
        if (typeof text !== 'string') throw new Error('no such host');
        return Response.json(JSON.parse(text));
      }
      if (hostname !== DOMAIN && hostname !== HOST) throw new Error('no such host');
      const response = await directory.request(pathname, { method, headers: { ...headers }, ...(body && { body }) });
      if (spoil === undefined || response.status !== 200 || !pathname.startsWith('/v1/conv')) return response;
      return Response.json(await spoil((await response.json()) as Reply));
    },
  });
};

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing',
    (error: { code?: string }) => error.code,
  );

test('opened at the first directory that answers, joined, watched, left; a change waits its turn', async () => {
  const [alice, bob, charlie] = NETWORKS.map(clientOf);
  if (alice === undefined || bob === undefined || charlie === undefined) throw new Error('three');
  const opened = await alice.conversations.open({ networks: ['bob.example'], deny: ['eve.example'] });
  expect(opened).toMatchObject({ directory: DOMAIN, plan: { epoch: 1, terminals: NETWORKS.slice(0, 2) } });
  const place = { directory: opened.directory, id: opened.id };
  const stop = new AbortController();
  const plans = bob.conversations.watch(place, { signal: stop.signal });
  expect((await plans.next()).value).toMatchObject({ plan: { epoch: 1 } });
  // Knows only the place, and at the same time another changes something.
  const [joined] = await Promise.all([
    charlie.conversations.join(place),
    bob.conversations.join(place, { deny: ['mallory.example'] }),
  ]);
  expect(joined.plan.terminals).toEqual(NETWORKS);
  const now = await alice.conversations.read(place);
  expect([now.plan.epoch, now.inputs.deny]).toEqual([3, ['eve.example', 'mallory.example']]);
  await clientOf('hub.example')
    .conversations.heartbeat(place, [HUB])
    .then((epoch) => expect(epoch).toBe(3));
  await alice.conversations.leave(place);
  expect((await bob.conversations.read(place)).plan.terminals).toEqual(['bob.example', 'charlie.example']);
  stop.abort();
  expect((await plans.next()).done).toBe(true);
  expect(await failure(alice.conversations.read(place))).toBe('conversation-unknown');
  const nowhere = { directory: DOMAIN, id: 'A'.repeat(43) };
  expect(await failure(alice.conversations.join(nowhere))).toBe('conversation-unknown');
});

test('a directory that lies is not believed', async () => {
  const alice = clientOf('alice.example');
  await alice.start();
  const opened = await alice.conversations.open({ networks: NETWORKS, deny: ['eve.example'] });
  const place = { directory: opened.directory, id: opened.id };
  expect(opened.unchecked).toEqual(['bob.example', 'charlie.example']);
  const sign = async (reply: Reply, change: object) => {
    const signed = readPlan(reply.plan);
    return { ...reply, plan: await signPlan({ ...signed, plan: { ...signed.plan, ...change } }, SELF.key) };
  };
  const lies: [string, (reply: Reply) => unknown][] = [
    ['plan-invalid', (reply) => sign(reply, { edges: [] })],
    ['plan-invalid', (reply) => sign(reply, { id: 'A'.repeat(43) })],
    ['plan-invalid', (reply) => ({ ...reply, inputs: { ...reply.inputs, deny: [] } })],
    ['plan-invalid', (reply) => ({ ...reply, inputs: { ...reply.inputs, networks: [] } })],
    ['token-invalid', (reply) => ({ ...reply, plan: `${reply.plan.slice(0, -8)}AAAAAAAA` })],
    ['peer-unreachable', (reply) => ({ ...reply, more: 1 })],
  ];
  for (const [code, lie] of lies) {
    spoil = lie;
    expect([code, await failure(alice.conversations.read(place))]).toEqual([code, code]);
  }
});

test('inputs that say of a network what it does not say are refused', async () => {
  const { makePlan } = await import('../../src/protocol/conversation/plan.ts');
  const alice = clientOf('alice.example');
  await alice.start();
  const opened = await alice.conversations.open({ networks: NETWORKS });
  const place = { directory: opened.directory, id: opened.id };
  const [hub] = opened.inputs.bridges;
  if (hub === undefined) throw new Error('no bridge');
  const changes = [
    { ...hub, id: 'other.example/all' },
    { ...hub, openness: 0 as const },
    { ...hub, openness: 1 as const },
  ];
  for (const bridge of changes) {
    const inputs = { ...opened.inputs, bridges: [bridge] };
    spoil = async (reply) => {
      const signed = readPlan(reply.plan);
      return { ...reply, inputs, plan: await signPlan({ ...signed, plan: makePlan(inputs) }, SELF.key) };
    };
    expect(await failure(alice.conversations.read(place))).toBe('plan-invalid');
  }
});
