// Accounts on every service, over real DNS, TLS and HTTP: right author and wrong one, whole marker and part of a word, gone,
// hidden, renamed; every fault of a service, which is never a no; and a table of impersonations, all refused.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSafeFetch } from '../../src/evidence/safe-fetch.ts';
import { checkAccount, hostOf } from '../../src/evidence/check.ts';
import type { EvidenceContext, LinkedClaim } from '../../src/evidence/ask.ts';
import { proofMarker } from '../../src/protocol/chain/names.ts';
import type { Verdict } from '../../src/evidence/verdict.ts';
import { createNodeTransport } from '../../src/platform/node/transport.ts';
import { createTxtResolver } from '../../src/platform/node/txt.ts';
import { parseClaim } from '../../src/protocol/account.ts';
import { startDns, type Texts } from '../support/dns.ts';
import { serveHttps, trustedCertificate, type Served } from '../support/https.ts';
import { LINK, OTHER_LINK, subjects, type Case, type Outcome, type Subject } from './accounts.ts';
import { createServices, FAULTS, REASONS } from './services.ts';

const HOST = '127.0.0.7';
const HOSTS = [
  'api.github.com',
  'gitlab.com',
  'hacker-news.firebaseio.com',
  'plc.directory',
  'bob.example',
  'mallory.bob.example',
  'evil.example',
  'social.example',
  'ap.social.example',
  'matrix.example',
  'matrix.hoster.example',
  'matrix.operator.example',
  'pds.example',
  'bob.pds.example',
];

const services = createServices();
const texts: Texts = {};
let dns: Awaited<ReturnType<typeof startDns>>;
let server: Served;
let ctx: EvidenceContext;

beforeAll(async () => {
  server = await serveHttps(await trustedCertificate(HOSTS), services.listener, { host: HOST });
  dns = await startDns(Object.fromEntries(HOSTS.map((host) => [host, [HOST]])), texts);
  const send = createNodeTransport({ allow: [`${HOST}/32`], dns: dns.server });
  const fetch = createSafeFetch(
    ({ url, ...request }) => {
      const to = new URL(url);
      to.port = String(server.port);
      return send({ ...request, url: to });
    },
    { sandbox: false },
  );
  ctx = {
    fetch: (url, options) => fetch(url, { ...options, timeoutMs: 1_500 }),
    resolveTxt: createTxtResolver(dns.server),
    clock: Date.now,
    checker: 'directory.example',
  };
});
afterAll(async () => {
  await Promise.all([dns.close(), server.close()]);
});
beforeEach(() => {
  services.pages.clear();
  services.asked.length = 0;
  services.fault = undefined;
  for (const name of Object.keys(texts)) delete texts[name];
});

const scene = () => ({ pages: services.pages, texts });

async function check(claim: Omit<LinkedClaim, 'link'>, over: Partial<LinkedClaim> = {}, at = ctx): Promise<Verdict> {
  const verdict = await checkAccount({ link: LINK, ...claim, ...over }, at);
  if (verdict === 'unchanged') throw new Error('unchanged');
  expect(verdict.checker).toBe('directory.example');
  return verdict;
}

const outcomeOf = (verdict: Verdict): Outcome => (verdict.state === 'ok' ? 'ok' : [verdict.state, verdict.reason]);

const run = async (subject: Subject, one: Case): Promise<Outcome> => {
  one.set(scene());
  return outcomeOf(await check(one.claim ?? subject.claim));
};

