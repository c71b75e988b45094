// The resolver's HTTP: who is let in, what a question may look like, what comes back, and what is never repeated.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Hono } from 'hono';
import type { Env } from '../../../src/server/http.ts';
import { accountAnswer } from '../../../src/server/reference/answer-shape.ts';
import { UNCOUNTED } from '../../../src/server/metrics.ts';
import { resolverApp, type ResolverContext } from '../../../src/server/routes/resolver.ts';
import { advance } from '../../../src/server/directory/sequencer/advance.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { ALICECHAT, BOBCHAT, CHARLIECHAT, DIRECTORY, openWorld, type World } from '../../client/world.ts';

const BOB = '+44 20 7946 0123';
const NOBODY = '+44 20 7946 0999';
const TOKEN = 'a-token-of-the-operator';
const HOST = 'resolver.alice.example';

let database: TestDatabase;
let world: World;

beforeAll(async () => {
  database = await openTestDatabase('pglite');
  world = await openWorld(database);
  const provider = { domain: BOBCHAT, address: '@bob:bob.example', authorization: 'Bearer bob' };
  await world.person().register({ identifier: BOB, providers: [provider] });
});
afterAll(async () => database.close());

const logged: string[] = [];
const write = (event: string, fields: object = {}) => void logged.push(`${event} ${JSON.stringify(fields)}`);

function open(change: Partial<ResolverContext> = {}): Hono<Env> {
  const log = { debug: write, info: write, warn: write, error: write };
  const observers = { log, metrics: UNCOUNTED };
  return resolverApp({ ...observers, client: world.gatekeeper(), token: TOKEN, hosts: [HOST], origins: [], ...change });
}

