// Checks of bridges (§8.2): what a reply means, who is asked and how often, and that no look-up asks anybody.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createBridgeHealth, listChecks, type HealthCheck, type HealthStore } from '../../src/client/bridge-health.ts';
import { createClient } from '../../src/client/client.ts';
import type { Policy } from '../../src/client/policy.ts';
import { createSafeFetch, type Transport } from '../../src/evidence/safe-fetch.ts';
import { createNodeTransport } from '../../src/platform/node/transport.ts';
import { createFetchTransport } from '../../src/platform/workers/transport.ts';
import type { Bridge } from '../../src/protocol/bridge-listing.ts';
import type { Description } from '../../src/protocol/description.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { serveHttp, type Served } from '../support/https.ts';

const bridge = (health: string, more: Partial<Bridge> = {}): Bridge => ({
  from: ['*'],
  protocol: 'alicechat',
  endpoint: new URL('/in', health).href,
  placement: 'server',
  encryption: 're-encrypted',
  health,
  ...more,
});
const network = (domain: string, bridges: readonly Bridge[]): Description => ({
  version: 1,
  domain,
  provider: { bridges },
});

describe('a reply', () => {
  let served: Served;
  let asked: string[] = [];
  const REPLIES: Readonly<Record<string, readonly [status: number, headers?: Record<string, string>]>> = {
    '/text': [200, { 'content-type': 'text/plain; charset=utf-8' }],
    '/json': [200, { 'content-type': 'application/json' }],
    '/health': [200, { 'content-type': 'application/health+json' }],
    '/empty': [204],
    '/moved': [302, { location: '/json' }],
    '/broken': [503, { 'content-type': 'text/html' }],
    '/missing': [404, { 'content-type': 'text/html' }],
    '/forbidden': [403],
    '/busy': [429, { 'retry-after': '60' }],
    '/page': [200, { 'content-type': 'text/html' }],
    '/elsewhere': [302, { location: 'http://other.localhost/json' }],
    '/inside': [302, { location: 'http://127.0.0.1/json' }],
  };
  beforeAll(async () => {
    served = await serveHttp((request, response) => {
      const path = request.url ?? '';
      asked.push(`${request.method} ${request.headers.host?.split(':')[0]}${path}`);
      const { authorization, cookie, referer, from } = request.headers;
      if ([authorization, cookie, referer, from].some((value) => value !== undefined)) asked.push('told who asks');
      if (path === '/silent') return;
      if (path === '/reset') {
        request.socket.destroy();
        return;
      }
      const [status, headers] = REPLIES[path] ?? [500];
      // A body nobody needs to read.
      response.writeHead(status, headers).end(status === 204 ? undefined : 'x'.repeat(200_000));
    });
  });
  afterAll(() => served.close());
  beforeEach(() => {
    asked = [];
  });

  const paths = [...Object.keys(REPLIES), '/silent', '/reset'];
  const urlOf = (path: string) => `http://${path.slice(1)}.localhost${path}`;
  const TRANSPORTS: readonly [string, () => Transport][] = [
    ['Node', () => createNodeTransport({ allow: [], sandboxPort: served.port })],
    [
      'a runtime that has only fetch',
      () =>
        createFetchTransport({
          sandboxPort: served.port,
          // Node's own resolver knows no `*.localhost`.
          fetch: (input, init) => {
            const to = new URL(input instanceof Request ? input.url : input);
            return fetch(`http://127.0.0.1:${to.port}${to.pathname}`, { ...init });
          },
        }),
    ],
  ];
  test.each(TRANSPORTS)('says whether the bridge answers, or nothing: %s', async (_, transport) => {
    const fetcher = createSafeFetch(transport(), { sandbox: true });
    const health = createBridgeHealth({ fetch: fetcher, clock: () => 1_800_000_000_000 });
    await health.check([
      network(
        'bob.localhost',
        paths.map((path) => bridge(urlOf(path))),
      ),
    ]);
    const find = await health.read();
    expect(Object.fromEntries(paths.map((path) => [path.slice(1), find(urlOf(path))]))).toEqual({
      text: 'up',
      json: 'up',
      health: 'up',
      empty: 'up',
      moved: 'up',
      broken: 'down',
      missing: 'down',
      forbidden: 'down',
      busy: undefined,
      page: undefined,
      elsewhere: undefined,
      inside: undefined,
      silent: 'down',
      reset: 'down',
    });
    // Each once, two redirects followed at most, nothing said of who asks or why.
    expect(asked.filter((line) => !line.startsWith('GET '))).toEqual([]);
    expect(asked).toHaveLength(paths.length + 1);
  });
});