describe.each(subjects)('$name', (subject) => {
  const { claim, post, cases, html = false } = subject;

  test('the right author with the marker', async () => {
    for (const text of [
      proofMarker(LINK),
      `I am Bob.\n${proofMarker(LINK)}\n`,
      `My proof: "${proofMarker(LINK)}".`,
      `**${proofMarker(LINK)}**`,
    ]) {
      post(scene(), text);
      expect(outcomeOf(await check(claim)), text).toBe('ok');
    }
  });

  test('the marker as part of a longer word, cut, of another case, of another link', async () => {
    const mark = proofMarker(LINK);
    const near = [
      `${mark}A`,
      `${mark}=`,
      `${mark}-`,
      `x${mark}`,
      `not-${mark}`,
      `?${mark}`,
      `https://evil.example/${mark}`,
      `${mark}/x`,
      `${mark}&x`,
      `é${mark}`,
      `${mark}é`,
      `${mark}\u200b`,
      mark.slice(0, -1),
      mark.toUpperCase(),
      `Whereabouts${mark.slice(11)}`,
      LINK,
      proofMarker(OTHER_LINK),
      mark.replace('=', ' = '),
      `${mark.slice(0, 30)}\n${mark.slice(30)}`,
      '',
    ];
    for (const text of near) {
      post(scene(), text);
      expect(outcomeOf(await check(claim)), JSON.stringify(text)).toEqual(['failed', 'statement-missing']);
    }
  });

  test('in HTML or in text, as the service has it', async () => {
    const coded = proofMarker(LINK).replace('=', '&#61;').replace('w', '&#x77;');
    for (const text of [
      `<p>hello <b>${proofMarker(LINK)}</b></p>`,
      `<p>one</p><p>${coded}</p>`,
      `a &lt; b<br>${coded}`,
      `<span>${proofMarker(LINK).slice(0, 20)}</span><span>${proofMarker(LINK).slice(20)}</span>`,
    ]) {
      post(scene(), text);
      expect(outcomeOf(await check(claim)), text).toEqual(html ? 'ok' : ['failed', 'statement-missing']);
    }
  });

  test.each(cases)('$what', async (one) => {
    expect(await run(subject, one)).toEqual(one.expected);
  });
});

test.each(Object.entries(FAULTS))(
  '%s leaves an account unknown on every service, and is never a no',
  async (what, fault) => {
    const web = subjects.filter(({ name }) => name !== 'dns');
    for (const { post } of web) post(scene(), proofMarker(LINK));
    services.fault = fault;
    const outcomes = await Promise.all(web.map(async ({ claim }) => outcomeOf(await check(claim))));
    expect(outcomes).toEqual(web.map(() => ['unreachable', REASONS[what]]));
    services.fault = undefined;
    for (const { claim } of web) expect(outcomeOf(await check(claim))).toBe('ok');
  },
);

test('whom looking burdens: one host for a service, a registrable domain for what people run themselves', () => {
  const hosts = Object.fromEntries(subjects.map(({ name, claim }) => [name, hostOf(claim)]));
  expect(hosts).toEqual({
    dns: 'bob.example',
    https: 'bob.example',
    github: 'api.github.com',
    gitlab: 'gitlab.com',
    activitypub: 'social.example',
    matrix: 'matrix.example',
    bluesky: 'plc.directory',
    hackernews: 'hacker-news.firebaseio.com',
  });
  const of = (service: string, account: string, where?: string) => hostOf(parseClaim({ service, account, where }));
  expect(of('activitypub', '@bob@a.b.social.example')).toBe('social.example');
  expect(of('bluesky', 'bob.social.example', 'at://did:web:bob.example/app.bsky.actor.profile/self')).toBe(
    'social.example',
  );
  expect(of('keybase', 'bob')).toBeUndefined();
});

test('how long a service asks to be left alone is told, a day at most', async () => {
  const claim = parseClaim({ service: 'https', account: 'bob.example' });
  const ask = async (what: string) => {
    services.fault = FAULTS[what];
    const verdict = await check(claim);
    return verdict.state === 'unreachable' ? verdict.retryAfterSeconds : undefined;
  };
  expect(await ask('429 with Retry-After')).toBe(120);
  expect(await ask('503 with Retry-After')).toBe(30);
  expect(await ask('429 without')).toBeUndefined();
  expect(await ask('GitHub’s 403 with nothing left')).toBeGreaterThan(590);
  for (const [text, seconds] of [
    ['999999999', 86_400],
    [new Date(Date.now() + 60_000).toUTCString(), 60],
    ['soon', undefined],
    ['-1', 1],
    ['0', 1],
  ] as const) {
    services.fault = (_, response) => void response.writeHead(429, { 'retry-after': text }).end();
    const verdict = await check(claim);
    const got = verdict.state === 'unreachable' ? verdict.retryAfterSeconds : undefined;
    if (seconds === 60) expect(Math.abs((got ?? 0) - 60)).toBeLessThan(3);
    else if (text !== '-1') expect(got, text).toBe(seconds);
  }
});

