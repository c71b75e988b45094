// The daily re-check (§4.1): who is asked about what and when, what each answer does, and what nobody is asked. On both databases.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSafeFetch, type SafeFetch, type Transport } from '../../../src/evidence/safe-fetch.ts';
import { WhereaboutsError } from '../../../src/protocol/errors.ts';
import { readAttestation } from '../../../src/protocol/token/attestation.ts';
import { formatB64u } from '../../../src/protocol/wire.ts';
import { recheck } from '../../../src/server/directory/recheck.ts';
import { checkDirectory, readState } from '../../support/check-directory.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  attest,
  createDepositor,
  createParty,
  createTestDirectory,
  makeDeposit,
  outcome,
  put,
  START,
  type Depositor,
  type DirectoryOptions,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';

const HOUR = 3_600;
const DAY = 86_400;

const problem = (status: number) =>
  new Response('{}', { status, headers: { 'content-type': 'application/problem+json' } });
const jwt = (token: string) => new Response(token, { headers: { 'content-type': 'application/jwt' } });

type Answer = (url: URL) => Response | Promise<Response>;

describe.each(LONG_ENGINES)('re-checking on %s', (engine) => {
  let database: TestDatabase;
  let directory: TestDirectory;
  let bob: Party;
  let telco: Party;
  let asked: string[];
  /** What issuers answer; how many are asked at once at most. */
  let answer: Answer;
  let atOnce: number;
  let fetch: SafeFetch;

  const open = (options: DirectoryOptions = {}): void => {
    directory = createTestDirectory(database, options);
    for (const { domain, jwk } of [bob, telco])
      directory.world.descriptions.set(
        domain,
        JSON.stringify({
          version: 1,
          domain,
          jwks: { keys: [jwk] },
          issuer: { api: `https://${domain}`, attestations: `https://${domain}:8443/kept/{jti}` },
        }),
      );
    asked = [];
    answer = () => jwt('x.y.z');
    atOnce = 0;
    let now = 0;
    const transport: Transport = async ({ url, method, headers }) => {
      asked.push(`${method} ${url.href} ${headers['accept']}`);
      atOnce = Math.max(atOnce, ++now);
      try {
        return await answer(url);
      } finally {
        now--;
      }
    };
    const safe = createSafeFetch(transport, { sandbox: false });
    fetch = (url, given) => safe(url, { ...given, timeoutMs: 100 });
  };

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    [bob, telco] = await Promise.all([createParty('bob.example'), createParty('telco.example')]);
  });
  beforeEach(async () => {
    await emptyTables(database);
    open();
  });
  afterAll(() => database.close());

  const run = (signal?: AbortSignal) => recheck({ ...directory.ctx, fetch }, signal);
  const at = (seconds: number) => (directory.time.now = seconds * 1000);
  const evidence = async () => (await readState(database.db)).evidence;
  const schedule = async () => {
    const [one] = await evidence();
    return { at: one?.recheckAt ?? Number.NaN, failures: one?.recheckFailures };
  };

  /** A record, due for its first re-check now. */
  async function depositDue(depositor: Depositor, tokens: readonly string[]) {
    const made = await makeDeposit(depositor, [], { attestations: tokens });
    expect(await outcome(put(directory, made))).toEqual({ status: 201 });
    at(START + DAY);
    return made;
  }

  test('at a random time within a day, then about a day later: the right address, and nobody before', async () => {
    const firsts: number[] = [];
    for (let i = 0; i < 5; i++) {
      await emptyTables(database);
      at(START);
      const depositor = await createDepositor();
      const token = await attest(bob, depositor);
      await put(directory, await makeDeposit(depositor, [], { attestations: [token] }));
      const first = await schedule();
      expect(first.failures).toBe(0);
      firsts.push(first.at - START);
      at(first.at - 1);
      await run();
      expect(asked).toEqual([]);
      at(first.at);
      await run();
      await run();
      const { jti } = readAttestation(token);
      expect(asked.splice(0)).toEqual([
        `GET https://bob.example:8443/kept/${jti} application/jwt, application/problem+json`,
      ]);
      const next = (await schedule()).at - first.at;
      expect(next).toBeGreaterThanOrEqual(DAY / 2);
      expect(next).toBeLessThan(1.5 * DAY);
    }
    expect(new Set(firsts).size).toBeGreaterThan(1);
    for (const first of firsts) expect(first).toBeLessThan(DAY);
  });

  test.each<[string, Answer]>([
    ['as our own issuer says it', () => problem(410)],
    [
      'as a web server says it',
      () => new Response('<h1>Gone</h1>', { status: 410, headers: { 'content-type': 'text/html' } }),
    ],
    ['without a word', () => new Response(null, { status: 410 })],
  ])('410 %s: withdrawn, as if the issuer had told us', async (_, reply) => {
    const jti = formatB64u(new Uint8Array(16).fill(7));
    const depositor = await createDepositor();
    const token = await attest(bob, depositor, { jti });
    const other = await createDepositor();
    await put(directory, await makeDeposit(other, [], { attestations: [await attest(bob, other, { jti })] }));
    const bystander = await createDepositor();
    await put(directory, await makeDeposit(bystander, [telco]));
    const made = await depositDue(depositor, [token, await attest(telco, depositor)]);
    answer = (url) => (url.hostname === 'bob.example' ? reply(url) : jwt('x.y.z'));
    await run();
    expect(directory.log.at(-1)).toMatchObject({ event: 'rechecked', fields: { withdrawn: 1, unreachable: 0 } });
    const { records, withdrawn } = await checkDirectory(database.db, START + DAY);
    expect(records.map(({ name }) => name)).toEqual([bystander.name]);
    expect(withdrawn).toMatchObject([{ issuer: 'bob.example', until: readAttestation(token).exp }]);
    const again = await makeDeposit(depositor, [], { seq: 2, attestations: made.body.attestations });
    expect(await outcome(put(directory, again))).toEqual({ status: 410, code: 'attestation-withdrawn' });
  });

  test.each<[string, (token: string) => Response]>([
    ['200 and the token', (token) => jwt(token)],
    ['200 and another body', () => jwt('something else')],
    ['200 and a web page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['200 and too much', () => jwt('x'.repeat(100_000))],
    ['204', () => new Response(null, { status: 204 })],
    ['404', () => problem(404)],
    ['403', () => problem(403)],
    ['a redirect to elsewhere', () => Response.redirect('https://other.example/', 302)],
  ])('%s: the record stays, asked again about a day later', async (_, reply) => {
    const depositor = await createDepositor();
    const token = await attest(bob, depositor);
    await depositDue(depositor, [token]);
    answer = () => reply(token);
    await run();
    expect(asked.length).toBe(1);
    const { records } = await checkDirectory(database.db, START + DAY);
    expect(records.length).toBe(1);
    const next = await schedule();
    expect(next.failures).toBe(0);
    expect(next.at).toBeGreaterThanOrEqual(START + 1.5 * DAY);
    expect(directory.log.at(-1)).toMatchObject({ event: 'rechecked', fields: { standing: 1 } });
  });

  test.each<[string, Answer]>([
    ['500', () => problem(500)],
    ['503', () => problem(503)],
    ['429', () => problem(429)],
    ['no connection', () => Promise.reject(new Error('refused'))],
    ['no answer in time', () => new Promise<Response>(() => undefined)],
  ])('%s: the record stays, asked again in an hour, then in two', async (_, reply) => {
    const depositor = await createDepositor();
    await depositDue(depositor, [await attest(bob, depositor)]);
    answer = reply;
    await run();
    expect(await schedule()).toEqual({ at: START + DAY + HOUR, failures: 1 });
    await run();
    expect(asked.length).toBe(1);
    at(START + DAY + HOUR);
    await run();
    expect(await schedule()).toEqual({ at: START + DAY + 3 * HOUR, failures: 2 });
    expect((await checkDirectory(database.db, START + DAY)).records.length).toBe(1);
    expect(directory.log.at(-1)).toMatchObject({ event: 'rechecked', fields: { unreachable: 1, withdrawn: 0 } });
  });

  test('silence puts off for a day at most, and an answer ends it', async () => {
    const depositor = await createDepositor();
    await depositDue(depositor, [await attest(bob, depositor)]);
    answer = () => problem(500);
    let now = START + DAY;
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      at(now);
      await run();
      const next = (await schedule()).at;
      waits.push((next - now) / HOUR);
      now = next;
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 24, 24, 24]);
    at(now);
    answer = () => problem(404);
    await run();
    expect((await schedule()).failures).toBe(0);
  });

  test('an issuer whose description is gone is asked later, one that serves no attestations is left in peace', async () => {
    const depositor = await createDepositor();
    await depositDue(depositor, [await attest(bob, depositor), await attest(telco, depositor)]);
    at(START + 10 * DAY);
    directory.world.descriptions.set('bob.example', new WhereaboutsError('provider-unknown'));
    directory.world.join(telco);
    await run();
    expect(asked).toEqual([]);
    const [first, second] = (await evidence()).toSorted((a, b) => a.issuer.localeCompare(b.issuer));
    expect(first).toMatchObject({ issuer: 'bob.example', recheckAt: START + 10 * DAY + HOUR, recheckFailures: 1 });
    expect(second).toMatchObject({ issuer: 'telco.example', recheckFailures: 0 });
    expect(second?.recheckAt).toBeGreaterThanOrEqual(START + 10.5 * DAY);
  });

  test('a change does not put it off, a fresh attestation is asked about afresh', async () => {
    const depositor = await createDepositor();
    const attestations = [await attest(bob, depositor), await attest(telco, depositor)];
    await put(directory, await makeDeposit(depositor, [], { attestations }));
    await database.query(`update evidence set recheck_at = ${START + 77}, recheck_failures = 3`);
    const kept = [attestations[0] ?? '', await attest(telco, depositor, { issuedAt: START + 1 })];
    expect(await outcome(put(directory, await makeDeposit(depositor, [], { seq: 2, attestations: kept })))).toEqual({
      status: 200,
    });
    const rows = await evidence();
    expect(rows.find(({ issuer }) => issuer === 'bob.example')?.recheckAt).toBe(START + 77);
    expect(rows.find(({ issuer }) => issuer === 'telco.example')?.recheckAt).not.toBe(START + 77);
  });

  /** Evidence that is due and has no record: for runs that take nothing out. */
  const fill = (issuer: string, domain: string, count: number) =>
    database.query(
      `insert into evidence (name, issuer, holder, jti, digest, domain, issued_at, expires_at)
       select sha256(('${issuer}' || i)::bytea), '${issuer}', sha256('h'), substr(sha256(i::text::bytea), 1, 16),
         sha256('d'), '${domain}', ${START}, ${START + 100 * DAY} from generate_series(1, ${count}) as i`,
    );

  test('four instances at once ask about each attestation once', async () => {
    await fill('bob.example', 'bob.example', 30);
    await fill('telco.example', 'telco.example', 30);
    await Promise.all([run(), run(), run(), run()]);
    expect(asked.length).toBe(60);
    expect(new Set(asked).size).toBe(60);
    const rows = await evidence();
    expect(rows.every(({ recheckAt }) => recheckAt > START)).toBe(true);
  });

  test('a stranger is asked one thing at a time and a hundred a run, whoever is listed more', async () => {
    open({ listed: ['id.telco.example'] });
    answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return problem(404);
    };
    await fill('bob.example', 'bob.example', 120);
    await run();
    expect([asked.length, atOnce]).toEqual([100, 1]);
    await run();
    expect([asked.length, atOnce]).toEqual([120, 1]);
    await fill('telco.example', 'telco.example', 120);
    await run();
    expect(asked.length).toBe(240);
    expect(atOnce).toBeGreaterThan(1);
  });

  test('whoever is silent is asked once a run, whatever else is due there, and others of his domain are not', async () => {
    await fill('bob.example', 'bob.example', 10);
    const chat = await createParty('chat.bob.example');
    directory.world.descriptions.set(
      chat.domain,
      JSON.stringify({
        version: 1,
        domain: chat.domain,
        issuer: { api: 'https://chat.bob.example', attestations: 'https://chat.bob.example/{jti}' },
      }),
    );
    await fill(chat.domain, 'bob.example', 10);
    answer = ({ hostname }) => problem(hostname === 'bob.example' ? 503 : 404);
    await run();
    const hosts = Map.groupBy(asked, (line) => new URL(line.split(' ')[1] ?? '').hostname);
    expect([hosts.get('bob.example')?.length, hosts.get(chat.domain)?.length]).toEqual([1, 10]);
    const waiting = (await evidence()).filter(({ recheckFailures }) => recheckFailures > 0);
    expect(waiting.map(({ issuer }) => issuer)).toEqual(Array.from({ length: 10 }, () => 'bob.example'));
    expect(new Set(waiting.map(({ recheckAt }) => recheckAt))).toEqual(new Set([START + HOUR]));
  });

  test('a slow domain does not hold a run up, and a process that ends asks nobody any more', async () => {
    await fill('bob.example', 'bob.example', 10);
    answer = () => {
      directory.time.now += 25_000;
      return problem(404);
    };
    await run();
    expect(asked.length).toBe(3);
    const ending = new AbortController();
    answer = () => {
      ending.abort();
      return problem(404);
    };
    await run(ending.signal);
    await run(ending.signal);
    expect(asked.length).toBe(4);
  });

  test('nothing expired is asked about, and no line of the log says about what', async () => {
    const depositor = await createDepositor();
    const token = await attest(bob, depositor, { endsAt: START + DAY });
    await depositDue(depositor, [token, await attest(telco, depositor)]);
    await run();
    expect(asked.map((line) => new URL(line.split(' ')[1] ?? '').hostname)).toEqual(['telco.example']);
    const said = JSON.stringify(directory.log);
    expect(said).toContain('rechecked');
    expect(said).not.toContain('kept');
    expect(said).not.toContain('telco');
  });
});
