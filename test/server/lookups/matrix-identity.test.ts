// The Matrix identity service as a real Matrix client uses it, what it refuses and in which words, and that it forgets.
import { createClient, SERVICE_TYPES } from 'matrix-js-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ALICECHAT, BOBCHAT } from '../../client/log-world.ts';
import { mapAddresses } from '../../../src/server/lookups/matrix-identity.ts';
import { BOB_MAIL, BOB_MXID, DISPUTED, NOBODY, openLookups, OPTED_OUT } from './lookup-world.ts';

/** The homeserver's replies by host and path; the OpenID token decides. */
const asked: string[] = [];
const USERS: Readonly<Record<string, string>> = {
  'alice-openid': '@alice:alice.example',
  'carol-openid': '@carol:alice.example',
  // A homeserver that speaks for another one's user.
  'mallory-openid': '@alice:elsewhere.example',
};
async function homeserver({ url }: { readonly url: URL }): Promise<Response> {
  asked.push(`${url.host}${url.pathname}`);
  if (url.host === ALICECHAT) return Response.json({ 'm.server': 'matrix.alice.example:443' });
  if (url.pathname !== '/_matrix/federation/v1/openid/userinfo') return new Response(null, { status: 404 });
  const user = USERS[url.searchParams.get('access_token') ?? ''];
  return user === undefined
    ? Response.json({ errcode: 'M_UNKNOWN_TOKEN' }, { status: 401 })
    : Response.json({ sub: user });
}

let world: Awaited<ReturnType<typeof openLookups>>;
beforeAll(async () => {
  world = await openLookups({ homeserver, quota: { capacity: 1_100, refill: 60, seconds: 86_400 } });
});
afterAll(() => world.close());
beforeEach(() => {
  asked.length = 0;
});

const openIdOf = (token: string, server = ALICECHAT) => ({
  access_token: token,
  token_type: 'Bearer',
  matrix_server_name: server,
  expires_in: 3_600,
});
const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, getChild: () => quiet };
const sdk = () => createClient({ baseUrl: 'https://matrix.alice.example', idBaseUrl: world.url, logger: quiet });
const logIn = async (who = 'alice-openid') => (await sdk().registerWithIdentityServer(openIdOf(who))).token;

