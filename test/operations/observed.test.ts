// A production directory that is watched with everything there is: log at its most talkative, metrics, traces. After deposits,
// look-ups, withdrawals and refusals it is known what happened and how long it took, and nothing of who or about whom.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgres } from '../../src/platform/node/postgres.ts';
import { parseConfigText } from '../../src/protocol/config-text.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { createVkey, formatVkey, KEY_TYPES } from '../../src/protocol/log/vkey.ts';
import { blind } from '../../src/protocol/oprf.ts';
import { formatB64u, formatHex, utf8 } from '../../src/protocol/wire.ts';
import { METRICS } from '../../src/server/metrics.ts';
import { createDescriptionStore } from '../../src/server/store/descriptions.ts';
import { attributesOf, startCollector, type CollectedSpan, type Collector } from '../support/collector.ts';
import { createPostgresDatabase } from '../support/database.ts';
import {
  clientToken,
  createLogSigner,
  createDepositor,
  createParty,
  DOMAIN,
  makeDeposit,
} from '../support/directory.ts';
import { makeHome, run, startServer } from '../support/program.ts';
import { findTraces, needles, spellings } from '../support/traces.ts';
import { signWithdrawal } from '../../src/protocol/token/withdrawal.ts';

const PHONE = 'tel:+442079460642';
const MAIL = 'mailto:very.unusual+tag@example.com';
const CLIENT = '203.0.113.77';
/** Of a gatekeeper’s user. */
const PSEUDONYM = formatB64u(utf8('pseudonym of a user'));
const FORGED_TRACE = 'deadbeefdeadbeefdeadbeefdeadbeef';
const STRANGER = 'stranger-nobody-listed.example';
const WITNESS = 'witness.example/witness';

const seconds = (): number => Math.floor(Date.now() / 1000);
const random = (octets: number): Uint8Array => new Uint8Array(randomBytes(octets));

let collector: Collector;
const written = { log: '', metrics: '', spans: '' };
let spans: CollectedSpan[];
/** Everything that must not be found. */
const secrets: string[] = [...spellings(PHONE, ['+44 20 7946 0642']), ...spellings(MAIL), CLIENT];
const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

