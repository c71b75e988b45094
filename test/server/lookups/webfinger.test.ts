// WebFinger as webfinger.js asks it, and by hand: what is in the descriptor, who is not found, what is refused, what is never logged.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import WebFinger from 'webfinger.js';
import { listen } from '../../../src/platform/node/serve.ts';
import { UNCOUNTED } from '../../../src/server/metrics.ts';
import { resolverApp } from '../../../src/server/routes/resolver.ts';
import { ALICECHAT, BOBCHAT } from '../../client/log-world.ts';
import { BOB_MAIL, BOB_MXID, DISPUTED, NOBODY, openLookups, OPTED_OUT } from './lookup-world.ts';

let world: Awaited<ReturnType<typeof openLookups>>;
beforeAll(async () => {
  world = await openLookups({ quota: { capacity: 40, refill: 40, seconds: 86_400 } });
});
afterAll(() => world.close());

async function ask(query: string, app = world.app, headers: Record<string, string> = {}) {
  const response = await app.request(`http://${ALICECHAT}/.well-known/webfinger${query}`, {
    headers: { host: ALICECHAT, ...headers },
  });
  const text = await response.text();
  return { response, status: response.status, text, body: JSON.parse(text) as Record<string, unknown> };
}

const LINK = {
  rel: 'urn:whereabouts:route',
  href: 'matrix:u/bob:bob.example',
  titles: { und: 'BobChat' },
  properties: {
    'urn:whereabouts:provider': BOBCHAT,
    'urn:whereabouts:address': BOB_MXID,
    'urn:whereabouts:assurance': 'attested',
    'urn:whereabouts:protocol': 'matrix',
  },
};

test('webfinger.js gets the descriptor of Bob', async () => {
  const { client, log, all } = world;
  // It asks the host in the address, so that host has to lead here.
  const app = resolverApp({
    log,
    metrics: UNCOUNTED,
    client,
    token: 'a-token-of-the-operator',
    hosts: ['mail.example'],
    origins: [],
    lookups: all,
  });
  const socket = await listen({ fetch: app.fetch, host: '127.0.0.1', port: 0, onFault: () => undefined });
  const before = getGlobalDispatcher();
  const agent = new Agent({
    connect: { lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]) },
  });
  setGlobalDispatcher(
    agent.compose(
      (dispatch) => (options, handler) =>
        dispatch({ ...options, origin: `http://mail.example:${socket.port}` }, handler),
    ),
  );
  try {
    const finger = new WebFinger({ tls_only: true, allow_private_addresses: true });
    const { object } = await finger.lookup(BOB_MAIL);
    expect(object).toMatchObject({ subject: `acct:${BOB_MAIL}`, links: [LINK] });
    await expect(finger.lookup('nobody@mail.example')).rejects.toMatchObject({ status: 404 });
  } finally {
    setGlobalDispatcher(before);
    await agent.close();
    await socket.close();
  }
});

describe('a resource', () => {
  test.each([
    ['tel:', 'tel:%2B442079460123', 'tel:+442079460123'],
    ['tel: with a plus as it is', 'tel:+442079460123', 'tel:+442079460123'],
    ['mailto:', 'mailto%3Abob%40mail.example', 'mailto:bob@mail.example'],
    ['acct:, percent-encoded twice', 'acct:b%256fb@MAIL.example', 'acct:bob@mail.example'],
  ])('%s', async (_, resource, subject) => {
    const { status, body, response } = await ask(`?resource=${resource}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ subject, links: [LINK] });
    expect(response.headers.get('content-type')).toBe('application/jrd+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('with the relations wanted', async () => {
    const wanted = encodeURIComponent('urn:whereabouts:route');
    expect((await ask(`?resource=mailto:${BOB_MAIL}&rel=self&rel=${wanted}`)).body).toMatchObject({ links: [LINK] });
    expect((await ask(`?resource=mailto:${BOB_MAIL}&rel=self`)).body).toEqual({
      subject: `mailto:${BOB_MAIL}`,
      links: [],
    });
  });

  test('of nobody, of somebody in dispute and of who does not want to be found: one answer', async () => {
    const replies = [];
    for (const number of [NOBODY, DISPUTED, OPTED_OUT])
      replies.push(await ask(`?resource=tel:${encodeURIComponent(number.replaceAll(' ', ''))}`));
    expect(replies.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
  });

  test('of whom it is not known', async () => {
    world.member.temper = 'down';
    const { status, response } = await ask('?resource=tel:+442079460123');
    world.member.temper = 'honest';
    expect([status, response.headers.get('retry-after')]).toEqual([503, '5']);
  });

  test.each([
    ['none', ''],
    ['two', '?resource=tel:%2B442079460123&resource=tel:%2B442079460123'],
    ['no URI', '?resource=442079460123'],
    ['another scheme', '?resource=https://442079460123.example'],
    ['no number', '?resource=tel:%2B442079460123442079460123'],
    ['no address', '?resource=acct:442079460123'],
    ['rubbish', '?resource=%E0%A4%A442079460123'],
    ['half an escape', '?resource=tel:%2B442079460123%'],
  ])('that is refused: %s', async (_, query) => {
    const { status, text, response } = await ask(query);
    expect(status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(text).not.toContain('442079');
  });
});

test('no URL is logged, at any level, whatever became of it', async () => {
  world.logged.length = 0;
  for (const query of [
    '?resource=tel:%2B442079460123',
    '?resource=mailto:bob@mail.example&x=%',
    `?resource=${BOB_MAIL}`,
  ])
    await ask(query);
  await ask('?resource=tel:%2B442079460123', world.app, { host: 'evil.example' });
  expect(world.logged.length).toBeGreaterThan(0);
  expect(world.logged.join('\n')).not.toMatch(/442079|mail\.example|resource=/);
});

test('it is off unless it is switched on, and answers only to its own names', async () => {
  const { webfinger: _, ...others } = world.all;
  for (const app of [world.appOf(), world.appOf(others)])
    expect((await ask('?resource=tel:%2B442079460123', app)).status).toBe(404);
  expect((await ask('?resource=tel:%2B442079460123', world.app, { host: 'evil.example' })).status).toBe(421);
});

test('an address has an allowance', async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 45; i++) statuses.push((await ask('?resource=tel:%2B442079460123&rel=self')).status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
});
