// Evaluation over HTTP (§3) and who pays for it (§10), on both databases.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nobleGroup } from '../../../src/protocol/group-noble.ts';
import { WhereaboutsError } from '../../../src/protocol/errors.ts';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { blind, finalize, generateKeyPair, keyId } from '../../../src/protocol/oprf.ts';
import { formatB64u, parseB64u, utf8 } from '../../../src/protocol/wire.ts';
import type { Quotas } from '../../../src/server/context.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  clientToken,
  createParty,
  createTestDirectory,
  json,
  outcome,
  passFor,
  PRODUCTION,
  START,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';

const random = (octets: number): Uint8Array => crypto.getRandomValues(new Uint8Array(octets));
const element = (): string => formatB64u(nobleGroup.fromHash(random(64)));
const elements = (count: number): string[] => Array.from({ length: count }, element);
const SANDBOX: Quotas = { ...PRODUCTION, anonymous: { capacity: 60, refill: 60, seconds: 60 } };

describe.each(LONG_ENGINES)('evaluation on %s', (engine) => {
  let database: TestDatabase;
  let directory: TestDirectory;
  let alice: Party;
  let bob: Party;

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    [alice, bob] = await Promise.all([createParty('alice.example'), createParty('bob.example')]);
  });
  beforeEach(async () => {
    await emptyTables(database);
    directory = createTestDirectory(database, { quotas: PRODUCTION, listed: ['alice.example'] });
    directory.world.join(alice, bob);
  });
  afterAll(() => database.close());

  const ask = (at: TestDirectory, blinded: readonly string[], token?: string, client?: string): Promise<Response> =>
    at.request(
      '/v1/evaluate',
      json('POST', { key: at.keyId, blinded }, token === undefined ? undefined : `Bearer ${token}`),
      client,
    );

  test('what comes back verifies under the key and gives the same names every time', async () => {
    const inputs = ['tel:+442079460123', 'mailto:bob@example.com'].map(utf8);
    const key = directory.ctx.oprfKeys[0];
    if (key === undefined) throw new Error('no key');
    const outputs: string[][] = [];
    for (let i = 0; i < 2; i++) {
      const state = blind(nobleGroup, inputs, random);
      const response = await ask(directory, state.blinded.map(formatB64u), await clientToken(alice));
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const reply = (await response.json()) as { key: string; evaluated: string[]; proof: string };
      expect(Object.keys(reply)).toEqual(['key', 'evaluated', 'proof']);
      expect(reply.key).toBe(directory.keyId);
      const evaluated = reply.evaluated.map((text) => parseB64u(text, 32));
      const answer = { evaluated, proof: parseB64u(reply.proof, 64) };
      outputs.push(finalize(nobleGroup, state, key.publicKey, answer).map(formatB64u));
    }
    expect(outputs[0]).toEqual(outputs[1]);
  });

  test('256 elements are taken, 257 are not, nor none', async () => {
    const one = element();
    const many = (count: number) => Array.from({ length: count }, () => one);
    expect((await ask(directory, many(256), await clientToken(alice))).status).toBe(200);
    for (const count of [0, 257])
      expect(await outcome(ask(directory, many(count), await clientToken(alice)))).toEqual({
        status: 400,
        code: 'request-invalid',
      });
  });

  test('where too many wait, it is to come again, and pays nothing; what is over meanwhile is not worked on', async () => {
    const seen: (AbortSignal | undefined)[] = [];
    let room = false;
    const busy = createTestDirectory(database, {
      quotas: PRODUCTION,
      listed: ['alice.example'],
      evaluating: {
        hasRoom: () => room,
        evaluate: async (key, blinded, signal) => {
          seen.push(signal);
          if (seen.length > 1) return directory.ctx.evaluating.evaluate(key, blinded);
          throw new WhereaboutsError('overloaded', 'nobody waits for this evaluation any more');
        },
      },
    });
    busy.world.join(alice);
    const refused = await ask(busy, [element()], await clientToken(alice));
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
      503,
      '1',
      { code: 'overloaded' },
    ]);
    expect(seen).toEqual([]);
    room = true;
    await ask(busy, [element()], await clientToken(alice));
    expect(seen).toEqual([expect.any(AbortSignal)]);
    const after = await ask(busy, [element()], await clientToken(alice));
    expect(after.headers.get('ratelimit')).toMatch(/^"gatekeeper";r=99998;t=/);
  });

  test('a bad element is named by its place, and paid for', async () => {
    const ONES = formatB64u(new Uint8Array(32).fill(255));
    const IDENTITY = formatB64u(new Uint8Array(32));
    const bad = [IDENTITY, ONES, formatB64u(Uint8Array.from([1, ...new Uint8Array(31)]))];
    for (const one of bad) {
      const response = await ask(directory, [element(), element(), one], await clientToken(alice));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'element-invalid', index: 2 });
    }
    for (const one of ['', 'abc', `${element()}=`, `${element().slice(0, 42)}_`, `${element()}AA`]) {
      const response = await ask(directory, [element(), one], await clientToken(alice));
      expect(await response.json()).toMatchObject({ code: 'element-invalid', index: 1 });
    }
    const after = await ask(directory, [element()], await clientToken(alice));
    expect(after.headers.get('ratelimit')).toMatch(/^"gatekeeper";r=99990;t=/);
  });

  test('an unknown key is told the current ones, a retired one is unknown from its end on', async () => {
    const keys = [0, 1].map(() => {
      const pair = generateKeyPair(nobleGroup, random);
      return { ...pair, id: keyId(pair.publicKey) };
    });
    const [retiring, current] = keys;
    if (retiring === undefined || current === undefined) throw new Error('no keys');
    const two = createTestDirectory(database, {
      quotas: SANDBOX,
      oprfKeys: [{ ...retiring, until: START + 10 }, current],
    });
    const under = (key: string) => two.request('/v1/evaluate', json('POST', { key, blinded: [element()] }));
    const unknown = await under('0123456789abcdef');
    expect(unknown.status).toBe(409);
    expect(await unknown.json()).toMatchObject({ code: 'key-unknown', keys: [retiring.id, current.id] });
    expect((await under(retiring.id)).status).toBe(200);
    two.time.now += 10_000;
    expect(await (await under(retiring.id)).json()).toMatchObject({ code: 'key-unknown', keys: [current.id] });
    expect((await under(current.id)).status).toBe(200);
    expect(await outcome(under(current.id.toUpperCase()))).toMatchObject({ code: 'request-invalid' });
  });

  describe('credentials', () => {
    test('none: refused in production, so many per address in the sandbox', async () => {
      const refused = await ask(directory, [element()]);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
      expect(await refused.json()).toMatchObject({ code: 'credentials-required' });
      const sandbox = createTestDirectory(database, { quotas: SANDBOX });
      expect((await ask(sandbox, elements(60), undefined, '198.51.100.1')).status).toBe(200);
      const over = await ask(sandbox, [element()], undefined, '198.51.100.1');
      expect(over.status).toBe(429);
      expect(over.headers.get('retry-after')).toBe('1');
      expect(over.headers.get('ratelimit')).toBe('"anonymous";r=0;t=1');
      expect(await over.json()).toMatchObject({ code: 'quota-exceeded', 'violated-policies': ['anonymous'] });
      expect((await ask(sandbox, elements(60), undefined, '198.51.100.2')).status).toBe(200);
      sandbox.time.now += 1_000;
      expect((await ask(sandbox, [element()], undefined, '198.51.100.1')).status).toBe(200);
    });

    test('a client token is good once, for the host it names, while it lives', async () => {
      const token = await clientToken(alice);
      expect((await ask(directory, [element()], token)).status).toBe(200);
      expect(await outcome(ask(directory, [element()], token))).toEqual({ status: 401, code: 'credentials-invalid' });
      const again = await Promise.all(
        Array.from({ length: 10 }, async (_, i) => {
          const shared = await clientToken(alice, { jti: formatB64u(new Uint8Array(16).fill(1)) });
          return { i, ...(await outcome(ask(directory, [element()], shared))) };
        }),
      );
      expect(again.filter(({ status }) => status === 200).length).toBe(1);
      const bad = [
        await clientToken(alice, { aud: 'other.example' }),
        await clientToken(alice, { aud: directory.ctx.url }),
        await clientToken(alice, { iat: START + 61, exp: START + 100 }),
        await clientToken(alice, { iat: START - 60, exp: START }),
        await clientToken(alice, { exp: START + 61 }),
        await clientToken({ ...alice, domain: 'bob.example' }),
        (await clientToken(alice)).replace(/.{8}$/, 'AAAAAAAA'),
        'a.b.c',
        'x',
      ];
      for (const token of bad)
        expect(await outcome(ask(directory, [element()], token))).toEqual({ status: 401, code: 'credentials-invalid' });
      const odd = json('POST', { key: directory.keyId, blinded: [element()] }, 'Basic YTpi');
      expect(await outcome(directory.request('/v1/evaluate', odd))).toEqual({
        status: 401,
        code: 'credentials-invalid',
      });
    });

    test('nobody is asked for keys because of a token that is wrong by itself', async () => {
      const stranger = await createParty('stranger.example');
      const bad = [
        await clientToken(stranger, { aud: 'other.example' }),
        await clientToken(stranger, { iat: START - 60, exp: START }),
        await clientToken(stranger, { exp: START + 61 }),
      ];
      for (const token of bad) expect((await ask(directory, [element()], token)).status).toBe(401);
      expect(directory.world.fetched).toEqual([]);
      expect((await ask(directory, [element()], await clientToken(stranger))).status).toBe(401);
      expect(directory.world.fetched).toEqual(['stranger.example']);
    });

    test('a pass is good for sixteen elements, in portions, and costs its issuer too', async () => {
      const jkt = formatB64u(random(32));
      const pass = await passFor(bob, jkt);
      expect(await outcome(ask(directory, elements(17), pass))).toEqual({ status: 429, code: 'quota-exceeded' });
      expect((await ask(directory, elements(10), pass)).status).toBe(200);
      expect(await outcome(ask(directory, elements(7), pass))).toEqual({ status: 429, code: 'quota-exceeded' });
      const last = await ask(directory, elements(6), pass);
      expect(last.headers.get('ratelimit')).toMatch(/^"unlisted";r=984;t=\d+$/);
      expect(await outcome(ask(directory, [element()], pass))).toEqual({ status: 429, code: 'quota-exceeded' });
    });
  });

  describe('quotas', () => {
    test('listed and unlisted gatekeepers, told in headers', async () => {
      const listed = await ask(directory, elements(3), await clientToken(alice));
      expect(listed.headers.get('ratelimit-policy')).toBe('"gatekeeper";q=100000;qu="elements";w=86400');
      expect(listed.headers.get('ratelimit')).toBe('"gatekeeper";r=99997;t=3');
      const unlisted = await ask(directory, elements(3), await clientToken(bob));
      expect(unlisted.headers.get('ratelimit-policy')).toBe('"unlisted";q=1000;qu="elements";w=86400');
      expect(unlisted.headers.get('ratelimit')).toMatch(/^"unlisted";r=997;t=/);
    });

    test('per registrable domain, never per host name', async () => {
      const hosts = await Promise.all(['a.many.example', 'b.many.example'].map(createParty));
      directory.world.join(...hosts);
      const left: (string | null)[] = [];
      for (const host of hosts)
        left.push((await ask(directory, elements(10), await clientToken(host))).headers.get('ratelimit'));
      expect(left.map((text) => /r=(\d+)/.exec(text ?? '')?.[1])).toEqual(['990', '980']);
    });

    test('per end user within a gatekeeper; the one and the other pay, or neither', async () => {
      const small = { ...PRODUCTION, endUser: { capacity: 5, refill: 60, seconds: 86_400 } };
      const strict = createTestDirectory(database, { quotas: small, listed: ['alice.example'] });
      strict.world.join(alice, bob);
      const as = async (party: Party, sub: string, count: number) =>
        ask(strict, elements(count), await clientToken(party, { sub: formatB64u(utf8(sub)) }));
      const first = await as(alice, 'user 1', 5);
      expect(first.headers.get('ratelimit')).toMatch(/^"gatekeeper";r=99995;t=\d+, "end-user";r=0;t=\d+$/);
      const over = await as(alice, 'user 1', 1);
      expect(over.headers.get('retry-after')).toBe('1440');
      expect(await over.json()).toMatchObject({ code: 'quota-exceeded', 'violated-policies': ['end-user'] });
      expect((await as(alice, 'user 2', 1)).headers.get('ratelimit')).toMatch(/^"gatekeeper";r=99994;/);
      expect((await as(bob, 'user 1', 5)).status).toBe(200);
    });

    test('a refused request leaves its token unused', async () => {
      const small = { ...PRODUCTION, unlisted: { capacity: 5, refill: 5, seconds: 5 } };
      const strict = createTestDirectory(database, { quotas: small });
      strict.world.join(bob);
      await ask(strict, elements(5), await clientToken(bob));
      const token = await clientToken(bob);
      expect((await ask(strict, [element()], token)).status).toBe(429);
      strict.time.now += 1_000;
      expect((await ask(strict, [element()], token)).status).toBe(200);
    });

    test('exact when everybody comes at once', async () => {
      const small = { ...PRODUCTION, gatekeeper: { capacity: 50, refill: 0, seconds: 86_400 } };
      const strict = createTestDirectory(database, { quotas: small, listed: ['alice.example'] });
      strict.world.join(alice);
      await strict.ctx.descriptions.fetch('alice.example');
      const one = element();
      const answers = await Promise.all(
        Array.from({ length: 40 }, async (_, i) =>
          outcome(ask(strict, [one, one], await clientToken(alice, { sub: formatB64u(utf8(`user ${i % 3}`)) }))),
        ),
      );
      expect(answers.filter(({ status }) => status === 200).length).toBe(25);
      expect(answers.filter(({ code }) => code === 'quota-exceeded').length).toBe(15);
    });
  });

  test('no log line and no row says who asked', async () => {
    await ask(directory, elements(2), await clientToken(alice, { sub: formatB64u(utf8('the end user')) }));
    await ask(directory, [element()], 'a.b.c');
    const rows = [...(await database.query('select * from quotas')), ...(await database.query('select * from uses'))];
    expect(rows.length).toBe(3);
    const columns = rows.flatMap((row) => Object.values(row));
    const said = JSON.stringify([
      directory.log,
      columns.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value))),
    ]);
    for (const trace of ['alice', '192.0.2.1', formatB64u(utf8('the end user'))]) expect(said).not.toContain(trace);
  });
});

test('limits', () => {
  expect([LIMITS.evaluateElements, LIMITS.passElements]).toEqual([256, 16]);
});