describe('who is asked', () => {
  test('only hosts that have to do with the bridge or whose description it is in', () => {
    const at = 'https://health.example/healthz';
    const cases: readonly [Partial<Bridge>, string, boolean][] = [
      [{ endpoint: 'https://in.health.example/x' }, 'bob.example', true],
      [{ endpoint: 'https://bridge.example/x', operator: 'ops.health.example' }, 'bob.example', true],
      [{ endpoint: 'https://bridge.example/x' }, 'www.health.example', true],
      [{ endpoint: 'https://bridge.example/x' }, 'bob.example', false],
      [{ endpoint: 'https://health.example.net/x', operator: 'healthexample.net' }, 'bob.example', false],
    ];
    for (const [more, domain, isAsked] of cases)
      expect(listChecks([network(domain, [bridge(at, more)])])).toEqual(isAsked ? [at] : []);
    expect(
      listChecks([
        network('health.example', [{ from: ['*'], protocol: 'x', placement: 'p2p', encryption: 'native', health: at }]),
      ]),
    ).toEqual([at]);
  });

  test('a domain a few times, and not more than so many in all', () => {
    const many = Array.from({ length: 300 }, (_, i) => bridge(`https://b.victim.example/${i}`));
    expect(listChecks([network('bob.example', [...many, ...many])])).toHaveLength(8);
    const hosts = Array.from({ length: 300 }, (_, i) => bridge(`https://b${i}.example/healthz`));
    expect(
      listChecks([network('bob.example', hosts.slice(0, 150)), network('c.example', hosts.slice(150))]),
    ).toHaveLength(256);
  });

  test('once a minute, whoever lists it; a word is believed for a quarter of an hour', async () => {
    let now = 1_800_000_000;
    let status = 200;
    const asked: string[] = [];
    const parts = {
      clock: () => now * 1000,
      fetch: async (url: string) => {
        asked.push(url);
        await Promise.resolve();
        return { status, headers: new Headers(), body: new Uint8Array(), url: new URL(url) };
      },
    };
    let kept: readonly HealthCheck[] = [];
    const store: HealthStore = { read: async () => kept, write: async (checks) => void (kept = checks) };
    // Two isolates of one Worker.
    const [one, other] = [createBridgeHealth({ ...parts, store }), createBridgeHealth({ ...parts, store })];
    const url = 'https://b.example/healthz';
    const descriptions = [network('bob.example', [bridge(url)]), network('charlie.example', [bridge(url)])];
    await Promise.all([one.check(descriptions), one.check(descriptions)]);
    expect(asked).toEqual([url]);
    expect((await other.read())(url)).toBe('up');
    now += 59;
    await other.check(descriptions);
    expect(asked).toHaveLength(1);
    now += 1;
    status = 500;
    await other.check(descriptions);
    expect((await one.read())(url)).toBe('down');
    now += 899;
    expect((await one.read())(url)).toBe('down');
    now += 1;
    expect((await one.read())(url)).toBeUndefined();
    await one.check([]);
    // What is no longer listed is forgotten with the next check that is made.
    await one.check([network('d.example', [bridge('https://d.example/healthz')])]);
    expect(kept.map((check) => check.url)).toEqual(['https://d.example/healthz']);
  });
});

describe('a client', () => {
  const ALICE = 'alice.example';
  const BOB = 'bob.example';
  const OPERATOR = 'operator.example';
  const policy: Policy = {
    domain: ALICE,
    directories: ['directory.example'],
    trust: { tel: [], mailto: [] },
    known: [],
    alternatives: [BOB],
  };
  const own = bridge('https://bridge.bob.example/healthz', { priority: 1 });
  const run = bridge(`https://${OPERATOR}/healthz`, { id: 'run', operator: OPERATOR, networks: [BOB], priority: 2 });

  function world() {
    const asked: string[] = [];
    const state: { down: string[]; now: number } = { down: [], now: 1_800_000_000_000 };
    const descriptions: Readonly<Record<string, Description>> = {
      [ALICE]: network(ALICE, []),
      [BOB]: network(BOB, [own, run]),
      [OPERATOR]: network(OPERATOR, [run]),
    };
    const transport: Transport = async ({ url }) => {
      asked.push(url.href);
      if (url.pathname === '/healthz')
        return new Response(null, { status: state.down.includes(url.hostname) ? 503 : 204 });
      const description = descriptions[url.hostname];
      return description === undefined ? new Response(null, { status: 503 }) : Response.json(description);
    };
    const random = (octets: number) => crypto.getRandomValues(new Uint8Array(octets));
    const parts = { policy, transport, sandbox: false, random, group: () => nobleGroup };
    const client = createClient({ ...parts, clock: () => state.now });
    const offered = async () => {
      const [bob] = (await client.where('bob@example.com')).alternatives;
      return [bob?.connect?.operator, ...(bob?.encryption.reasons ?? []).map(({ code }) => code)];
    };
    return { client, asked, state, offered };
  }

  test('asks no bridge because of a question, not even the first', async () => {
    const { client, asked, offered } = world();
    expect(await offered()).toEqual(['bridge.bob.example', 'provider-advertises', 'reencrypted-by-bridge']);
    expect(asked.filter((url) => url.endsWith('/healthz'))).toEqual([]);
    expect(asked.filter((url) => url.includes(OPERATOR))).toEqual([`https://${OPERATOR}/.well-known/whereabouts`]);
    await client.refresh();
    expect(asked.filter((url) => url.endsWith('/healthz')).toSorted()).toEqual([own.health, run.health]);
    const before = asked.length;
    await offered();
    expect(asked.slice(before).filter((url) => !url.includes('directory.example'))).toEqual([]);
  });

  test('passes over a bridge that does not answer, says so, and takes it back when it does', async () => {
    const { client, state, offered } = world();
    /** A minute later everything is checked again. */
    const without = async (...down: string[]) => {
      Object.assign(state, { down, now: state.now + 60_000 });
      await client.refresh();
      return await offered();
    };
    expect(await without('bridge.bob.example')).toEqual([
      OPERATOR,
      'provider-advertises',
      'bridge-passed-over',
      'reencrypted-by-bridge',
      'operator-confirmed',
    ]);
    // Neither answers: the better one is still given, with a word about it.
    expect(await without('bridge.bob.example', OPERATOR)).toEqual([
      'bridge.bob.example',
      'provider-advertises',
      'reencrypted-by-bridge',
      'bridge-down',
    ]);
    expect(await without()).toEqual(['bridge.bob.example', 'provider-advertises', 'reencrypted-by-bridge']);
  });
});
