// Descriptions (§8): when a domain is asked, when a copy is used, and that a failure to reach is never a "no".
import { describe, expect, test } from 'vitest';
import type { DescriptionStore } from '../../src/client/description-store.ts';
import { createDescriptions } from '../../src/client/descriptions.ts';
import type { Fetched, SafeFetch } from '../../src/evidence/safe-fetch.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { signDescription } from '../../src/protocol/description-signature.ts';
import { signAsDomain } from '../../src/protocol/token/jws.ts';
import { utf8 } from '../../src/protocol/wire.ts';
import { createParty, type Party } from '../support/parties.ts';

type Reply = { status?: number; body?: unknown; etag?: string; headers?: Record<string, string> } | WhereaboutsError;

/** A world with a clock one advances and domains that answer what they are told to. */
function world(options: { sandbox?: boolean; store?: DescriptionStore } = {}) {
  const replies = new Map<string, Reply>();
  const asked: { url: string; etag: string | undefined }[] = [];
  let now = 1_800_000_000_000;
  const fetch: SafeFetch = async (url, { headers = {}, accept, maxOctets } = {}): Promise<Fetched> => {
    asked.push({ url, etag: headers['if-none-match'] });
    expect(accept).toEqual(['application/json']);
    expect(maxOctets).toBe(65_536);
    await Promise.resolve();
    const reply = replies.get(url) ?? new WhereaboutsError('peer-unreachable');
    if (reply instanceof Error) throw reply;
    const { status = 200, body, etag, headers: more = {} } = reply;
    const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
    const octets = body instanceof Uint8Array ? body : utf8(text);
    const given = new Headers({ ...more, ...(etag === undefined ? {} : { etag }) });
    return { status, headers: given, body: octets, url: new URL(url) };
  };
  const { sandbox = false, store } = options;
  const parts = { fetch, clock: () => now, sandbox, ...(store === undefined ? {} : { store }) };
  return {
    descriptions: createDescriptions(parts),
    another: () => createDescriptions(parts),
    asked,
    answer: (domain: string, reply: Reply) => {
      const scheme = domain.endsWith('.localhost') ? 'http' : 'https';
      replies.set(`${scheme}://${domain}/.well-known/whereabouts`, reply);
    },
    advance: (seconds: number) => {
      now += seconds * 1000;
    },
  };
}

const document = (domain: string, more: Record<string, unknown> = {}) => ({ version: 1, domain, name: 'Bob', ...more });

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof WhereaboutsError ? error.code : String(error)),
  );
}

describe('asking', () => {
  test('once while fresh, with the copy as a condition afterwards', async () => {
    const { descriptions, asked, answer, advance } = world();
    answer('bob.example', { body: document('bob.example'), etag: '"1"' });
    expect((await descriptions.fetch('bob.example')).domain).toBe('bob.example');
    advance(299);
    await descriptions.fetch('bob.example');
    expect(asked).toEqual([{ url: 'https://bob.example/.well-known/whereabouts', etag: undefined }]);
    advance(1);
    answer('bob.example', { status: 304 });
    expect((await descriptions.fetch('bob.example')).name).toBe('Bob');
    expect(asked).toHaveLength(2);
    expect(asked[1]?.etag).toBe('"1"');
    advance(299);
    await descriptions.fetch('bob.example');
    expect(asked).toHaveLength(2);
    advance(1);
    answer('bob.example', { body: document('bob.example', { name: 'Robert' }) });
    expect((await descriptions.fetch('bob.example')).name).toBe('Robert');
  });

  test('a hundred at once are one request', async () => {
    const { descriptions, asked, answer } = world();
    answer('bob.example', { body: document('bob.example') });
    await Promise.all(Array.from({ length: 100 }, () => descriptions.fetch('bob.example')));
    expect(asked).toHaveLength(1);
  });

  test('a failure is not tried again for five minutes', async () => {
    const { descriptions, asked, answer, advance } = world();
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe('peer-unreachable');
    answer('bob.example', { body: document('bob.example') });
    advance(299);
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe('peer-unreachable');
    expect(asked).toHaveLength(1);
    advance(1);
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe('no failure');
  });

  test('find never asks', async () => {
    const { descriptions, asked, answer, advance } = world();
    answer('bob.example', { body: document('bob.example') });
    expect(await descriptions.find('bob.example')).toBeUndefined();
    expect(asked).toHaveLength(0);
    await descriptions.fetch('bob.example');
    advance(86_400);
    expect((await descriptions.find('bob.example'))?.domain).toBe('bob.example');
    expect(asked).toHaveLength(1);
  });

  test('plain http goes to *.localhost in the sandbox only', async () => {
    const sandbox = world({ sandbox: true });
    sandbox.answer('bob.localhost', { body: document('bob.localhost') });
    await sandbox.descriptions.fetch('bob.localhost');
    expect(await codeOf(sandbox.descriptions.fetch('bob.example'))).toBe('peer-unreachable');
    const production = world();
    expect(await codeOf(production.descriptions.fetch('bob.localhost'))).toBe('peer-unreachable');
    expect([...sandbox.asked, ...production.asked].map(({ url }) => new URL(url).protocol)).toEqual([
      'http:',
      'https:',
      'https:',
    ]);
  });
});