interface Request {
  readonly app?: Hono<Env>;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

async function ask(body: unknown, { app = open(), path = '/v1/where', method = 'POST', headers = {} }: Request = {}) {
  const response = await app.request(`http://${HOST}${path}`, {
    method,
    headers: { host: HOST, authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
    ...(method === 'GET' ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { response, text, body: text.startsWith('{') && !text.includes('\n') ? (JSON.parse(text) as unknown) : text };
}

describe('one question', () => {
  test('gets the answer of §7, not to be stored', async () => {
    const { response, body } = await ask({ id: BOB, from: ALICECHAT });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(body).toMatchObject({
      id: 'tel:+442079460123',
      outcome: 'found',
      routes: [{ provider: { domain: BOBCHAT }, assurance: 'confirmed', connect: { source: 'advertised' } }],
      directories: [{ domain: DIRECTORY, outcome: 'found' }],
    });
  });

  test('may come from another network, and is of the resolver’s own domain where it says nothing', async () => {
    const native = await ask({ id: BOB, from: BOBCHAT });
    expect(native.body).toMatchObject({ routes: [{ connect: { source: 'native', placement: 'native' } }] });
    const stranger = await ask({ id: BOB, from: 'stranger.example' });
    expect(stranger.body).toMatchObject({ routes: [{ connect: null }] });
    expect((await ask({ id: BOB })).text).toBe((await ask({ id: BOB, from: ALICECHAT })).text);
  });

  test('takes region, purposes, preferences and what to avoid', async () => {
    expect((await ask({ id: '020 7946 0123', region: 'GB' })).body).toMatchObject({ outcome: 'found' });
    expect((await ask({ id: BOB, avoid: [BOBCHAT] })).body).toMatchObject({ outcome: 'found', routes: [] });
    expect((await ask({ id: BOB, for: 'business', prefer: [CHARLIECHAT] })).body).toMatchObject({ outcome: 'found' });
    expect((await ask({ id: NOBODY, avoid: [CHARLIECHAT] })).body).toMatchObject({
      outcome: 'absent',
      alternatives: [{ domain: BOBCHAT }],
    });
  });
});

describe('the language of the texts', () => {
  const languageOf = async (header: string | undefined, language?: string) => {
    const headers = header === undefined ? {} : { 'accept-language': header };
    const { body } = await ask({ id: BOB, ...(language === undefined ? {} : { language }) }, { headers });
    const { language: said, routes } = body as { language: string; routes: { encryption: { warning: string } }[] };
    return [said, routes[0]?.encryption.warning.split(' ')[0]];
  };

  test.each([
    [undefined, undefined, 'en', 'This'],
    ['de', undefined, 'de', 'Diese'],
    ['ja, fr-CH;q=0.8, de;q=0.9', undefined, 'de', 'Diese'],
    ['de;q=0, it;q=0.1', undefined, 'it', 'Questa'],
    ['*', undefined, 'en', 'This'],
    ['";;,=q', undefined, 'en', 'This'],
    ['de', 'pl-PL', 'pl', 'Tę'],
    ['de', 'ja', 'en', 'This'],
  ])('Accept-Language %j, language %j: %s', async (header, language, said, word) => {
    expect(await languageOf(header, language)).toEqual([said, word]);
  });

  test('is the same for many', async () => {
    const { text } = await ask({ ids: [BOB, NOBODY], language: 'es' });
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { language: string }).language)).toEqual(['es', 'es']);
  });
});

describe('many questions', () => {
  test('get a line each, in order, rubbish in its place', async () => {
    const { response, text } = await ask({ ids: [NOBODY, 'rubbish', BOB, NOBODY] });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(text.endsWith('\n')).toBe(true);
    const lines = text.trimEnd().split('\n');
    const answers = lines.map((line) => JSON.parse(line) as { id: string | null; outcome: string });
    expect(answers.map(({ outcome }) => outcome)).toEqual(['absent', 'invalid', 'found', 'absent']);
    expect(answers[1]).toEqual({ id: null, outcome: 'invalid', index: 1, code: 'identifier-invalid' });
    expect(lines[3]).toBe(lines[0]);
  });
});

describe('is this really Bob', () => {
  const path = '/v1/verify';
  const claims = { provider: BOBCHAT, address: '@bob:bob.example' };

  test('gets the verdict, and evidence that another gatekeeper can check', async () => {
    const { response, body } = await ask({ id: BOB, claims, from: ALICECHAT }, { path });
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({ id: 'tel:+442079460123', claims, verdict: 'match', assurance: 'confirmed' });
    expect(accountAnswer.parse(body)).toEqual(body);
    const { evidence } = body as { evidence: unknown };
    expect(await world.gatekeeper().verifyEvidence(evidence)).toMatchObject({ verdict: 'match' });
    const other = await ask({ id: '020 7946 0123', region: 'GB', claims: { ...claims, address: '@eve' } }, { path });
    expect(other.body).toMatchObject({ verdict: 'mismatch' });
  });

  test('gets a line each for many, rubbish in its place', async () => {
    const items = [BOB, 'rubbish', NOBODY].map((id) => ({ id, claims }));
    const { response, text } = await ask({ items }, { path });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = text.trimEnd().split('\n');
    const answers = lines.map((line) => JSON.parse(line) as { verdict: string });
    expect(answers.map(({ verdict }) => verdict)).toEqual(['match', 'invalid', 'unknown']);
    expect(answers[1]).toEqual({ id: null, verdict: 'invalid', index: 1, code: 'identifier-invalid' });
  });

  test.each<[string, unknown, string]>([
    ['no identifier', { id: 'nobody', claims }, 'identifier-invalid'],
    ['no account', { id: BOB }, 'request-invalid'],
    ['half an account', { id: BOB, claims: { provider: BOBCHAT } }, 'request-invalid'],
    ['a provider that is no domain', { id: BOB, claims: { ...claims, provider: 'secret' } }, 'request-invalid'],
    ['an empty address', { id: BOB, claims: { ...claims, address: '' } }, 'request-invalid'],
    ['an address without end', { id: BOB, claims: { ...claims, address: 'x'.repeat(321) } }, 'request-invalid'],
    ['an unknown member', { id: BOB, claims: { ...claims, secret: 1 } }, 'request-invalid'],
    ['one and many', { id: BOB, claims, items: [{ id: BOB, claims }] }, 'request-invalid'],
    ['none', { items: [] }, 'request-invalid'],
    ['too many', { items: Array.from({ length: 1_001 }, () => ({ id: BOB, claims })) }, 'request-invalid'],
  ])('refuses %s', async (_, body, code) => {
    const { response, text } = await ask(body, { path });
    expect([response.status, JSON.parse(text)]).toMatchObject([400, { code }]);
    for (const part of ['442079', '7946', 'nobody', 'secret', 'xxxx']) expect(text).not.toContain(part);
  });
});

describe('a question that is refused', () => {
  test.each<[string, unknown, string, number]>([
    ['no identifier', { id: 'nobody' }, 'identifier-invalid', 400],
    ['an unknown member', { id: BOB, secret: 1 }, 'request-invalid', 400],
    ['neither id nor ids', {}, 'request-invalid', 400],
    ['both', { id: BOB, ids: [BOB] }, 'request-invalid', 400],
    ['no ids', { ids: [] }, 'request-invalid', 400],
    ['too many ids', { ids: Array.from({ length: 1_001 }, () => 'x') }, 'request-invalid', 400],
    ['an id that is a number', { id: 442079460123 }, 'request-invalid', 400],
    ['a from that is no domain', { id: BOB, from: 'https://alice.example' }, 'request-invalid', 400],
    ['a preference that is none', { id: BOB, prefer: 'bob.example' }, 'request-invalid', 400],
    ['a language that is none', { id: BOB, language: 'de_AT.UTF-8' }, 'request-invalid', 400],
    ['a language without end', { id: BOB, language: `de${'-x'.repeat(40)}` }, 'request-invalid', 400],
    ['chains as text', { id: BOB, chains: 'yes' }, 'request-invalid', 400],
    ['unverified as text', { id: BOB, unverified: 'yes' }, 'request-invalid', 400],
    ['a member twice', '{"id":"+442079460123","id":"+442079460123"}', 'request-invalid', 400],
    ['no JSON', '+442079460123', 'request-invalid', 400],
    ['too large', { id: 'x'.repeat(524_288) }, 'request-too-large', 413],
  ])('%s', async (_, body, code, status) => {
    const { response, text } = await ask(body);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(JSON.parse(text)).toMatchObject({ code, status });
    for (const part of ['442079', '7946', 'nobody', 'secret', 'xxxx']) expect(text).not.toContain(part);
  });

  test.each<[string, Request, string, number]>([
    ['no token', { headers: { authorization: '' } }, 'credentials-required', 401],
    ['another token', { headers: { authorization: `Bearer ${TOKEN}x` } }, 'credentials-invalid', 401],
    [
      'the token in another case',
      { headers: { authorization: `Bearer ${TOKEN.toUpperCase()}` } },
      'credentials-invalid',
      401,
    ],
    ['another scheme', { headers: { authorization: `Basic ${TOKEN}` } }, 'credentials-required', 401],
    ['another host', { headers: { host: 'evil.example' } }, 'host-refused', 421],
    ['another type', { headers: { 'content-type': 'text/plain' } }, 'media-type-unsupported', 415],
    ['GET', { method: 'GET' }, 'method-refused', 405],
    ['another path', { path: '/v1/whereabouts' }, 'path-unknown', 404],
  ])('with %s', async (_, request, code, status) => {
    const { response, text } = await ask({ id: BOB }, request);
    expect(response.status).toBe(status);
    expect(JSON.parse(text)).toMatchObject({ code });
    expect(text).not.toContain('7946');
  });
});

describe('around it', () => {
  test('a host with a port is the same host; without a token set none is asked for', async () => {
    expect((await ask({ id: BOB }, { headers: { host: `${HOST}:8081` } })).response.status).toBe(200);
    const { token: _, ...none } = { token: TOKEN, client: world.gatekeeper() };
    const log = { debug: write, info: write, warn: write, error: write };
    const sandbox = resolverApp({ ...none, log, metrics: UNCOUNTED, hosts: [HOST], origins: [] });
    expect((await ask({ id: BOB }, { app: sandbox, headers: { authorization: '' } })).response.status).toBe(200);
  });

  test('web pages of origins that the operator lists may ask, no others', async () => {
    const app = open({ origins: ['https://alice.example'] });
    const preflight = (origin: string) =>
      app.request(`http://${HOST}/v1/where`, {
        method: 'OPTIONS',
        headers: { host: HOST, origin, 'access-control-request-method': 'POST' },
      });
    expect((await preflight('https://alice.example')).headers.get('access-control-allow-origin')).toBe(
      'https://alice.example',
    );
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    const origin = { headers: { origin: 'https://evil.example' } };
    expect((await app.request('/openapi.json', origin)).headers.get('access-control-allow-origin')).toBe('*');
    expect((await app.request('/healthz', origin)).headers.get('access-control-allow-origin')).toBeNull();
  });

  test('it is alive, and ready once a directory’s description is at hand', async () => {
    const app = open();
    expect((await app.request('/healthz')).status).toBe(200);
    expect((await app.request('/readyz')).status).toBe(200);
    const policy = { ...world.gatekeeper().policy, directories: ['down.example'] };
    const lost = open({ client: world.gatekeeper({ policy }) });
    expect((await lost.request('/healthz')).status).toBe(200);
    expect((await lost.request('/readyz')).status).toBe(502);
  });

  test('no identifier is in any log line', () => {
    expect(logged.length).toBeGreaterThan(10);
    expect(logged.join('\n')).not.toMatch(/7946|0123|tel:/);
  });
});

describe('what is known of a network', () => {
  test('its history, to who is let in, and without asking anybody', async () => {
    const app = open();
    const path = `/v1/providers/${BOBCHAT}/history`;
    const of = (name: string) => ask(undefined, { app, path: `/v1/providers/${name}/history`, method: 'GET' });
    expect([(await of(BOBCHAT)).response.status, (await of('BOB')).response.status]).toEqual([404, 400]);
    await ask({ id: BOB }, { app });
    const sent = world.sent.length;
    const { response, body } = await of(BOBCHAT);
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({ domain: BOBCHAT, stale: false, entries: [{ changes: [] }] });
    expect((await of('stranger.example')).body).toMatchObject({ code: 'provider-unknown' });
    expect(world.sent).toHaveLength(sent);
    expect((await app.request(`http://${HOST}${path}`, { headers: { host: HOST } })).status).toBe(401);
  });

  test('that it may be out of date, once the provider is down for long', async () => {
    const client = world.gatekeeper();
    const app = open({ client });
    const stale = async () => {
      const { body } = await ask({ id: BOB }, { app });
      const { outcome, routes } = body as { outcome: string; routes: { provider: object }[] };
      return [outcome, routes.map(({ provider }) => provider)];
    };
    const provider = { domain: BOBCHAT, name: 'bobchat' };
    expect(await stale()).toEqual(['found', [provider]]);
    world.away = BOBCHAT;
    for (const seconds of [300, 300, 299]) {
      world.advance(seconds);
      await advance(world.directory, { patient: false });
      await client.refresh();
    }
    expect(await stale()).toEqual(['found', [provider]]);
    world.advance(1);
    expect(await stale()).toEqual(['found', [{ ...provider, stale: true }]]);
    world.away = undefined;
    world.advance(300);
    await advance(world.directory, { patient: false });
    await client.refresh();
    expect(await stale()).toEqual(['found', [provider]]);
  });
});
