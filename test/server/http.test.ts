// What every role's HTTP does alike: bodies, problem documents, methods, CORS, headers, and silence about failures.
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { readJson } from '../../src/server/body.ts';
import type { Log } from '../../src/server/context.ts';
import { createHttpApp, endpoint } from '../../src/server/http.ts';
import type { Metrics } from '../../src/server/metrics.ts';

const SECRET = 'bob@example.com';
const lines: string[] = [];
const write = (event: string, fields: object = {}): void => void lines.push(JSON.stringify({ event, ...fields }));
const log: Log = { debug: write, info: write, warn: write, error: write };
const counted: [string, Record<string, string>, number?][] = [];
const metrics: Metrics = {
  count: (name, labels, by = 1) => void counted.push([name, labels, by]),
  observe: (name, labels) => void counted.push([name, labels]),
};

const app = createHttpApp({ log, metrics }, { role: 'directory', origins: '*' });
const shape = z.strictObject({ one: z.string().max(10), list: z.array(z.strictObject({ n: z.number() })).optional() });
endpoint(app, '/echo', { POST: async (c) => c.json(await readJson(c, shape, 100)) });
endpoint(app, '/read', { GET: (c) => c.text('read'), PUT: (c) => c.text('put') });
endpoint(app, '/fail/:how', {
  GET: (c) => {
    const how = c.req.param('how');
    if (how === 'bug') throw new TypeError(`cannot read ${SECRET}`);
    if (how === 'gone') throw Object.assign(new Error(SECRET), { code: 'ECONNREFUSED' });
    if (how === 'slow') throw new Error('query', { cause: Object.assign(new Error(SECRET), { code: '57014' }) });
    const cause = Object.assign(new Error(SECRET), { code: 'ENOTFOUND' });
    if (how === 'away') throw new WhereaboutsError('peer-unreachable', undefined, { cause });
    if (how === 'ours') throw new WhereaboutsError('internal-error', undefined, { cause });
    if (how === 'duplicate') throw Object.assign(new Error(SECRET), { code: '23505' });
    throw new WhereaboutsError('quota-exceeded', undefined, { extensions: { retryAfter: 7 } });
  },
});

type Body = string | Uint8Array<ArrayBuffer> | null;
const post = (body: Body, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  app.request('/echo', { method: 'POST', body, headers });

async function problemOf(response: Response): Promise<{ status: number; code: string; text: string }> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const text = await response.text();
  const { code, status, type, title } = JSON.parse(text) as Record<string, string>;
  expect([type, Number(status), typeof title]).toEqual([`urn:whereabouts:error:${code}`, response.status, 'string']);
  return { status: response.status, code: code ?? '', text };
}

describe('bodies', () => {
  test('are read when they are right, charset and all', async () => {
    expect(await (await post('{"one":"x"}')).json()).toEqual({ one: 'x' });
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])
      expect((await post('{"one":"x"}', { 'content-type': type })).status).toBe(200);
  });

  const refused: readonly (readonly [string, Body, Record<string, string>, number, string])[] = [
    ['no type', '{"one":"x"}', { 'content-type': '' }, 415, 'media-type-unsupported'],
    ['a form', 'one=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'media-type-unsupported'],
    ['text', '{"one":"x"}', { 'content-type': 'text/plain' }, 415, 'media-type-unsupported'],
    ['json-ish', '{"one":"x"}', { 'content-type': 'application/jsonp' }, 415, 'media-type-unsupported'],
    ['charset', '{}', { 'content-type': 'application/json; charset=latin1' }, 415, 'media-type-unsupported'],
    [
      'a coding',
      '{"one":"x"}',
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      415,
      'media-type-unsupported',
    ],
  ];
  test.each(refused)('%s is refused by its type', async (_, body, headers, status, code) => {
    expect(await problemOf(await post(body, headers))).toMatchObject({ status, code });
  });

  const shapes: readonly (readonly [string, Body])[] = [
    ['nothing', null],
    ['empty', ''],
    ['no JSON', `{"one": ${SECRET}`],
    ['an array', '["one"]'],
    ['null', 'null'],
    ['missing', '{}'],
    ['wrong type', '{"one":1}'],
    ['too long', `{"one":"${SECRET}"}`],
    ['unknown member', `{"one":"x","${SECRET}":1}`],
    ['unknown member below', `{"one":"x","list":[{"n":1,"${SECRET}":1}]}`],
    ['duplicate member', '{"one":"x","one":"y"}'],
    ['duplicate by escape', '{"one":"x","\\u006fne":"y"}'],
    ['prototype', '{"one":"x","__proto__":{}}'],
    ['not UTF-8', new Uint8Array([123, 34, 111, 110, 101, 34, 58, 34, 0xff, 34, 125])],
    ['a byte order mark', '\uFEFF{"one":"x"}'],
    ['two values', '{"one":"x"}{}'],
    ['deep', `{"one":${'['.repeat(40)}${']'.repeat(40)}}`],
  ];
  test.each(shapes)('%s is request-invalid and not repeated', async (_, body) => {
    const problem = await problemOf(await post(body));
    expect(problem).toMatchObject({ status: 400, code: 'request-invalid' });
    expect(problem.text).not.toContain('bob');
  });

  test('too large ones are refused, announced or not', async () => {
    const large = `{"one":"${'x'.repeat(200)}"}`;
    expect(await problemOf(await post(large))).toMatchObject({ status: 413, code: 'request-too-large' });
    let pulled = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(60));
      },
    });
    const request = new Request('http://localhost/echo', {
      method: 'POST',
      body: stream,
      headers: { 'content-type': 'application/json' },
      duplex: 'half',
    });
    expect(await problemOf(await app.request(request))).toMatchObject({ status: 413, code: 'request-too-large' });
    expect(pulled).toBeLessThan(6);
  });

  test('cut-off ones are request-invalid', async () => {
    const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error(SECRET)) });
    const init = { method: 'POST', body: stream, headers: { 'content-type': 'application/json' } };
    const response = await app.request(new Request('http://localhost/echo', { ...init, duplex: 'half' }));
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'request-invalid' });
  });
});