describe('freshness', () => {
  test.each<[Record<string, string>, number]>([
    [{}, 300],
    [{ 'cache-control': 'max-age=60' }, 300],
    [{ 'cache-control': 'public, max-age=900' }, 900],
    [{ 'cache-control': 'Public, MAX-AGE="900"' }, 900],
    [{ 'cache-control': 'max-age=900', age: '200' }, 700],
    [{ 'cache-control': 'max-age=900', age: 'old' }, 900],
    [{ 'cache-control': 'max-age=900, max-age=600' }, 600],
    [{ 'cache-control': 'max-age=99999999' }, 3_600],
    [{ 'cache-control': 'max-age=9'.padEnd(40, '9') }, 300],
    [{ 'cache-control': 'max-age=-1' }, 300],
    [{ 'cache-control': 's-maxage=900' }, 300],
    [{ 'cache-control': 'max-age=900, no-cache' }, 300],
    [{ 'cache-control': 'no-store, max-age=900' }, 300],
    [{ expires: 'Thu, 01 Jan 2037 00:00:00 GMT' }, 300],
  ])('%j is fresh for %i s', async (headers, seconds) => {
    const { descriptions, asked, answer, advance } = world();
    answer('bob.example', { body: document('bob.example'), headers });
    await descriptions.fetch('bob.example');
    advance(seconds - 1);
    await descriptions.fetch('bob.example');
    expect(asked).toHaveLength(1);
    advance(1);
    await descriptions.fetch('bob.example');
    expect(asked).toHaveLength(2);
  });

  test('a reply "not modified" says anew for how long', async () => {
    const { descriptions, asked, answer, advance } = world();
    answer('bob.example', { body: document('bob.example'), etag: '"1"' });
    await descriptions.fetch('bob.example');
    advance(300);
    answer('bob.example', { status: 304, headers: { 'cache-control': 'max-age=1200' } });
    await descriptions.fetch('bob.example');
    advance(1_199);
    await descriptions.fetch('bob.example');
    expect(asked).toHaveLength(2);
  });

  test('a store that says "fresh for ever" is not believed', async () => {
    const store: DescriptionStore = {
      find: async () => ({
        body: JSON.stringify(document('bob.example')),
        fetchedAt: 1_800_000_000,
        freshUntil: 9_000_000_000,
      }),
      claim: async () => true,
      save: async () => undefined,
      history: async () => [],
    };
    const { descriptions, asked, answer, advance } = world({ store });
    answer('bob.example', { body: document('bob.example') });
    advance(3_599);
    await descriptions.fetch('bob.example');
    expect(asked).toHaveLength(0);
    advance(1);
    await descriptions.fetch('bob.example');
    expect(asked).toHaveLength(1);
  });

  test('a copy is told as stale once its domain should have been heard of again', async () => {
    const { descriptions, answer, advance } = world();
    const stale = async () => (await descriptions.findCopy('bob.example'))?.stale;
    answer('bob.example', { body: document('bob.example'), headers: { 'cache-control': 'max-age=900' } });
    await descriptions.fetch('bob.example');
    expect(await stale()).toBe(false);
    advance(1_499);
    expect(await stale()).toBe(false);
    answer('bob.example', { status: 503 });
    await descriptions.fetch('bob.example');
    advance(1);
    expect(await stale()).toBe(true);
    answer('bob.example', { body: document('bob.example') });
    advance(300);
    await descriptions.fetch('bob.example');
    expect(await stale()).toBe(false);
  });
});

