// The listening socket: what is not HTTP is answered in our own words, addresses are judged, taken ports told, requests finished.
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { listen, type Listening } from '../../src/platform/node/serve.ts';

const faults: unknown[] = [];
let listening: Listening;
beforeAll(async () => {
  listening = await listen({
    fetch: async (request, { client }) => {
      const { pathname } = new URL(request.url);
      if (pathname === '/slow') await wait(200);
      if (pathname === '/throw') throw new Error('secret');
      return Response.json({ pathname, client });
    },
    host: '127.0.0.1',
    port: 0,
    trustedProxies: ['127.0.0.1'],
    onFault: (error) => faults.push(error),
  });
});
afterAll(() => listening.close());

/** Sends octets, reads until the server hangs up. */
function send(text: string, port = listening.port): Promise<string> {
  return new Promise((resolve, reject) => {
    let reply = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    socket.setEncoding('latin1').on('data', (part: string) => (reply += part));
    socket.once('error', reject).once('close', () => resolve(reply));
  });
}

describe('what is not a request', () => {
  const cases: readonly (readonly [name: string, text: string])[] = [
    ['not HTTP', 'hello\r\n\r\n'],
    ['a bad version', 'GET / HTTP/9.9\r\nhost: a.example\r\n\r\n'],
    ['a host that is no host', 'GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx'],
    ['length and chunks', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['a header with NUL', 'GET / HTTP/1.1\r\nhost: a\r\nx: \0\r\n\r\n'],
    ['headers without end', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['a tunnel', 'CONNECT b.example:443 HTTP/1.1\r\nhost: b.example\r\n\r\n'],
    [
      'an expectation',
      'POST / HTTP/1.1\r\nhost: a\r\nexpect: 200-maybe\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
    ],
  ];
  test.each(cases)('%s is a problem document', async (_name, text) => {
    const reply = await send(text);
    expect(reply).toMatch(/^HTTP\/1\.1 400 /);
    expect(reply.toLowerCase()).toContain('content-type: application/problem+json');
    expect(JSON.parse(reply.slice(reply.indexOf('{'), reply.lastIndexOf('}') + 1))).toMatchObject({
      type: 'urn:whereabouts:error:request-invalid',
      status: 400,
      code: 'request-invalid',
    });
  });

  test('nothing of it is echoed, and nothing was a fault of ours', async () => {
    expect(await send('tel:+442079460123\r\n\r\n')).not.toContain('7946');
    expect(faults).toEqual([]);
  });
});

test('the client behind the trusted proxy', async () => {
  const ask = async (forwarded: string) => {
    const reply = await fetch(`http://127.0.0.1:${listening.port}/`, { headers: { 'x-forwarded-for': forwarded } });
    return ((await reply.json()) as { client: string }).client;
  };
  expect(await ask('203.0.113.7')).toBe('203.0.113.7');
  expect(await ask('198.51.100.1, 2001:db8:1:2:3::4')).toBe('2001:db8:1:2::/64');
});

test('an app that throws says nothing', async () => {
  const reply = await fetch(`http://127.0.0.1:${listening.port}/throw`);
  expect(reply.status).toBe(500);
  expect(await reply.text()).not.toContain('secret');
  expect(faults).toHaveLength(1);
});

test('a taken port, and an address that is not ours', async () => {
  const attempt = (host: string, port: number) =>
    listen({ fetch: () => new Response(), host, port, onFault: () => undefined }).then(
      () => 'listening',
      (error: unknown) => (error instanceof WhereaboutsError ? error.code : 'other'),
    );
  expect(await attempt('127.0.0.1', listening.port)).toBe('address-busy');
  expect(await attempt('192.0.2.1', 0)).toBe('config-invalid');
});

test('closing lets a request finish and takes no other', async () => {
  const other = await listen({
    fetch: async () => {
      await wait(200);
      return new Response('done');
    },
    host: '127.0.0.1',
    port: 0,
    onFault: () => undefined,
  });
  const url = `http://127.0.0.1:${other.port}/`;
  const running = fetch(url).then((reply) => reply.text());
  await wait(50);
  const closed = other.close();
  await expect(fetch(url)).rejects.toThrow();
  expect(await running).toBe('done');
  await closed;
});

test('from the moment it drains /readyz refuses; all else is answered, and each answer is the last of its connection', async () => {
  const draining = await listen({
    fetch: ({ url }) => Response.json({ path: new URL(url).pathname }),
    host: '127.0.0.1',
    port: 0,
    onFault: (error) => faults.push(error),
  });
  const ask = async (path: string) => {
    const { status, headers } = await fetch(`http://127.0.0.1:${draining.port}${path}`);
    return [status, headers.get('connection')];
  };
  expect([await ask('/readyz'), await ask('/healthz')]).toEqual([
    [200, 'keep-alive'],
    [200, 'keep-alive'],
  ]);
  draining.drain();
  expect([await ask('/readyz'), await ask('/healthz'), await ask('/v1/epoch')]).toEqual([
    [503, 'close'],
    [200, 'close'],
    [200, 'close'],
  ]);
  await draining.close();
});
