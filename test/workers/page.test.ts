// The page out of a Worker's static assets, in workerd: the same octets and headers as from the folder on Node, and a real browser's
// visit. What the platform adds on its way out is wrangler's simulation of Cloudflare's edge.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPage } from '../../src/platform/node/page-folder.ts';
import { listen } from '../../src/platform/node/serve.ts';
import { withAssets } from '../../src/platform/workers/page-assets.ts';
import { UNCOUNTED } from '../../src/server/metrics.ts';
import { LIST, parsePageList } from '../../src/server/page-list.ts';
import { directoryPage } from '../../src/server/page.ts';
import { pageApp } from '../../src/server/routes/page.ts';
import { started } from '../browser/browser.ts';
import { createParty, DOMAIN } from '../support/directory.ts';
import { formatRequest, sendRaw, type RawResponse } from '../support/raw-http.ts';
import { serveWorker, type ServedWorker } from './served.ts';

const BUILT = path.resolve(import.meta.dirname, '../../dist-web');
const list = parsePageList(readFileSync(path.join(BUILT, LIST), 'utf8'));
const party = await createParty('bob.example');
const log = { debug() {}, info() {}, warn() {}, error() {} };

let worker: ServedWorker;
let node: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  worker = await serveWorker(party);
  const files = findPage();
  if (files === undefined) throw new Error('the page is not built');
  const { fetch } = pageApp({ log, metrics: UNCOUNTED }, directoryPage(files, DOMAIN, new Set([party.domain])));
  const onFault = (error: unknown): never => {
    throw error;
  };
  node = await listen({ fetch, host: '127.0.0.1', port: 0, onFault });
}, 90_000);
afterAll(async () => {
  await worker.close();
  await node.close();
});

interface Asked {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Record<string, string>;
}

async function ask(port: number, at: string, { method = 'GET', headers = {} }: Asked): Promise<RawResponse> {
  const request = formatRequest({ method, path: at, host: `127.0.0.1:${port}`, headers: Object.entries(headers) });
  const reply = await sendRaw(port, request);
  if (reply === undefined) throw new Error('no answer');
  return reply;
}

const fromWorker = (at: string, asked: Asked = {}) => ask(Number(worker.url.port), at, asked);
const fromNode = (at: string, asked: Asked = {}) => ask(node.port, at, asked);

/** What belongs to a connection and not to a representation. */
const OF_THE_CONNECTION = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding']);

const said = ({ status, headers }: RawResponse, except = '') => ({
  status,
  headers: Object.fromEntries([...headers].filter(([name]) => !OF_THE_CONNECTION.has(name) && name !== except)),
});

const DECODERS = { br: brotliDecompressSync, gzip: gunzipSync, identity: (octets: Buffer) => octets };

const shown = [...list.keys()].map((name) => {
  if (name === 'index.html') return '/';
  return name === 'reference.html' ? '/reference' : `/${name}`;
});
const SCRIPT = shown.find((name) => name.endsWith('.js')) ?? '';
const STYLE = shown.find((name) => name.endsWith('.css')) ?? '';
const ICON = shown.find((name) => name.endsWith('.svg')) ?? '';

describe.each(['br', 'gzip', 'identity'] as const)('as %s', (coding) => {
  const headers = { 'accept-encoding': coding };
  test.each(['GET', 'HEAD'] as const)('%s gives what Node gives, octet for octet', async (method) => {
    expect([SCRIPT, STYLE, ICON]).not.toContain('');
    for (const at of ['/', '/reference', SCRIPT, STYLE, ICON]) {
      const [ours, theirs] = await Promise.all([
        fromWorker(at, { method, headers }),
        fromNode(at, { method, headers }),
      ]);
      expect(ours.headers.get('content-encoding') ?? 'identity').toBe(coding);
      expect(ours.body.length > 0).toBe(method === 'GET');
      // Wrangler's proxy decodes a document, writes it anew and encodes it once more, without its length.
      const isRewritten = method === 'GET' && !at.startsWith('/assets/');
      const except = isRewritten ? 'content-length' : '';
      expect(said(ours, except), at).toEqual(said(theirs, except));
      const content = isRewritten ? DECODERS[coding] : DECODERS.identity;
      expect(content(ours.body).equals(content(theirs.body)), at).toBe(true);
    }
  });

  test('who has it gets nothing again, and another coding is another thing', async () => {
    for (const at of ['/', SCRIPT]) {
      const etag = (await fromWorker(at, { headers })).headers.get('etag') ?? '';
      const again = { headers: { ...headers, 'if-none-match': etag } };
      const [ours, theirs] = await Promise.all([fromWorker(at, again), fromNode(at, again)]);
      expect([ours.status, ours.body.length]).toEqual([304, 0]);
      // Wrangler's edge says one of an empty answer, too.
      expect(said(ours, 'content-encoding')).toEqual(said(theirs));
      const other = coding === 'br' ? 'gzip' : 'br';
      const changed = await fromWorker(at, { headers: { 'accept-encoding': other, 'if-none-match': etag } });
      expect(changed.status).toBe(200);
    }
  });
});

