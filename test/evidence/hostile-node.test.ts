// Hostile URLs, descriptions, servers and names against Node's transport, with a real DNS server, real TLS and a canary on
// loopback: every one is refused with its code, and nothing is reached that is not the attacker's own.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDescriptions } from '../../src/client/descriptions.ts';
import { createSafeFetch, type SafeFetch, type Transport } from '../../src/evidence/safe-fetch.ts';
import { createNodeTransport } from '../../src/platform/node/transport.ts';
import { codeOf } from '../client/world.ts';
import { startCanary, type Canary } from '../support/canary.ts';
import { startDns } from '../support/dns.ts';
import { serveHttps, trustedCertificate, type Served } from '../support/https.ts';
import * as hostile from './hostile.ts';

let canary: Canary;
let dns: Awaited<ReturnType<typeof startDns>>;
let server: Served;
let transport: Transport;
let fetch: SafeFetch;
const asked: string[] = [];
const shown: hostile.Shown[] = [];

beforeAll(async () => {
  canary = await startCanary();
  const { HOSTILE, HOSTILE_ADDRESS: host } = hostile;
  const names = [HOSTILE, `*.${HOSTILE}`, 'victim.example', 'nothostile.example', hostile.REBINDING, '*.names.example'];
  const listener = hostile.hostileListener(asked, () => canary.port);
  server = await serveHttps(await trustedCertificate(names), listener, { host, port: canary.port });
  dns = await startDns({ ...hostile.ZONE, 'victim.example': ['127.0.0.1'], 'nothostile.example': ['127.0.0.1'] });
  transport = createNodeTransport({ allow: [`${host}/32`], dns: dns.server });
  fetch = createSafeFetch(transport, { sandbox: false });
});
afterAll(async () => {
  console.log(hostile.formatShown('on Node', shown));
  await Promise.all([canary.close(), dns.close(), server.close()]);
});

/** Tries it and writes down what came of it. */
async function show(kind: hostile.Shown['kind'], one: hostile.Hostile, work: () => Promise<unknown>) {
  const before = [asked.length, canary.count()] as const;
  const got = await codeOf(work());
  const result = { kind, ...one, got, asked: asked.length - before[0], canary: canary.count() - before[1] };
  shown.push(result);
  return { got, asked: result.asked, canary: result.canary };
}

const described = { describedPort: true, timeoutMs: 8_000 };

test('the canary sings when it is reached, and the attacker’s server answers', async () => {
  await new Promise<void>((done) =>
    connect(canary.port, '127.0.0.1')
      .on('close', () => done())
      .resume(),
  );
  expect(canary.count()).toBe(1);
  const { status } = await fetch(`https://${hostile.HOSTILE}:${canary.port}/ok`, described);
  expect([status, asked]).toEqual([200, [`${hostile.HOSTILE}/ok`]]);
});

describe('URLs', () => {
  test.each(hostile.URLS)('$what', async (one) => {
    const result = await show('url', one, () => fetch(hostile.withPort(one.url, canary.port), described));
    expect(result).toEqual({ got: one.code, asked: 0, canary: 0 });
  });
});

describe('descriptions', () => {
  test.each(hostile.DOCUMENTS.map((one, place) => ({ ...one, place })))('$what', async ({ place, ...one }) => {
    // A domain's description is on port 443; the attacker's server is on another here.
    const ported: Transport = ({ url, ...request }) => {
      const to = new URL(url);
      to.port = String(canary.port);
      return transport({ ...request, url: to });
    };
    const get = createSafeFetch(ported, { sandbox: false });
    const descriptions = createDescriptions({ fetch: get, clock: Date.now, sandbox: false });
    const result = await show('description', one, () => descriptions.fetch(`d${place}.${hostile.HOSTILE}`));
    expect(result).toEqual({ got: one.code, asked: 1, canary: 0 });
  });
});

describe('servers', () => {
  test.each(hostile.SERVERS)('$what', async (one) => {
    const url = `https://${hostile.HOSTILE}:${canary.port}${hostile.pathOf(one, canary.port)}`;
    expect(await show('server', one, () => fetch(url, { ...described, timeoutMs: hostile.patience(one) }))).toEqual({
      got: one.code,
      asked: one.asked,
      canary: 0,
    });
  });
});

describe('names', () => {
  test.each(hostile.NAMES)('$what', async (one) => {
    const result = await show('name', one, () => fetch(`https://${one.name}:${canary.port}/`, described));
    expect(result).toEqual({ got: one.code, asked: 0, canary: 0 });
    expect(dns.asked).toContain(`A ${one.name}`);
  });

  test('an answer that changes between check and use: the connection goes to what was checked', async () => {
    const url = `https://${hostile.REBINDING}:${canary.port}/ok`;
    const one = { what: 'his own address once, then loopback', code: 'url-refused' } as const;
    expect(await show('name', one, () => fetch(url, described))).toEqual({ got: 'no failure', asked: 1, canary: 0 });
    expect(dns.asked.filter((question) => question === `A ${hostile.REBINDING}`)).toHaveLength(1);
    // A connection of its own, so that the name is asked for again.
    const again = createSafeFetch(createNodeTransport({ allow: [`${hostile.HOSTILE_ADDRESS}/32`], dns: dns.server }), {
      sandbox: false,
    });
    const later = { ...one, what: 'the same, later' };
    expect(await show('name', later, () => again(url, described))).toEqual({ got: one.code, asked: 0, canary: 0 });
  });

  test('a redirect to a name of his that is loopback', async () => {
    const name = hostile.NAMES[0]?.name ?? '';
    // Of his own registrable domain, so that only the address is wrong.
    const to = encodeURIComponent(`https://${name}:${canary.port}/`);
    const one = { what: 'a redirect to a name that is loopback', code: 'url-refused' } as const;
    const result = await show('name', one, () => fetch(`https://${hostile.OWN}:${canary.port}/to/${to}`, described));
    expect(result).toEqual({ got: one.code, asked: 1, canary: 0 });
  });
});

test('at least forty of them, and the canary was reached by none', () => {
  expect(shown.length).toBeGreaterThan(120);
  expect(shown.filter(({ canary: reached }) => reached > 0)).toEqual([]);
  expect(canary.count()).toBe(1);
});