describe('history', () => {
  const bridge = { from: ['alice.example'], protocol: 'alice', placement: 'client', encryption: 're-encrypted' };
  const provided = (bridges: object[]) => ({ body: document('bob.example', { provider: { bridges } }) });

  test('who lowers his encryption is seen to have done it; what stays the same is no change', async () => {
    const { descriptions, answer, advance } = world();
    answer('bob.example', provided([bridge]));
    await descriptions.fetch('bob.example');
    advance(300);
    answer('bob.example', { body: document('bob.example', { seq: 9, provider: { bridges: [bridge] } }) });
    await descriptions.fetch('bob.example');
    advance(300);
    answer('bob.example', provided([{ ...bridge, placement: 'server' }]));
    await descriptions.fetch('bob.example');
    advance(300);
    answer('bob.example', provided([]));
    await descriptions.fetch('bob.example');
    const history = await descriptions.history('bob.example');
    expect(history.map(({ at }) => at - 1_800_000_000)).toEqual([900, 600, 0]);
    const ofLevels = history.map(({ changes }) => changes.filter(({ member }) => member === 'encryption'));
    const subject = 'alice.example';
    const [client, server] = ['re-encrypted-on-recipients-device', 're-encrypted-by-bridge'];
    expect(ofLevels).toEqual([
      [{ member: 'encryption', subject, from: server, effect: 'worse' }],
      [{ member: 'encryption', subject, from: client, to: server, effect: 'worse' }],
      [],
    ]);
  });

  test('what cannot be used is no change, and never the end of one', async () => {
    const { descriptions, answer, advance } = world();
    answer('bob.example', provided([bridge]));
    await descriptions.fetch('bob.example');
    for (const reply of [{ status: 404 }, { body: document('eve.example') }, new WhereaboutsError('url-refused')]) {
      advance(300);
      answer('bob.example', reply);
      await descriptions.fetch('bob.example');
    }
    // Seven days later there is no copy any more; what it said is remembered all the same.
    advance(8 * 86_400);
    answer('bob.example', provided([]));
    await descriptions.fetch('bob.example');
    const [latest, first, ...more] = await descriptions.history('bob.example');
    expect([latest?.changes.map(({ effect }) => effect), first?.changes, more]).toEqual([['worse', 'none'], [], []]);
  });

  test('256 entries are kept, the newest', async () => {
    const { descriptions, answer, advance } = world();
    for (let i = 0; i < 300; i++) {
      answer('bob.example', { body: document('bob.example', { name: `Bob ${i}` }) });
      await descriptions.fetch('bob.example');
      advance(300);
    }
    const history = await descriptions.history('bob.example');
    expect([history.length, history[0]?.at]).toEqual([256, 1_800_000_000 + 299 * 300]);
  });
});