beforeAll(async () => {
  const home = makeHome();
  closers.push(() => home.remove());
  collector = await startCollector();
  closers.push(() => collector.close());
  const place = await createPostgresDatabase();
  closers.push(() => place.drop());
  const party = await createParty('issuer.example');
  const stranger = await createParty(STRANGER);
  const database = await openPostgres(place.url);
  const store = createDescriptionStore(database.db);
  const description = { version: 1, domain: party.domain, name: 'Issuer', jwks: { keys: [party.jwk] } };
  await store.claim(party.domain, seconds(), seconds() - 1);
  await store.save(party.domain, { body: JSON.stringify(description), fetchedAt: seconds() });
  await database.close();
  const { publicKey } = (await createLogSigner()).key;
  const env = {
    ...home.env,
    DATABASE_URL: place.url,
    WHEREABOUTS_DOMAIN: DOMAIN,
    WHEREABOUTS_PORT: '0',
    WHEREABOUTS_LISTED: party.domain,
    WHEREABOUTS_KEYS: path.join(home.folder, 'keys.json'),
    WHEREABOUTS_LOG_LEVEL: 'debug',
    WHEREABOUTS_METRICS_PORT: '0',
    WHEREABOUTS_TRUSTED_PROXIES: '127.0.0.1',
    WHEREABOUTS_QUOTA_GATEKEEPER: '3 refill 1 per day',
    WHEREABOUTS_WITNESSES: `${formatVkey(createVkey(WITNESS, KEY_TYPES.cosignature, publicKey))}@https://witness.example`,
    // Nobody answers here.
    WHEREABOUTS_DNS: '127.0.0.1:9',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  };
  expect((await run(['init'], env)).code).toBe(0);
  const keys = readFileSync(env.WHEREABOUTS_KEYS, 'utf8');
  secrets.push(...[...keys.matchAll(/"(?:secret|d|pepper)":\s*"([^"]+)"/g)].map((match) => match[1] ?? ''));
  const server = await startServer(['serve'], env, /"event":"listening"/);
  closers.push(() => server.stop('SIGKILL'));
  const port = Number(/"port":(\d+)/.exec(server.stderr())?.[1]);
  const metricsPort = Number(/"metricsPort":(\d+)/.exec(server.stderr())?.[1]);

  const ask = async (expected: number, method: string, at: string, body?: unknown, authorization?: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${at}`, {
      method,
      headers: {
        'x-forwarded-for': CLIENT,
        traceparent: `00-${FORGED_TRACE}-deadbeefdeadbeef-01`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(authorization === undefined ? {} : { authorization: `Bearer ${authorization}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    expect([method, response.status, text]).toMatchObject([method, expected, expect.any(String)]);
    return text;
  };

  const now = seconds();
  const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
  const depositor = await createDepositor(random(32));
  const made = await makeDeposit(depositor, [party], times);
  await ask(201, 'PUT', made.path, made.body);
  await ask(200, 'PUT', made.path, made.body);
  const foreign = await makeDeposit(await createDepositor(random(32)), [stranger], times);
  await ask(403, 'PUT', foreign.path, foreign.body);

  const [key] = parseConfigText(await ask(200, 'GET', '/v1/config')).keys;
  const blinded = blind(nobleGroup, [PHONE, MAIL].map(utf8), random).blinded.map(formatB64u);
  const evaluation = { key: key?.id, blinded };
  const token = () => clientToken(party, { aud: DOMAIN, iat: seconds(), exp: seconds() + 60, sub: PSEUDONYM });
  const tokens = [await token(), await token()];
  await ask(200, 'POST', '/v1/evaluate', evaluation, tokens[0]);
  await ask(429, 'POST', '/v1/evaluate', evaluation, tokens[1]);
  await ask(401, 'POST', '/v1/evaluate', evaluation);
  await ask(200, 'GET', '/v1/buckets/4/7');
  await ask(200, 'GET', '/v1/buckets/4/7');
  await ask(200, 'GET', `/v1/sealed/${made.digest}`);
  const misplaced = encodeURIComponent(PHONE);
  await ask(404, 'GET', `/v1/${misplaced}?mail=${encodeURIComponent(MAIL)}`);
  await ask(400, 'GET', `/v1/buckets/4/${misplaced}`);
  await ask(400, 'POST', '/v1/evaluate', { key: PHONE, blinded: [MAIL] });

  const sub = formatB64u(depositor.name);
  const claims = { by: 'holder', aud: DOMAIN, sub, seq: 2, iat: seconds(), exp: seconds() + 300 } as const;
  const withdrawal = await signWithdrawal(claims, depositor.key);
  await ask(200, 'POST', `${made.path}/withdrawal`, { withdrawal });

  secrets.push(sub, formatHex(depositor.name), depositor.key.jkt, made.digest, made.body.sealed.slice(0, 64));
  secrets.push(...blinded, ...tokens, made.body.deposit, withdrawal, ...made.body.attestations, PSEUDONYM);

  written.metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  for (const [method, at] of [
    ['GET', '/'],
    ['GET', '/v1/config'],
    ['POST', '/metrics'],
  ] as const)
    expect((await fetch(`http://127.0.0.1:${metricsPort}${at}`, { method })).status).toBe(404);
  // Spans that wait are sent before the end.
  expect(await server.stop()).toBe(0);
  written.log = server.stderr();
  written.spans = collector.bodies.join('\n');
  spans = collector.spans();
}, 120_000);

describe('what is known afterwards', () => {
  const sample = (line: string): number => {
    const [, value] =
      written.metrics
        .split('\n')
        .find((one) => one.startsWith(`whereabouts_${line} `))
        ?.split(' ') ?? [];
    return Number(value);
  };

  test('how often what happened', () => {
    const expected = {
      'deposits_total{outcome="created"}': 1,
      'deposits_total{outcome="unchanged"}': 1,
      'deposits_total{outcome="issuer-refused"}': 1,
      'withdrawals_total{outcome="done"}': 1,
      'evaluations_total{outcome="done"}': 1,
      'evaluations_total{outcome="quota-exceeded"}': 1,
      'evaluations_total{outcome="credentials-required"}': 1,
      evaluation_elements_total: 2,
      evaluation_duration_seconds_count: 1,
      'quota_refusals_total{policy="gatekeeper"}': 1,
      'refusals_total{role="directory",code="path-unknown"}': 1,
      'bucket_replies_total{from="database"}': 1,
      'bucket_replies_total{from="memory"}': 1,
      'description_fetches_total{outcome="peer-unreachable"}': 1,
      'http_request_duration_seconds_count{role="directory",method="GET",route="/v1/buckets/:depth/:bucket",status="200"}': 2,
      'http_request_duration_seconds_count{role="directory",method="GET",route="unknown",status="404"}': 1,
      records: 0,
      waiting_changes: 0,
      database_up: 1,
      'database_waiting{use="statement"}': 0,
      'database_waiting{use="transaction"}': 0,
      evaluation_waiting_elements: 0,
    };
    const found = Object.fromEntries(Object.keys(expected).map((line) => [line, sample(line)]));
    expect(found).toEqual(expected);
    // The first epoch, the deposit's, the withdrawal's.
    expect(sample('published_epochs')).toBeGreaterThanOrEqual(3);
    expect(sample('epochs_total{outcome="published"}')).toBe(sample('published_epochs'));
    expect(sample('epoch_changes_sum')).toBe(2);
    expect(sample(`witness_verdicts_total{witness="${WITNESS}",verdict="unreachable"}`)).toBeGreaterThanOrEqual(3);
    expect(Math.abs(sample('checkpoint_timestamp_seconds') - Date.now() / 1_000)).toBeLessThan(120);
    expect(sample('database_running{use="transaction"}')).toBeLessThanOrEqual(6);
    for (const stage of ['make', 'sign', 'commit', 'witness', 'publish', 'copy'])
      expect(sample(`epoch_stage_duration_seconds_count{stage="${stage}"}`)).toBe(sample('published_epochs'));
  });

  test('every metric of the table, and none beside it but those of the process', () => {
    const names = [...written.metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((match) => [match[1], match[2]]);
    const ours = names.filter(([name]) => name?.startsWith('whereabouts_'));
    expect(ours).toEqual(Object.entries(METRICS).map(([name, { kind }]) => [`whereabouts_${name}`, kind]));
    const others = names.filter(([name]) => name?.startsWith('whereabouts_') !== true);
    expect(others.filter(([name]) => !/^(?:process|nodejs)_/.test(name ?? ''))).toEqual([]);
    expect(others.length).toBeGreaterThan(20);
  });

  test('a trace of each request, of its own', () => {
    const named = (name: string) => spans.filter((span) => span.name === name);
    const [deposit] = named('PUT /v1/records/:name');
    expect(deposit && attributesOf(deposit)).toEqual({
      'http.request.method': 'PUT',
      'http.route': '/v1/records/:name',
      'http.response.status_code': 201,
      'whereabouts.role': 'directory',
    });
    expect(deposit).toMatchObject({ kind: 2, events: [], links: [] });
    const inDeposit = spans.filter(({ traceId }) => traceId === deposit?.traceId).map(({ name }) => name);
    expect(inDeposit).toEqual(expect.arrayContaining(['INSERT', 'SELECT', 'BEGIN', 'COMMIT']));

    const [evaluated, refused] = named('POST /v1/evaluate');
    const [charge] = named('charge');
    const [work] = named('evaluate');
    expect([charge?.parentSpanId, work?.parentSpanId]).toEqual([evaluated?.spanId, evaluated?.spanId]);
    expect(work && attributesOf(work)).toEqual({ 'whereabouts.elements': 2 });
    expect(refused && attributesOf(refused)).toMatchObject({ 'error.type': 'quota-exceeded' });
    for (const stage of ['make', 'sign', 'commit', 'witness', 'publish', 'copy'])
      expect(named(`epoch ${stage}`).length).toBeGreaterThanOrEqual(3);
    expect(named('epoch make')[0]?.parentSpanId).toBe(named('epoch').at(0)?.spanId);
    const hosts = new Set(named('fetch').map((span) => attributesOf(span)['server.address']));
    // Whom the operator named by his name, others by none.
    expect(hosts).toEqual(new Set(['witness.example', undefined]));
  });

  test('lines of requests: template, status, time', () => {
    const lines = written.log.split('\n').filter((line) => line.includes('"event":"request"'));
    expect(lines.length).toBe(14);
    const keys = new Set(lines.map((line) => Object.keys(JSON.parse(line) as object).join(' ')));
    expect(keys).toEqual(new Set(['level time event role method route status milliseconds']));
  });
});

describe('what is not', () => {
  test('spans say what is on the list, of this machine nothing', () => {
    const keys = new Set(spans.flatMap((span) => Object.keys(attributesOf(span))));
    expect([...keys].toSorted()).toEqual([
      'db.operation.name',
      'db.system.name',
      'error.type',
      'http.request.method',
      'http.response.status_code',
      'http.route',
      'server.address',
      'whereabouts.elements',
      'whereabouts.role',
    ]);
    for (const resource of collector.resources()) expect(resource).toEqual({ 'service.name': 'whereabouts' });
    expect(spans.every(({ events, links, status }) => events.length + links.length === 0 && !status.message)).toBe(
      true,
    );
  });

  test('no stranger decides what is traced, or is told what', () => {
    expect(written.spans.includes(FORGED_TRACE)).toBe(false);
    expect(spans.filter(({ kind, parentSpanId }) => kind === 2 && parentSpanId)).toEqual([]);
    for (const where of ['spans', 'metrics'] as const) expect(written[where].includes(STRANGER)).toBe(false);
  });

  test('no label has more values than are known beforehand', () => {
    const values = (label: string) =>
      new Set([...written.metrics.matchAll(new RegExp(`[{,]${label}="([^"]*)"`, 'g'))].map((match) => match[1] ?? ''));
    expect([...values('method')].filter((value) => !/^(?:GET|POST|PUT)$/.test(value))).toEqual([]);
    expect(
      [...values('route')].filter((value) => !/^(?:unknown|[\w/:.*-]+)$/.test(value) || /\d{2}/.test(value)),
    ).toEqual([]);
    expect(values('witness')).toEqual(new Set([WITNESS]));
  });

  test.each(['log', 'metrics', 'spans'] as const)(
    'an identifier, element, name, token, key or address: %s',
    (where) => {
      expect(written[where].length).toBeGreaterThan(1_000);
      expect(secrets.length).toBeGreaterThan(24);
      const wanted = needles(secrets);
      const search = (text: string) => findTraces([{ where, octets: Buffer.from(text) }], wanted);
      expect(search(written[where])).toEqual([]);
      // The search would find each of them.
      for (const secret of secrets) expect(search(`${written[where]}${secret}`).length).toBeGreaterThan(0);
    },
  );
});
