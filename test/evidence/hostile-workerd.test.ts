// Hostile URLs, descriptions and servers in a real workerd, as on Node. Names are not here: the platform resolves them. Whatever
// the worker asks for comes through this process, which passes on what is for the attacker and counts the rest.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestHarness } from 'wrangler';
import { startCanary, type Canary } from '../support/canary.ts';
import type { Order } from '../support/fetch-worker.ts';
import { serveHttp, type Served } from '../support/https.ts';
import * as hostile from './hostile.ts';

let canary: Canary;
let server: Served;
let url: URL;
let close: () => Promise<unknown>;
const asked: string[] = [];
/** Outgoing requests for anybody but the attacker. */
const strays: string[] = [];
const shown: hostile.Shown[] = [];
const fetchOutside = globalThis.fetch;

/** What wrangler's harness sends a worker's outgoing requests through. */
async function passOn(...[input, init]: Parameters<typeof globalThis.fetch>): Promise<Response> {
  const to = new URL(input instanceof Request ? input.url : input);
  if (to.href.startsWith(url.origin)) return fetchOutside(input, init);
  if (to.hostname !== hostile.HOSTILE && !to.hostname.endsWith(`.${hostile.HOSTILE}`)) {
    strays.push(to.href);
    return fetchOutside(input, init);
  }
  const reply = await fetchOutside(`http://127.0.0.1:${server.port}${to.pathname}`, {
    headers: { 'x-host': to.host },
    redirect: 'manual',
    signal: init?.signal ?? null,
  });
  // This process has limits of its own: what is too large for it is made here.
  if (to.pathname !== '/headers') return reply;
  return new Response(reply.body, { headers: { 'content-type': 'application/json', ...hostile.hugeHeaders() } });
}

beforeAll(async () => {
  canary = await startCanary();
  server = await serveHttp((request, response) => {
    if (request.url === '/headers') {
      asked.push('headers');
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    } else hostile.hostileListener(asked, () => canary.port)(request, response);
  });
  const harness = createTestHarness({
    workers: [
      {
        config: {
          name: 'fetching',
          main: './test/support/fetch-worker.ts',
          compatibility_date: '2026-10-01',
          compatibility_flags: ['nodejs_compat', 'global_fetch_strictly_public'],
        },
      },
    ],
  });
  ({ url } = await harness.listen());
  close = () => harness.close();
  globalThis.fetch = passOn;
}, 90_000);
afterAll(async () => {
  globalThis.fetch = fetchOutside;
  console.log(hostile.formatShown('in workerd', shown));
  await Promise.all([close(), canary.close(), server.close()]);
});

async function order(what: Order): Promise<string> {
  const response = await fetchOutside(url, { method: 'POST', body: JSON.stringify(what) });
  return String(((await response.json()) as { code: unknown }).code);
}

/** Tries it and writes down what came of it. */
async function show(kind: hostile.Shown['kind'], one: hostile.Hostile, what: Order) {
  const before = [asked.length, canary.count() + strays.length] as const;
  const got = await order(what);
  const reached = { asked: asked.length - before[0], canary: canary.count() + strays.length - before[1] };
  shown.push({ kind, ...one, got, ...reached });
  return { got, ...reached };
}

const at = (path: string, timeoutMs: number): Order => ({
  url: `https://${hostile.HOSTILE}:${canary.port}${path}`,
  timeoutMs,
});

test('the canary sings when it is reached, a stray is noticed, and the attacker’s server answers', async () => {
  await new Promise<void>((done) =>
    connect(canary.port, '127.0.0.1')
      .on('close', () => done())
      .resume(),
  );
  expect(canary.count()).toBe(1);
  expect([await order(at('/ok', 8_000)), asked]).toEqual(['no failure', [`${hostile.HOSTILE}/ok`]]);
  // A host that does not exist, so that all that is seen of it is the attempt.
  await order({ url: 'https://nobody.invalid/', timeoutMs: 8_000 });
  expect(strays.splice(0)).toEqual(['https://nobody.invalid/']);
});

describe('URLs', () => {
  test.each(hostile.URLS)('$what', async (one) => {
    const result = await show('url', one, { url: hostile.withPort(one.url, canary.port), timeoutMs: 8_000 });
    expect(result).toEqual({ got: one.code, asked: 0, canary: 0 });
  });
});

describe('descriptions', () => {
  test.each(hostile.DOCUMENTS.map((one, place) => ({ ...one, place })))('$what', async ({ place, ...one }) => {
    const result = await show('description', one, { domain: `d${place}.${hostile.HOSTILE}` });
    expect(result).toEqual({ got: one.code, asked: 1, canary: 0 });
  });
});

describe('servers', () => {
  test.each(hostile.SERVERS)('$what', async (one) => {
    const result = await show('server', one, at(hostile.pathOf(one, canary.port), hostile.patience(one)));
    expect(result).toEqual({ got: one.code, asked: one.asked, canary: 0 });
  });
});

test('more than a hundred of them, and nobody else was reached by any', () => {
  expect(shown.length).toBe(hostile.URLS.length + hostile.DOCUMENTS.length + hostile.SERVERS.length);
  expect(shown.length).toBeGreaterThan(100);
  expect([canary.count(), strays]).toEqual([1, []]);
});
