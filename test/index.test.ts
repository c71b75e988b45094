// The SDK as people import it: what it exports, and that a platform's fetch is all it needs.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as sdk from '../src/index.ts';
import { ALICECHAT, BOBCHAT, openWorld, POLICY, type World } from './client/world.ts';
import { openTestDatabase, type TestDatabase } from './support/database.ts';

let database: TestDatabase;
let world: World;

beforeAll(async () => {
  database = await openTestDatabase('pglite');
  world = await openWorld(database);
});
afterAll(async () => database.close());

test('exports exactly this', () => {
  expect(Object.keys(sdk).toSorted()).toEqual([
    'CHAIN_REASONS',
    'CHANGES',
    'CODES',
    'LANGUAGES',
    'WhereaboutsError',
    'chainReason',
    'createClient',
    'createConversation',
    'formatRegistration',
    'gatherInputs',
    'generateTemporaryKey',
    'hashInputs',
    'hashPlan',
    'isCode',
    'isNameProof',
    'isService',
    'levelOf',
    'linkHash',
    'lookAtAccount',
    'makePlan',
    'messagesIn',
    'nameProof',
    'nextPlan',
    'nobleGroup',
    'openEntry',
    'parseAccount',
    'parseAccountName',
    'parseAccountNames',
    'parseClaim',
    'parseIdentifier',
    'parsePolicy',
    'parseRegistration',
    'proofMarker',
    'readPaths',
    'readPlan',
    'sealEntry',
    'signLink',
    'signStart',
    'verifyChain',
    'verifyPlan',
    'verifyPlanToken',
    'watchedChain',
  ]);
});

/** A platform's fetch that reaches the little world, and keeps how it was called. */
function fakeFetch(calls: { url: URL; init: RequestInit }[] = []): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    calls.push({ url, init });
    const { method = 'GET', headers, body, signal } = init;
    return world.transport({
      url,
      method: method as 'GET',
      headers: Object.fromEntries(new Headers(headers)),
      signal: signal ?? new AbortController().signal,
      ...(typeof body === 'string' ? { body } : {}),
    });
  };
}

describe('createClient', () => {
  const clock = () => world.now() * 1000;

  test('registers, asks and withdraws over a fetch', async () => {
    const calls: { url: URL; init: RequestInit }[] = [];
    const fetch = fakeFetch(calls);
    const bob = sdk.createClient({ policy: JSON.stringify(POLICY), fetch, clock });
    const provider = { domain: BOBCHAT, address: '@bob:bob.example', authorization: 'Bearer bob' };
    const registration = await bob.register({ identifier: 'bob@bob.example', providers: [provider], keep: true });
    const key = world.keys.get(ALICECHAT)?.signing;
    if (key === undefined) throw new Error('no key');
    const alice = sdk.createClient({ policy: POLICY, fetch, clock, credentials: { domain: ALICECHAT, key } });
    expect(await alice.where('bob@bob.example')).toMatchObject({
      outcome: 'found',
      routes: [{ assurance: 'confirmed' }],
    });
    await bob.withdraw(registration);
    expect(await alice.where('bob@bob.example')).toMatchObject({ outcome: 'absent' });
    expect(calls.every(({ init }) => init.redirect === 'manual' && init.credentials === 'omit')).toBe(true);
  });

  test('goes to the sandbox’s port only in the sandbox, and only for localhost', async () => {
    const domain = 'alicechat.localhost';
    const policy = { domain, directories: ['directory.localhost'] };
    const reach = async (sandbox: boolean | { port: number }) => {
      const calls: { url: URL; init: RequestInit }[] = [];
      await sdk.createClient({ policy, fetch: fakeFetch(calls), clock, sandbox }).start();
      return calls.map(({ url }) => url.origin).toSorted();
    };
    expect(await reach(true)).toEqual(['http://alicechat.localhost:8080', 'http://directory.localhost:8080']);
    expect(await reach({ port: 9000 })).toEqual(['http://alicechat.localhost:9000', 'http://directory.localhost:9000']);
    expect(await reach(false)).toEqual([]);
  });

  test('refuses a policy that cannot be used at once', () => {
    expect(() => sdk.createClient({ policy: {} })).toThrow(sdk.WhereaboutsError);
  });
});