async function call(path: string, { token, body }: { token?: string; body?: unknown } = {}) {
  const response = await world.app.request(`http://${ALICECHAT}/_matrix/identity${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      host: ALICECHAT,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { response, status: response.status, text, body: JSON.parse(text) as Record<string, unknown> };
}

async function lookUp(token: string, addresses: readonly string[]) {
  const pepper = (await call('/v2/hash_details', { token })).body['lookup_pepper'];
  return call('/v2/lookup', { token, body: { addresses, algorithm: 'none', pepper } });
}

describe('matrix-js-sdk', () => {
  test('logs in with an OpenID token and finds Bob by number and by address', async () => {
    const client = sdk();
    expect(await client.getTerms(SERVICE_TYPES.IS, world.url)).toMatchObject({ policies: {} });
    const token = await logIn();
    // The delegated name and port, and nobody else.
    expect(asked).toEqual([
      `${ALICECHAT}/.well-known/matrix/server`,
      'matrix.alice.example/_matrix/federation/v1/openid/userinfo',
    ]);
    expect(await client.getIdentityAccount(token)).toEqual({ user_id: '@alice:alice.example' });
    expect(await client.lookupThreePid('msisdn', '442079460123', token)).toEqual({
      address: '442079460123',
      medium: 'msisdn',
      mxid: BOB_MXID,
    });
    expect(await client.lookupThreePid('msisdn', NOBODY.replaceAll(/\D/g, ''), token)).toEqual({});
    expect(
      await client.identityHashedLookup(
        [
          [BOB_MAIL, 'email'],
          ['nobody@mail.example', 'email'],
          ['118118', 'msisdn'],
        ],
        token,
      ),
    ).toEqual([{ address: BOB_MAIL, mxid: BOB_MXID }]);
  });

  test('what goes out of the house is blinded, and no log line has a name, a number or a token', async () => {
    const token = await logIn();
    world.federation.sent.length = 0;
    world.logged.length = 0;
    await sdk().lookupThreePid('email', BOB_MAIL, token);
    await lookUp('wrong-token-of-somebody', [`${BOB_MAIL} email`]);
    expect(world.federation.sent.length).toBeGreaterThan(0);
    expect(world.logged.length).toBeGreaterThan(0);
    for (const secret of ['442079', 'mail.example', '@alice', 'openid', token, 'wrong-token'])
      expect(JSON.stringify([world.federation.sent, world.logged])).not.toContain(secret);
  });
});

describe('what is open', () => {
  test('versions, status and terms; web pages may ask', async () => {
    expect((await call('/versions')).body).toEqual({ versions: ['v1.11'] });
    const status = await call('/v2');
    expect(status.body).toEqual({});
    expect(status.response.headers.get('access-control-allow-origin')).toBe('*');
    expect(status.response.headers.get('cache-control')).toBe('no-store');
    expect((await call('/v2/terms')).body).toEqual({ policies: {} });
  });

  test('only `none` is advertised: a hash of a number hides nothing', async () => {
    const token = await logIn();
    expect((await call('/v2/hash_details', { token })).body).toEqual({
      algorithms: ['none'],
      lookup_pepper: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    expect((await call('/v2/terms', { token, body: { user_accepts: [] } })).body).toEqual({});
  });
});

describe('who is found', () => {
  test('nobody in dispute, nobody who does not want to be: both look like nobody', async () => {
    const token = await logIn();
    const digits = [DISPUTED, OPTED_OUT, NOBODY].map((number) => `${number.replaceAll(/\D/g, '')} msisdn`);
    expect((await lookUp(token, [...digits, '442079460123 msisdn', '442079460123 msisdn', 'bob im'])).body).toEqual({
      mappings: { '442079460123 msisdn': BOB_MXID },
    });
  });

  test('nobody over a bridge: his address is another one there', async () => {
    const { federation } = world;
    const { described } = federation;
    const before = described.get(BOBCHAT) ?? {};
    const bridge = {
      id: 'bob.example/matrix',
      from: ['*'],
      protocol: 'matrix',
      endpoint: 'https://bob.example/bridge',
      placement: 'server',
      encryption: 're-encrypted',
      operator: BOBCHAT,
    } as const;
    described.set(BOBCHAT, { provider: { protocols: ['bobchat'], bridges: [bridge] } });
    const client = federation.open({ directories: ['d0.example'] });
    await client.ready();
    described.set(BOBCHAT, before);
    expect((await client.where('+442079460123')).routes[0]).toMatchObject({
      address: BOB_MXID,
      connect: { protocol: 'matrix' },
    });
    expect(await mapAddresses(client, ['442079460123 msisdn'])).toEqual({});
  });

  test('not known is no "no"', async () => {
    const token = await logIn();
    world.member.temper = 'down';
    const { status, body, response } = await lookUp(token, ['442079460123 msisdn', `${BOB_MAIL} email`]);
    world.member.temper = 'honest';
    expect({ status, body }).toEqual({ status: 503, body: { errcode: 'M_UNKNOWN', error: 'not at present' } });
    expect(response.headers.get('retry-after')).toBe('5');
  });
});

describe('a refusal', () => {
  test.each<[string, string, unknown, number, string]>([
    ['no JSON', '/v2/account/register', 'secret-7946', 400, 'M_BAD_JSON'],
    ['a member missing', '/v2/account/register', { access_token: 'secret-7946' }, 400, 'M_BAD_JSON'],
    ['another homeserver', '/v2/account/register', openIdOf('secret-7946', 'evil.example'), 403, 'M_FORBIDDEN'],
    [
      'an address for a homeserver',
      '/v2/account/register',
      openIdOf('secret-7946', '169.254.169.254'),
      403,
      'M_FORBIDDEN',
    ],
    ['a token the homeserver does not know', '/v2/account/register', openIdOf('secret-7946'), 401, 'M_UNAUTHORIZED'],
    ['a homeserver that speaks for another', '/v2/account/register', openIdOf('mallory-openid'), 401, 'M_UNAUTHORIZED'],
    ['no token', '/v2/lookup', { addresses: ['secret-7946'] }, 401, 'M_UNAUTHORIZED'],
    ['binding', '/v2/3pid/bind', { sid: 'secret-7946' }, 404, 'M_UNRECOGNIZED'],
    ['another version', '/api/v1/lookup', { medium: 'secret-7946' }, 404, 'M_UNRECOGNIZED'],
    ['another method', '/v2/hash_details', {}, 405, 'M_UNRECOGNIZED'],
    ['too large', '/v2/account/register', { access_token: 'secret-7946'.repeat(10_000) }, 413, 'M_TOO_LARGE'],
  ])('of %s has Matrix form and echoes nothing', async (_, path, body, status, errcode) => {
    const reply = await call(path, { body });
    expect(reply.body).toEqual({ errcode, error: expect.any(String) as string });
    expect(reply.status).toBe(status);
    for (const part of ['7946', 'evil', 'mallory', '169.254']) expect(reply.text).not.toContain(part);
    if (status === 403) expect(asked).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['another algorithm', { algorithm: 'sha256' }, 'M_INVALID_PARAM'],
    ['another pepper', { pepper: 'matrixrocks' }, 'M_INVALID_PEPPER'],
    ['too many addresses', { addresses: Array.from({ length: 1_001 }, (__, i) => `${i} msisdn`) }, 'M_BAD_JSON'],
    ['addresses that are none', { addresses: [7946] }, 'M_BAD_JSON'],
  ])('of %s', async (_, change, errcode) => {
    const token = await logIn();
    const pepper = (await call('/v2/hash_details', { token })).body['lookup_pepper'];
    const body = { addresses: ['442079460123 msisdn'], algorithm: 'none', pepper, ...change };
    const reply = await call('/v2/lookup', { token, body });
    expect(reply).toMatchObject({ status: 400, body: { errcode } });
    expect(reply.text).not.toContain('7946');
  });

  test('of a wrong host, and where it is not switched on', async () => {
    const wrong = await world.app.request('http://evil.example/_matrix/identity/v2', {
      headers: { host: 'evil.example' },
    });
    expect([wrong.status, ((await wrong.json()) as { errcode: string }).errcode]).toEqual([421, 'M_UNKNOWN']);
    const { matrixIdentity: _, ...others } = world.all;
    for (const app of [world.appOf(), world.appOf(others)]) {
      const off = await app.request(`http://${ALICECHAT}/_matrix/identity/v2`, { headers: { host: ALICECHAT } });
      expect([off.status, ((await off.json()) as { errcode: string }).errcode]).toEqual([404, 'M_UNRECOGNIZED']);
    }
  });
});

