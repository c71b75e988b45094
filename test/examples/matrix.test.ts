// examples/bridge/matrix.ts between three homeservers over real HTTP: three bridges in a ring, each with its own process state. What is
// written on one network is read on the two others, once, and nothing comes back; also after a bridge of the tree is killed.
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMatrixBridge, type Message } from '../../examples/bridge/matrix.ts';
import {
  createConversation,
  makePlan,
  nextPlan,
  type ConversationMemory,
  type Inputs,
  type Plan,
} from '../../src/index.ts';
import { startHomeserver, type Homeserver } from './homeserver.ts';

const NETWORKS = ['alice.example', 'bob.example', 'charlie.example'];
/** A ring: without a plan a message would go round it for ever. */
const RING: Record<string, readonly string[]> = {
  'ab.example/1': ['alice.example', 'bob.example'],
  'bc.example/1': ['bob.example', 'charlie.example'],
  'ca.example/1': ['alice.example', 'charlie.example'],
};

const inputsOf = (down: readonly string[]): Inputs => ({
  id: 'ring',
  terminals: NETWORKS,
  deny: [],
  down,
  networks: NETWORKS.map((id) => ({ id, encryption: 'end-to-end' })),
  bridges: Object.entries(RING)
    .filter(([id]) => !down.includes(id))
    .map(([id, attachments]) => ({ id, attachments, openness: 10, lacks: 0, priority: 0, readers: [] })),
});

interface Running {
  readonly bridge: ReturnType<typeof createMatrixBridge>;
  readonly url: string;
  memory: ConversationMemory | 'none';
}
let homeservers: Homeserver[];
let running: Map<string, Running>;
let plan: Plan;

const tokens = (id: string, network: string) => ({ asToken: `as ${id} ${network}`, hsToken: `hs ${id} ${network}` });

async function start(id: string, memory: ConversationMemory | 'none' = 'none'): Promise<void> {
  const conversation = createConversation<Message>({ bridge: id, plan, inputs: inputsOf([]), memory });
  const attachments = homeservers
    .filter(({ network }) => RING[id]?.includes(network))
    .map(({ network, url: homeserver, room }) => ({ network, homeserver, room, ...tokens(id, network) }));
  const keep = (saved: ConversationMemory) => {
    const one = running.get(id);
    if (one !== undefined) one.memory = saved;
  };
  const bridge = createMatrixBridge({ conversation, attachments, keep });
  await new Promise<void>((done) => bridge.server.listen(0, '127.0.0.1', done));
  running.set(id, { bridge, url: `http://127.0.0.1:${(bridge.server.address() as AddressInfo).port}`, memory });
}

function kill(id: string): Running {
  const killed = running.get(id);
  if (killed === undefined) throw new Error('not running');
  running.delete(id);
  killed.bridge.server.closeAllConnections();
  killed.bridge.server.close();
  return killed;
}

beforeEach(async () => {
  homeservers = await Promise.all(NETWORKS.map(startHomeserver));
  running = new Map();
  plan = makePlan(inputsOf([]));
  for (const id of Object.keys(RING)) {
    await start(id);
    for (const { network, services } of homeservers)
      if (RING[id]?.includes(network)) services.push({ url: () => running.get(id)?.url, ...tokens(id, network) });
  }
});
afterEach(() => {
  for (const id of running.keys()) kill(id);
  for (const homeserver of homeservers) homeserver.close();
});

const at = (network: string): Homeserver => {
  const found = homeservers.find((one) => one.network === network);
  if (found === undefined) throw new Error('no such network');
  return found;
};
/** Everything in the room of each network, as its people read it. */
const read = () => homeservers.map(({ seen }) => seen.map(({ body }) => body).toSorted());
/** Until nothing moves any more: each network three times around, since what arrives may go on. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) await Promise.all(homeservers.map(({ settled }) => settled()));
}
const sayAll = (text: string) => {
  for (const { network, say } of homeservers) say('someone', `${text} from ${network}`);
};
const all = (...texts: string[]) =>
  texts.flatMap((text) => NETWORKS.map((network) => `${text} from ${network}`)).toSorted();
/** The bridges of a tree. */
const inTree = ({ edges }: Plan): string[] => [...new Set(edges.map(([bridge]) => bridge))];