describe('signed', () => {
  const NOW = 1_800_000_000;
  const day = (n: number) => new Date((NOW + n * 86_400) * 1000).toISOString().replace('.000Z', 'Z');
  const signed = async (by: Party, seq: number, more: Record<string, unknown> = {}, listed: Party[] = [by]) => ({
    body: await signDescription(
      JSON.parse(
        JSON.stringify({
          ...document('bob.example'),
          seq,
          expires: day(30),
          jwks: { keys: listed.map(({ jwk }) => jwk) },
          ...more,
        }),
      ),
      by.key,
    ),
  });

  test('an older one than one already seen is refused, and the copy at hand stays', async () => {
    const bob = await createParty('bob.example');
    const { descriptions, answer, advance } = world();
    answer('bob.example', await signed(bob, 2, { name: 'Two' }));
    await descriptions.fetch('bob.example');
    answer('bob.example', await signed(bob, 1, { name: 'One' }));
    advance(300);
    expect((await descriptions.fetch('bob.example')).name).toBe('Two');
    // Long after: no copy counts any more, the number does.
    advance(8 * 86_400);
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe('description-stale');
    advance(40 * 86_400);
    answer('bob.example', await signed(bob, 1, { expires: day(60) }));
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe('description-stale');
    advance(300);
    answer('bob.example', await signed(bob, 2, { expires: day(60) }));
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe('no failure');
  });

  test('who signed once is believed only when signed, by a key he listed, until that one ends', async () => {
    const parties = ['old', 'new', 'eve'].map(async (kid): Promise<Party> => {
      const { domain, key, jwk } = await createParty('bob.example');
      return { domain, key: { ...key, kid }, jwk: { ...jwk, kid } };
    });
    const [bob, next, eve] = await Promise.all(parties);
    if (bob === undefined || next === undefined || eve === undefined) throw new Error('no parties');
    const { descriptions, answer, advance } = world();
    const after = async (reply: Reply): Promise<string | undefined> => {
      answer('bob.example', reply);
      advance(300);
      return (await descriptions.fetch('bob.example')).name;
    };
    expect(await after(await signed(bob, 1, { name: 'One' }))).toBe('One');
    expect(await after({ body: document('bob.example', { name: 'Unsigned' }) })).toBe('One');
    expect(await after(await signed(eve, 2, { name: 'Eve' }))).toBe('One');
    expect(await after(await signed(eve, 2, { name: 'Eve' }, [bob, eve]))).toBe('One');
    expect(await after(await signed(next, 2, { name: 'Too soon' }))).toBe('One');
    expect(await after(await signed(bob, 2, { name: 'Two' }, [bob, next]))).toBe('Two');
    expect(await after(await signed(next, 3, { name: 'Three' }))).toBe('Three');
    expect(await after(await signed(bob, 4, { name: 'Old key' }))).toBe('Three');
    advance(31 * 86_400);
    expect(await after({ body: document('bob.example', { name: 'Unsigned' }) })).toBe('Unsigned');
  });

  test.each<[string, (body: Record<string, unknown>) => unknown]>([
    ['another name', (body) => ({ ...body, name: 'Eve' })],
    ['a member more', (body) => ({ ...body, unknown: 1 })],
    ['a later end', (body) => ({ ...body, expires: day(40) })],
    ['another seq', (body) => ({ ...body, seq: 8 })],
    ['no signature at all', (body) => ({ ...body, signature: '' })],
    ['the payload too', (body) => ({ ...body, signature: String(body['signature']).replace('..', '.e30.') })],
    ['a cut signature', (body) => ({ ...body, signature: String(body['signature']).slice(0, -4) })],
    ['another signature', (body) => ({ ...body, signature: `${String(body['signature']).slice(0, -8)}AAAAAAAA` })],
    ['no keys', (body) => ({ ...body, jwks: { keys: [] } })],
    ['a key of another kid', (body) => JSON.parse(JSON.stringify(body).replaceAll(/"kid":"[^"]*"/g, '"kid":"x"'))],
  ])('refused: %s', async (_, change) => {
    const bob = await createParty('bob.example');
    const { descriptions, answer, advance } = world();
    const { body } = await signed(bob, 7);
    answer('bob.example', { body: change(JSON.parse(body)) });
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe('description-invalid');
    // White space and the order of members are no part of what is signed (RFC 8785).
    const turned = Object.fromEntries(Object.entries(JSON.parse(body)).toReversed());
    answer('bob.example', { body: JSON.stringify(turned, undefined, 3) });
    advance(300);
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe('no failure');
  });

  test.each<[string, number, number, string]>([
    ['the present', NOW, 90, 'no failure'],
    ['a clock a little ahead', NOW + 60, 90, 'no failure'],
    ['a seq from the future', NOW + 61, 30, 'description-invalid'],
    ['an end too far away', 1, 91, 'description-invalid'],
    ['an end that has passed', 1, 0, 'description-invalid'],
  ])('%s: %i, %i days', async (_, seq, days, code) => {
    const bob = await createParty('bob.example');
    const { descriptions, answer } = world();
    answer('bob.example', await signed(bob, seq, { expires: day(days) }));
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe(code);
  });

  test('a token of the same key is no signature, nor a signature of another type', async () => {
    const bob = await createParty('bob.example');
    const { descriptions, answer } = world();
    const { body } = await signed(bob, 7);
    const unsigned = JSON.parse(body) as Record<string, unknown>;
    delete unsigned['signature'];
    const token = await signAsDomain('client', unsigned, bob.key);
    answer('bob.example', { body: { ...unsigned, signature: token.replace(/\.[^.]*\./, '..') } });
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe('description-invalid');
  });
});

describe('copies', () => {
  test('outlive a domain that cannot be reached, for seven days', async () => {
    const { descriptions, answer, advance } = world();
    answer('bob.example', { body: document('bob.example') });
    await descriptions.fetch('bob.example');
    const TROUBLE: Reply[] = [
      new WhereaboutsError('peer-unreachable'),
      new WhereaboutsError('url-refused'),
      { status: 500 },
      { status: 404 },
      { status: 403 },
      { body: document('eve.example') },
      { body: new Uint8Array([0xff]) },
      { body: [] },
    ];
    for (const reply of TROUBLE) {
      answer('bob.example', reply);
      advance(300);
      expect((await descriptions.fetch('bob.example')).domain).toBe('bob.example');
    }
    advance(7 * 86_400 - TROUBLE.length * 300 - 1);
    expect((await descriptions.fetch('bob.example')).domain).toBe('bob.example');
    advance(1);
    expect(await descriptions.find('bob.example')).toBeUndefined();
    expect(await codeOf(descriptions.fetch('bob.example'))).not.toBe('no failure');
  });

  test('end with what they say themselves', async () => {
    const { descriptions, answer, advance } = world();
    const expires = new Date(1_800_000_000_000 + 100_000).toISOString().replace('.000Z', 'Z');
    answer('bob.example', { body: document('bob.example', { expires }) });
    await descriptions.fetch('bob.example');
    advance(99);
    expect(await descriptions.find('bob.example')).toBeDefined();
    advance(1);
    expect(await descriptions.find('bob.example')).toBeUndefined();
    advance(300);
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe('description-invalid');
  });

  test.each<[Reply, string]>([
    [{ status: 404 }, 'provider-unknown'],
    [{ status: 410 }, 'provider-unknown'],
    [{ status: 204 }, 'peer-unreachable'],
    [{ status: 503 }, 'peer-unreachable'],
    [{ status: 304 }, 'peer-unreachable'],
    [new WhereaboutsError('url-refused'), 'url-refused'],
    [{ body: document('eve.example') }, 'description-invalid'],
    [{ body: { version: 2, domain: 'bob.example' } }, 'description-invalid'],
    [{ body: new Uint8Array([0x7b, 0xff, 0x7d]) }, 'description-invalid'],
  ])('without one, %j is told as it is', async (reply, code) => {
    const { descriptions, answer } = world();
    answer('bob.example', reply);
    expect(await codeOf(descriptions.fetch('bob.example'))).toBe(code);
    expect(await descriptions.find('bob.example')).toBeUndefined();
  });

  test('a copy this program cannot read is as good as none', async () => {
    const store: DescriptionStore = {
      find: async () => ({ body: '{"version":0}', etag: '"old"', fetchedAt: 1_800_000_000 }),
      claim: async () => true,
      save: async () => undefined,
      history: async () => [],
    };
    const { descriptions, asked, answer } = world({ store });
    expect(await descriptions.find('bob.example')).toBeUndefined();
    answer('bob.example', { body: document('bob.example') });
    expect((await descriptions.fetch('bob.example')).domain).toBe('bob.example');
    expect(asked[0]?.etag).toBeUndefined();
  });
});

test('refresh asks each domain once and tells who failed', async () => {
  const { descriptions, asked, answer } = world();
  const domains = Array.from({ length: 30 }, (_, i) => `b${i}.example`);
  for (const domain of domains) answer(domain, { body: document(domain) });
  answer('b7.example', { status: 404 });
  const failures = await descriptions.refresh([...domains, ...domains]);
  expect(failures).toEqual([{ domain: 'b7.example', code: 'provider-unknown' }]);
  expect(asked).toHaveLength(30);
});
