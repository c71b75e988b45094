// Descriptions (§8): when a domain is asked, when a copy is used, and that a failure to reach is never a "no".
import { describe, expect, test } from 'vitest';
import { createDescriptions, type DescriptionStore } from '../../src/client/descriptions.ts';
import type { Fetched, SafeFetch } from '../../src/evidence/safe-fetch.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { utf8 } from '../../src/protocol/wire.ts';

type Reply = { status?: number; body?: unknown; etag?: string } | WhereaboutsError;

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
    const { status = 200, body, etag } = reply;
    const octets = body instanceof Uint8Array ? body : utf8(JSON.stringify(body) ?? '');
    return { status, headers: new Headers(etag === undefined ? {} : { etag }), body: octets, url: new URL(url) };
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
