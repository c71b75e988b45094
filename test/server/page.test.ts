// The page's files over HTTP: codings, entity tags, what is kept for ever and what is asked about, and what the page may do.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPage } from '../../src/platform/node/page-folder.ts';
import { UNCOUNTED } from '../../src/server/metrics.ts';
import { directoryPage, pagePolicy, type Page } from '../../src/server/page.ts';
import { pageApp, withPage } from '../../src/server/routes/page.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
let folder: string;
let page: Page;

const observers = { log, metrics: UNCOUNTED };

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'whereabouts-page-'));
  mkdirSync(path.join(folder, 'assets'));
  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
  const listed: Record<string, object> = {};
  for (const name of ['index.html', 'reference.html', 'assets/main-1a.js']) {
    const codings = { identity: name, br: `${name}.br`, gzip: `${name}.gz` };
    listed[name] = { sha256: '1'.repeat(64), codings };
    write(codings.identity, name);
    write(codings.br, `br ${name}`);
    write(codings.gzip, `gz ${name}`);
  }
  write('secret.txt', 'secret');
  write('assets/icon-2b.svg', '<svg/>');
  write('assets/stray-3c.js', 'stray');
  listed['assets/icon-2b.svg'] = { sha256: '2'.repeat(64), codings: { identity: 'assets/icon-2b.svg' } };
  write('files.json', JSON.stringify(listed));
  const files = findPage(folder);
  if (files === undefined) throw new Error('no page');
  page = directoryPage(files, 'directory.example', new Set(['bob.example']));
});
afterAll(() => rmSync(folder, { recursive: true }));

const get = (at: string, headers: Record<string, string> = {}) => pageApp(observers, page).request(at, { headers });

describe('files', () => {
  test.each([
    ['br, gzip', 'br', 'br index.html'],
    ['gzip, deflate', 'gzip', 'gz index.html'],
    ['br;q=0, gzip', 'gzip', 'gz index.html'],
    ['deflate', null, 'index.html'],
    ['', null, 'index.html'],
  ])('accept-encoding %j', async (given, coding, text) => {
    const reply = await get('/', given === '' ? {} : { 'accept-encoding': given });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-encoding')).toBe(coding);
    expect(reply.headers.get('vary')).toMatch(/accept-encoding/i);
    expect(await reply.text()).toBe(text);
  });

  test('the document is asked about, its parts are kept for ever', async () => {
    const [document, part] = [await get('/'), await get('/assets/main-1a.js')];
    expect(document.headers.get('cache-control')).toBe('no-cache');
    expect(document.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(part.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(part.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  test('who has it reads nothing again; another coding is another thing', async () => {
    const { headers } = await get('/', { 'accept-encoding': 'gzip' });
    const etag = headers.get('etag') ?? '';
    const again = await get('/', { 'accept-encoding': 'gzip', 'if-none-match': etag });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await get('/', { 'accept-encoding': 'br', 'if-none-match': etag })).status).toBe(200);
  });

  test('a file without a compressed copy is sent as it is', async () => {
    const reply = await get('/assets/icon-2b.svg', { 'accept-encoding': 'br' });
    expect([reply.headers.get('content-encoding'), await reply.text()]).toEqual([null, '<svg/>']);
  });

  test.each([
    '/assets/other.js',
    '/assets/stray-3c.js',
    '/assets/..%2fsecret.txt',
    '/assets/..%2ffiles.json',
    '/assets/main-1a.js.br',
    '/assets/__proto__',
    '/secret.txt',
    '/files.json',
  ])('%s is not listed, so that it is not there', async (at) => {
    const reply = await get(at);
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([404, 'path-unknown']);
  });

  test.each([
    ['no JSON', '{'],
    ['no digest', JSON.stringify({ 'index.html': { sha256: '', codings: { identity: 'index.html' } } })],
    ['nothing in no coding', JSON.stringify({ 'index.html': { sha256: '1'.repeat(64), codings: {} } })],
  ])('a list that is none: %s', (_, text) => {
    const broken = mkdtempSync(path.join(tmpdir(), 'whereabouts-page-'));
    writeFileSync(path.join(broken, 'files.json'), text);
    expect(() => findPage(broken)).toThrow(expect.objectContaining({ code: 'config-invalid' }) as Error);
    rmSync(broken, { recursive: true });
  });

  test('where nothing was built there is nothing', async () => {
    const api = () => new Response('api');
    expect(withPage(api, observers, undefined)).toBe(api);
    const both = withPage(api, observers, page);
    const text = async (at: string) => (await both(new Request(`http://directory.example${at}`), {})).text();
    const places = ['/', '/reference', '/v1/epoch', '/assetsx', '/references'];
    expect(await Promise.all(places.map(text))).toEqual(['index.html', 'reference.html', 'api', 'api', 'api']);
    expect(findPage(path.join(folder, 'assets'))).toBeUndefined();
  });
});

test('what the page is told', async () => {
  expect(await (await get('/page.json')).json()).toEqual({
    sandbox: false,
    directories: ['directory.example'],
    askers: [],
    providers: ['bob.example'],
    samples: [],
  });
});

describe('what it may do', () => {
  test('its own scripts and styles, and https to anybody; everything else is forbidden', async () => {
    const policy = (await get('/')).headers.get('content-security-policy') ?? '';
    expect(policy).toBe(pagePolicy({ sandbox: false }));
    const rules = Object.fromEntries(policy.split('; ').map((rule) => [rule.split(' ', 1)[0], rule]));
    expect(rules).toMatchObject({
      'default-src': "default-src 'none'",
      'script-src': "script-src 'self'",
      'style-src': "style-src 'self'",
      'connect-src': "connect-src 'self' https:",
      'frame-ancestors': "frame-ancestors 'none'",
      'base-uri': "base-uri 'none'",
      'form-action': "form-action 'none'",
    });
    expect(policy).not.toMatch(/unsafe|\*|http:/);
  });

  test('plain http only in the sandbox, and only to this machine', () => {
    expect(pagePolicy({ sandbox: true })).toContain("connect-src 'self' https: http://*.localhost:*;");
  });

  test('data keeps the policy of data', async () => {
    expect((await get('/page.json')).headers.get('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
    expect((await get('/nowhere')).headers.get('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
  });
});