test('what is written on one network is read on the two others, once', async () => {
  sayAll('hello');
  sayAll('again');
  await vi.waitFor(() => expect(read()).toEqual(NETWORKS.map(() => all('hello', 'again'))), 30_000);
  await settle();
  expect(read()).toEqual(NETWORKS.map(() => all('hello', 'again')));
  // As ghosts of the one who wrote it, whatever network it came over; nobody stands for his own network's people at home.
  const ghosts = at('alice.example').seen.map(({ sender }) => sender);
  expect([...new Set(ghosts)].toSorted()).toEqual([
    '@_whereabouts_=40someone=3abob.example:alice.example',
    '@_whereabouts_=40someone=3acharlie.example:alice.example',
    '@someone:alice.example',
  ]);
});

test('a bridge of the tree is killed: the next plan goes the other way round', async () => {
  sayAll('before');
  await vi.waitFor(() => expect(read()).toEqual(NETWORKS.map(() => all('before'))), 30_000);
  await settle();
  const [dead = ''] = inTree(plan);
  kill(dead);
  const inputs = inputsOf([dead]);
  const next = nextPlan(inputs, plan);
  expect(inTree(next).toSorted()).toEqual(Object.keys(RING).filter((id) => id !== dead));
  // A message of the new plan is there before some bridges have it: it waits.
  for (const { learn } of homeservers) learn(next.epoch);
  sayAll('after');
  await settle();
  for (const { bridge } of running.values()) expect(await bridge.adopt({ plan: next, inputs })).toBeUndefined();
  await vi.waitFor(() => expect(read()).toEqual(NETWORKS.map(() => all('before', 'after'))), 30_000);
  await settle();
  expect(read()).toEqual(NETWORKS.map(() => all('before', 'after')));
});

test('one that comes back with its memory takes up what waited for it, and nothing twice', async () => {
  const [id = ''] = inTree(plan);
  sayAll('before');
  await vi.waitFor(() => expect(read()).toEqual(NETWORKS.map(() => all('before'))), 30_000);
  await settle();
  const { memory } = kill(id);
  sayAll('meanwhile');
  await start(id, memory);
  await vi.waitFor(() => expect(read()).toEqual(NETWORKS.map(() => all('before', 'meanwhile'))), 30_000);
  await settle();
  expect(read()).toEqual(NETWORKS.map(() => all('before', 'meanwhile')));
});

test('only its homeservers are heard; who writes like a ghost and is none has written himself; who it stands for is there', async () => {
  const [id = ''] = inTree(plan);
  const [near = '', far = ''] = RING[id] ?? [];
  const url = running.get(id)?.url ?? '';
  const { hsToken, asToken } = tokens(id, near);
  const ask = async (method: string, path: string, token: string, body?: string) => {
    const init = { method, headers: { authorization: `Bearer ${token}` }, ...(body === undefined ? {} : { body }) };
    return (await fetch(`${url}/_matrix/app/v1/${path}`, init)).status;
  };
  const person = (network: string) => `users/${encodeURIComponent(`@_whereabouts_=40someone=3a${network}:${near}`)}`;
  expect({
    stranger: await ask('PUT', 'transactions/1', asToken, '{"events":[]}'),
    broken: await ask('PUT', 'transactions/2', hsToken, '{'),
    elsewhere: await ask('GET', 'rooms/1', hsToken),
    far: await ask('GET', person(far), hsToken),
    near: await ask('GET', person(near), hsToken),
  }).toEqual({ stranger: 403, broken: 400, elsewhere: 404, far: 200, near: 404 });
  expect([...at(near).members]).toEqual([`@_whereabouts_=40someone=3a${far}:${near}`]);
  const whereabouts = { id: 'x', origin: far, epoch: 1, sender: `@victim:${far}` };
  at(near).say('mallory', 'in another name', { whereabouts });
  await vi.waitFor(() => expect(at(far).seen).toHaveLength(1), 30_000);
  expect(at(far).seen[0]?.sender).toBe(`@_whereabouts_=40mallory=3a${near}:${far}`);
});