test('a service nobody can be connected to, a name without addresses, an address that is not public', async () => {
  for (const account of ['nobody.example', 'nowhere.example'])
    expect(outcomeOf(await check(parseClaim({ service: 'https', account })))).toEqual(['unreachable', 'host-silent']);
  const local = await startDns({ 'bob.example': ['127.0.0.1'] });
  const send = createNodeTransport({ dns: local.server });
  const fetch = createSafeFetch(send, { sandbox: false });
  const verdict = await check(parseClaim({ service: 'https', account: 'bob.example' }), {}, { ...ctx, fetch });
  expect(outcomeOf(verdict)).toEqual(['unreachable', 'answer-unusable']);
  await local.close();
});

test('an ETag spares the answer, and only where it was sent', async () => {
  const claim = parseClaim({ service: 'https', account: 'bob.example' });
  const at = 'bob.example/.well-known/whereabouts-proof.txt';
  services.pages.set(at, { type: 'text/plain', headers: { etag: '"v1"' }, body: proofMarker(LINK) });
  const verdict = await check(claim);
  expect(verdict).toMatchObject({ state: 'ok', etag: '"v1"' });
  expect(await checkAccount({ ...claim, link: LINK, etag: '"v1"' }, ctx)).toBe('unchanged');
  services.pages.set(at, { type: 'text/plain', headers: { etag: '"v2"' }, body: 'gone' });
  expect(outcomeOf(await check(claim, { etag: '"v1"' }))).toEqual(['failed', 'statement-missing']);
  // A 304 nobody asked for is no answer.
  services.fault = (_, response) => void response.writeHead(304).end();
  expect(outcomeOf(await check(claim))).toEqual(['unreachable', 'answer-unusable']);
});

test('tokens go to their own service and to nobody else', async () => {
  const tokens = {
    github: 'gh-secret',
    gitlab: 'gl-secret',
    matrix: { url: 'https://matrix.operator.example', token: 'mx-secret' },
  };
  for (const { claim, cases, impersonations } of subjects)
    for (const one of [...cases, ...impersonations]) {
      services.pages.clear();
      one.set(scene());
      await checkAccount({ ...(one.claim ?? claim), link: LINK }, { ...ctx, tokens });
    }
  const carried = services.asked.flatMap(({ at, headers }) => {
    const text = JSON.stringify(headers);
    return Object.entries({
      'gh-secret': 'api.github.com/',
      'gl-secret': 'gitlab.com/api/',
      'mx-secret': 'matrix.operator.example/_matrix/client/',
    })
      .filter(([secret]) => text.includes(secret))
      .map(([, home]) => at.startsWith(home));
  });
  expect(carried.length).toBeGreaterThan(30);
  expect(carried.every(Boolean)).toBe(true);
  expect(services.asked.some(({ at }) => /-secret/.test(at))).toBe(false);
});

describe('impersonations', () => {
  const rows = subjects.flatMap((subject) =>
    subject.impersonations.map((one) => ({ service: subject.name, what: one.what, one, subject })),
  );
  test.each(rows)('$service: $what', async ({ one, subject }) => {
    const outcome = await run(subject, one);
    expect(outcome).toEqual(one.expected);
    expect(outcome).not.toBe('ok');
  });

  test('at least three for every service', () => {
    for (const { name, impersonations } of subjects) expect(impersonations.length, name).toBeGreaterThanOrEqual(3);
    expect(rows.length).toBeGreaterThan(45);
  });
});