describe('methods and paths', () => {
  test('what a path does not take is 405 with Allow', async () => {
    for (const method of ['POST', 'DELETE', 'PATCH', 'PROPFIND']) {
      const response = await app.request('/read', { method });
      expect(response.headers.get('allow')).toBe('GET, PUT, HEAD, OPTIONS');
      expect(await problemOf(response)).toMatchObject({ status: 405, code: 'method-refused' });
    }
    expect((await app.request('/echo')).headers.get('allow')).toBe('POST, OPTIONS');
  });

  test('HEAD goes where GET does', async () => {
    const response = await app.request('/read', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('nothing there is 404', async () => {
    for (const path of ['/', '/nothing', '/read/', '/READ', '/fail/'])
      expect(await problemOf(await app.request(path))).toMatchObject({ status: 404, code: 'path-unknown' });
  });
});

describe('headers', () => {
  test('any page may read, never with credentials; errors too', async () => {
    for (const path of ['/read', '/nothing', '/fail/bug', '/fail/quota']) {
      const { headers } = await app.request(path, { headers: { origin: 'https://page.example' } });
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('access-control-expose-headers')).toContain('retry-after');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  test('preflights are answered', async () => {
    const { status, headers } = await app.request('/echo', {
      method: 'OPTIONS',
      headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' },
    });
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-methods')).toContain('PUT');
    expect(headers.get('access-control-allow-headers')).toContain('authorization');
  });

  test('with a list of origins only those are told', async () => {
    const closed = createHttpApp({ log, metrics }, { role: 'directory', origins: ['https://mine.example'] });
    endpoint(closed, '/read', { GET: (c) => c.text('read') });
    const allowed = async (origin: string) =>
      (await closed.request('/read', { headers: { origin } })).headers.get('access-control-allow-origin');
    expect(await allowed('https://mine.example')).toBe('https://mine.example');
    expect(await allowed('https://page.example')).toBeNull();
  });
});

describe('failures', () => {
  const cases: readonly (readonly [string, number, string, string | null])[] = [
    ['quota', 429, 'quota-exceeded', '7'],
    ['bug', 500, 'internal-error', null],
    ['duplicate', 500, 'internal-error', null],
    ['gone', 503, 'overloaded', '5'],
    ['slow', 503, 'overloaded', '5'],
    ['away', 502, 'peer-unreachable', null],
    ['ours', 503, 'overloaded', '5'],
  ];
  test.each(cases)('%s: %i %s', async (how, status, code, retryAfter) => {
    lines.length = 0;
    const response = await app.request(`/fail/${how}`);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status, code });
    expect(problem.text).not.toContain('bob');
    if (status === 500) expect(problem.text).not.toContain('detail');
    // The failure, and the request.
    expect(lines.length).toBe(2);
    expect(lines[0]).toContain('GET /fail/:how');
    expect(lines.join('\n')).not.toContain('bob');
    if (status === 500) expect(lines[0]).toContain('http.test.ts');
  });
});

describe('what is said of requests', () => {
  const ask = async (method: string, path: string) => {
    lines.length = 0;
    counted.length = 0;
    await app.request(path, {
      method,
      headers: { 'x-forwarded-for': '192.0.2.77', authorization: `Bearer ${SECRET}` },
    });
    return { line: JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>, counted: [...counted] };
  };

  test('method, template, status and time; never the path, the query or who asked', async () => {
    const { line, counted: numbers } = await ask('GET', `/fail/quota?who=${SECRET}`);
    const about = { method: 'GET', route: '/fail/:how', role: 'directory' };
    const milliseconds = expect.any(Number) as number;
    expect(line).toEqual({ event: 'request', ...about, status: 429, milliseconds });
    expect(numbers).toEqual([
      ['refusals_total', { role: 'directory', code: 'quota-exceeded' }, 1],
      ['quota_refusals_total', { policy: 'other' }, 1],
      ['http_request_duration_seconds', { ...about, status: '429' }],
    ]);
  });

  test('whatever strangers make up is one route and one method', async () => {
    const labels = async (method: string, path: string) => {
      const { line, counted: numbers } = await ask(method, path);
      return [line['method'], line['route'], numbers.at(-1)?.[1]['route']];
    };
    for (const path of ['/', `/${SECRET}`, '/read/more', `/fail/${SECRET}/x`])
      expect(await labels('GET', path)).toEqual(['GET', 'unknown', 'unknown']);
    for (const method of ['PROPFIND', 'PURGE', SECRET.replace(/\W/g, '')])
      expect(await labels(method, '/read')).toEqual(['other', '/read', '/read']);
    expect(await labels('OPTIONS', '/read')).toEqual(['OPTIONS', '/read', '/read']);
  });
});