test('every part of the page is there', async () => {
  for (const at of shown.filter((one) => one.startsWith('/assets/'))) {
    const headers = { 'accept-encoding': 'br' };
    const [ours, theirs] = await Promise.all([fromWorker(at, { headers }), fromNode(at, { headers })]);
    expect(ours.body.equals(theirs.body), at).toBe(true);
  }
});

test('what the page is told is what Node tells it', async () => {
  const [ours, theirs] = await Promise.all([fromWorker('/page.json'), fromNode('/page.json')]);
  expect(said(ours)).toEqual(said(theirs));
  expect(ours.body.equals(theirs.body)).toBe(true);
});

test.each([
  '/files.json',
  '/index.html',
  '/reference.html',
  '/reference/',
  '/assets/',
  '/assets/nothing.js',
  `${SCRIPT}.br`,
  '/assets/../index.html',
  '/assets/..%2ffiles.json',
  '/assets/..%2f..%2fwrangler.toml',
  '/assets/%2e%2e/files.json',
  '/assets/__proto__',
  '/assets/%00',
])('%s is nowhere, and only we say so', async (at) => {
  const reply = await fromWorker(at);
  expect([reply.status, reply.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  expect(JSON.parse(reply.body.toString())).toMatchObject({ code: 'path-unknown' });
  expect(reply.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
});

test('the API is beside it as before', async () => {
  const document: unknown = JSON.parse((await fromWorker('/openapi.json')).body.toString());
  expect(document).toHaveProperty(['paths', '/v1/evaluate']);
  const reply = await fetch(new URL('/', worker.url), { method: 'POST' });
  expect([reply.status, await reply.json()]).toMatchObject([405, { code: 'method-refused' }]);
});

test('the list is asked for once, no made-up path ever, and a fault is not kept', async () => {
  const asked: string[] = [];
  let isDown = true;
  const assets = {
    fetch: async (url: string) => {
      const { pathname } = new URL(url);
      asked.push(pathname);
      return isDown ? new Response(null, { status: 503 }) : new Response(readFileSync(path.join(BUILT, pathname)));
    },
  };
  const ctx = { domain: DOMAIN, listed: new Set<string>(), log, metrics: UNCOUNTED };
  const serve = withAssets(() => new Response('api'), ctx, assets);
  const statusOf = async (at: string) => (await serve(new Request(`https://${DOMAIN}${at}`), {})).status;
  expect(await statusOf('/')).toBe(500);
  isDown = false;
  expect([await statusOf('/'), await statusOf('/assets/made-up.js'), await statusOf('/v1/epoch')]).toEqual([
    200, 404, 200,
  ]);
  expect(asked).toEqual([`/${LIST}`, `/${LIST}`, '/index.html']);
});

const name = 'browser' in started ? 'in Chromium' : `skipped: no Chromium can be started (${started.reason})`;

describe.skipIf(!('browser' in started))(name, () => {
  afterAll(async () => ('browser' in started ? started.browser.close() : undefined));

  test('a visitor sees the log, checked by his own browser, and the reference', async () => {
    if (!('browser' in started)) throw new Error('no browser');
    await worker.harness.getWorker().scheduled({ cron: '* * * * *' });
    const page = await started.browser.newPage({ locale: 'fr-FR' });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // Whom it cannot reach the browser says as well: those are told apart below.
      if (message.type() === 'error' && !message.text().includes('Failed to load')) complaints.push(message.text());
    });
    // The directory's name leads to workerd; every other name leads nowhere.
    await page.route('**/*', async (route) => {
      const { hostname, pathname, search } = new URL(route.request().url());
      if (hostname !== DOMAIN) return route.abort();
      const reply = await fetch(new URL(`${pathname}${search}`, worker.url), { headers: route.request().headers() });
      if (!reply.ok) complaints.push(`${pathname}: ${reply.status}`);
      const headers = Object.fromEntries([...reply.headers].filter(([header]) => header !== 'content-encoding'));
      return route.fulfill({ status: reply.status, headers, body: Buffer.from(await reply.arrayBuffer()) });
    });
    await page.goto(`https://${DOMAIN}/#log`);
    await page.locator('svg.picture').waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('fr');
    await page.goto(`https://${DOMAIN}/reference`);
    await page.locator('details.operation').first().waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);
});
