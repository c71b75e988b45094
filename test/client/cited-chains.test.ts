// Identity chains that a registration cites: shown to who asks for them, once each names the other, and to nobody else; the directory
// is told of them only then.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RegisterOptions } from '../../src/client/register.ts';
import type { Registration } from '../../src/client/registration.ts';
import { nameProof, proofMarker } from '../../src/protocol/chain/names.ts';
import { generateTemporaryKey, type TemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { parseB64u } from '../../src/protocol/wire.ts';
import { checkAccounts, followChains } from '../../src/server/directory/account-checks.ts';
import { answer as answerShape } from '../../src/server/reference/answer-shape.ts';
import { claim } from '../support/chains.ts';
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { BOBCHAT, CHARLIECHAT, DIRECTORY, EVECHAT, openWorld, type World } from './world.ts';

const BOB = '+44 20 7946 0123';

let database: TestDatabase;
let world: World;

beforeAll(async () => {
  database = await openTestDatabase('pglite');
});
afterAll(async () => database.close());
beforeEach(async () => {
  await emptyTables(database);
  world = await openWorld(database);
});

const register = (options: Partial<RegisterOptions>, provider = BOBCHAT) =>
  world.person().register({
    identifier: BOB,
    providers: [{ domain: provider, address: `@bob:${provider}`, authorization: 'Bearer bob' }],
    keep: true,
    ...options,
  });

/** A chain that claims a domain and, where they are given, names these registrations. */
async function openChain(account = 'bob.example') {
  const owner = world.person();
  const key = await generateTemporaryKey();
  const { state } = await owner.startChain(DIRECTORY, key);
  const made = await owner.appendLink(DIRECTORY, state.id, claim('dns', account), key);
  const marker = proofMarker(made.state.tip);
  return { id: state.id, key, marker };
}

const tie = (chain: { id: string; key: TemporaryKey }, registration: Registration, directory = DIRECTORY) => {
  const { kept, holder } = registration;
  if (kept === undefined) throw new Error('nothing was kept');
  const proof = nameProof(parseB64u(kept.seal, 32), holder);
  return world.person().appendLink(DIRECTORY, chain.id, { type: 'add-name', directory, proof }, chain.key);
};

const look = async (texts: readonly string[]) => {
  const ctx = { ...world.directory, resolveTxt: () => Promise.resolve(texts) };
  await followChains(ctx);
  await checkAccounts(ctx);
};

/** Chains of each route, where there are any. */
async function shown(options = { chains: true }, client = world.gatekeeper()) {
  const answer = await client.where(BOB, options);
  expect(answerShape.parse(answer)).toEqual(answer);
  return answer.routes.map(({ chains }) => chains);
}

const chainReads = () => world.sent.filter(({ url }) => url.pathname.includes('/chains')).length;

describe('a chain that is cited', () => {
  test('shows with its accounts and what the directory saw of them, to who asks for it', async () => {
    const chain = await openChain();
    await tie(chain, await register({ claims: [chain.id] }));
    const account = { service: 'dns', account: 'bob.example', checker: DIRECTORY };
    const unchecked = { ...account, state: 'unreachable', reason: 'unchecked' };
    expect(await shown()).toEqual([[{ id: chain.id, directory: DIRECTORY, accounts: [unchecked] }]]);
    await look([chain.marker]);
    const at = new Date(world.now() * 1000).toISOString().replace('.000Z', 'Z');
    const [chains] = await shown();
    expect(chains).toMatchObject([{ id: chain.id, accounts: [{ ...account, state: 'ok', checkedAt: at }] }]);
  });

  test('is not even fetched unless it is asked for', async () => {
    const chain = await openChain();
    await tie(chain, await register({ claims: [chain.id] }));
    const gatekeeper = world.gatekeeper();
    world.sent.length = 0;
    expect(await shown({ chains: false }, gatekeeper)).toEqual([undefined]);
    expect((await gatekeeper.where(BOB)).routes).toHaveLength(1);
    expect(chainReads()).toBe(0);
    await shown({ chains: true }, gatekeeper);
    expect(chainReads()).toBe(2);
  });

  test('does not show where it does not name this registration back', async () => {
    const chain = await openChain();
    const first = await register({ claims: [chain.id] });
    expect(await shown()).toEqual([undefined]);
    // For another directory, and for a registration that is no more.
    await tie(chain, first, 'another.example');
    expect(await shown()).toEqual([undefined]);
    await tie(chain, first);
    expect(await shown()).toMatchObject([[{ id: chain.id }]]);
    world.advance(10);
    const second = await register({ claims: [chain.id] });
    expect(await shown()).toEqual([undefined]);
    await tie(chain, second);
    expect(await shown()).toMatchObject([[{ id: chain.id }]]);
    const { proof } = { proof: nameProof(parseB64u(second.kept?.seal ?? '', 32), second.holder) };
    const gone = { type: 'remove-name', directory: DIRECTORY, proof } as const;
    await world.person().appendLink(DIRECTORY, chain.id, gone, chain.key);
    expect(await shown()).toEqual([undefined]);
  });

  test('does not show where the registration does not cite it', async () => {
    const chain = await openChain();
    await tie(chain, await register({}));
    world.sent.length = 0;
    expect(await shown()).toEqual([undefined]);
    expect(chainReads()).toBe(0);
  });

  test('is its owner’s: nobody else gets his accounts by citing it', async () => {
    const chain = await openChain();
    await tie(chain, await register({ claims: [chain.id] }));
    // Mallory has the number attested too, and cites what Bob cites.
    await register({ claims: [chain.id] }, CHARLIECHAT);
    const answer = await world.gatekeeper().where(BOB, { chains: true });
    expect(answer.contested).toBe(true);
    const byProvider = Object.fromEntries(
      answer.routes.map(({ provider, chains }) => [provider.domain, chains?.length]),
    );
    expect(byProvider).toEqual({ [BOBCHAT]: 1, [CHARLIECHAT]: undefined });
  });

  test('makes nobody fetch it whom nobody believed vouches for', async () => {
    const chain = await openChain();
    await tie(chain, await register({ claims: [chain.id] }, EVECHAT));
    world.sent.length = 0;
    const { routes } = await world.gatekeeper().where(BOB, { chains: true, unverified: true });
    expect(routes).toMatchObject([{ assurance: 'claimed' }]);
    expect(chainReads()).toBe(0);
  });

  test('does not show once it has ended, or where what is shown of it does not hold', async () => {
    const [chain, other] = [await openChain(), await openChain('other.example')];
    await tie(chain, await register({ claims: [chain.id, other.id] }));
    const isChain = (path: string) => path === `/v1/chains/${chain.id}`;
    world.spoil = async ({ url }, reply) =>
      isChain(url.pathname) ? new Response((await reply.text()).split('\n').slice(0, -2).join('\n') + '\n') : reply;
    expect(await shown()).toEqual([undefined]);
    world.spoil = ({ url }, reply) => {
      if (isChain(url.pathname)) throw new Error('no connection');
      return reply;
    };
    expect(await shown()).toEqual([undefined]);
    // What a directory says of accounts is its own word, but it says nothing that is not on the list.
    world.spoil = ({ url }, reply) =>
      url.pathname.endsWith('/accounts')
        ? new Response(JSON.stringify({ accounts: [{ link: chain.id, state: 'splendid' }] }))
        : reply;
    expect(await shown()).toEqual([undefined]);
    world.spoil = undefined;
    expect(await shown()).toMatchObject([[{ id: chain.id }]]);
    await world.person().appendLink(DIRECTORY, chain.id, { type: 'end' }, chain.key);
    expect(await shown()).toEqual([undefined]);
  });
});