describe('sessions', () => {
  test('end by logging out, by time, and the oldest of too many', async () => {
    const token = await logIn();
    expect((await call('/v2/account/logout', { token, body: {} })).body).toEqual({});
    expect(await call('/v2/account', { token })).toMatchObject({ status: 401, body: { errcode: 'M_UNAUTHORIZED' } });
    const tokens: string[] = [];
    for (let i = 0; i < 17; i++) tokens.push(await logIn('carol-openid'));
    const statuses = [];
    for (const one of [tokens[0], tokens[1], tokens[16]])
      statuses.push((await call('/v2/account', { token: one ?? '' })).status);
    expect(statuses).toEqual([401, 200, 200]);
    expect(new Set(tokens).size).toBe(17);
    world.advance(24 * 3_600_000);
    expect((await call('/v2/account', { token: tokens[16] ?? '' })).status).toBe(401);
  });

  test('one user has one allowance, whatever the number of tokens; another has his own', async () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `${i} none`);
    expect((await lookUp(await logIn('carol-openid'), many)).status).toBe(200);
    const { status, body, response } = await lookUp(await logIn('carol-openid'), many);
    expect(status).toBe(429);
    expect(body).toMatchObject({ errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: expect.any(Number) as number });
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(3_600);
    expect((await lookUp(await logIn('alice-openid'), ['0 none'])).status).toBe(200);
  });
});
