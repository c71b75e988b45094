// What everybody may read (§6.5, §8, §10): buckets, sealed records, descriptions, configuration, health. On both databases.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bucketNumber, parseIndex, splitSealed } from '../../../src/protocol/bucket.ts';
import { parseConfigText } from '../../../src/protocol/config-text.ts';
import { WhereaboutsError } from '../../../src/protocol/errors.ts';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { compareOctets, concat, formatHex, parseB64u } from '../../../src/protocol/wire.ts';
import { ReadMemory } from '../../../src/server/directory/read-memory.ts';
import { checkDirectory } from '../../support/check-directory.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  createDepositor,
  createParty,
  createTestDirectory,
  DOMAIN,
  makeDeposit,
  outcome,
  put,
  sealedFor,
  attest,
  START,
  withdrawAsHolder,
  type Made,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';

const sha256Hex = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');
const octetsOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer());

/** As on Workers, where nothing is remembered, and as in a process. */
const WAYS = [...LONG_ENGINES.map((engine) => [engine, 'nothing'] as const), ['postgres', 'replies'] as const] as const;

describe.each(WAYS)('reading on %s, remembering %s', (engine, remembered) => {
  let database: TestDatabase;
  let directory: TestDirectory;
  let bob: Party;

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    bob = await createParty('bob.example');
  });
  beforeEach(async () => {
    await emptyTables(database);
    const reading = remembered === 'replies' ? { reading: new ReadMemory() } : {};
    directory = createTestDirectory(database, { listed: ['listed.example'], ...reading });
    directory.world.join(bob);
  });
  afterAll(() => database.close());

  /** A record in the given bucket of sixteen. */
  const depositIn = async (bucket: number, length = 1_084): Promise<Made> => {
    const depositor = await createDepositor();
    depositor.name[0] = (bucket << 4) | ((depositor.name[0] ?? 0) & 15);
    const attestations = [await attest(bob, depositor)];
    const made = await makeDeposit(depositor, [], { attestations, sealed: sealedFor(attestations, length) });
    expect((await put(directory, made)).status).toBe(201);
    return made;
  };

  test('what is remembered and was overtaken long ago is asked for anew, and not for ever', async () => {
    await depositIn(3);
    expect((await directory.request('/v1/buckets/4/3')).status).toBe(200);
    // Another instance goes on; the clock stands still, so that what is remembered here counts as fresh.
    const other = createTestDirectory(database, { listed: ['listed.example'], time: directory.time });
    other.world.join(bob);
    for (let i = 0; i < 20; i++)
      expect((await put(other, await makeDeposit(await createDepositor(), [bob]))).status).toBe(201);
    await other.settle();
    const reply = await directory.request('/v1/buckets/4/5');
    expect(reply.status).toBe(200);
    const { bundle } = (await reply.json()) as { bundle: string };
    expect(bundle).toContain('\nindex 20\n');
  });

  const indexOf = async (response: Response) => {
    expect(response.status).toBe(200);
    const { index, bundle, pad, ...rest } = (await response.json()) as Record<'index' | 'bundle' | 'pad', string>;
    expect([rest, typeof bundle, typeof pad]).toEqual([{}, 'string', 'string']);
    return parseIndex(parseB64u(index));
  };

  describe('buckets', () => {
    test('hold their own records in order, and their sealed records in the same', async () => {
      const mine = await Promise.all([depositIn(3), depositIn(3, 2_108), depositIn(3, 8_252), depositIn(3)]);
      await depositIn(4);
      await depositIn(15);
      const entries = await indexOf(await directory.request('/v1/buckets/4/3'));
      expect(entries.map(({ digest }) => formatHex(digest)).toSorted()).toEqual(
        mine.map(({ digest }) => digest).toSorted(),
      );
      expect(entries.every(({ name }) => bucketNumber(name, 4) === 3)).toBe(true);
      const order = entries.map(({ name, holder }) => concat(name, holder));
      expect(order.toSorted(compareOctets)).toEqual(order);
      const sealed = await octetsOf(await directory.request('/v1/buckets/4/3/sealed'));
      expect(sealed.length % LIMITS.sealedPadOctets).toBe(0);
      for (const [i, octets] of splitSealed(entries, sealed).entries()) {
        const made = mine.find(({ digest }) => digest === formatHex(entries[i]?.digest ?? new Uint8Array()));
        expect(octets).toEqual(made?.octets);
      }
      expect((await indexOf(await directory.request('/v1/buckets/4/15'))).length).toBe(1);
      await checkDirectory(database.db, START);
    });

    test('are padded so that the number of records hardly shows', async () => {
      const size = async () => (await octetsOf(await directory.request('/v1/buckets/4/9'))).length;
      expect(await size()).toBe(4_096);
      for (let i = 0; i < 3; i++) await depositIn(9);
      expect(await size()).toBe(4_096);
      expect((await octetsOf(await directory.request('/v1/buckets/4/9/sealed'))).length).toBe(16_384);
      expect((await octetsOf(await directory.request('/v1/buckets/4/8/sealed'))).length).toBe(0);
    });

    test('may be kept for a second, and are known again by their tag', async () => {
      await depositIn(5);
      for (const path of ['/v1/buckets/4/5', '/v1/buckets/4/5/sealed']) {
        const response = await directory.request(path);
        const etag = response.headers.get('etag') ?? '';
        expect(response.headers.get('cache-control')).toBe('public, max-age=1, no-transform');
        expect(response.headers.get('content-encoding')).toBeNull();
        const octets = await octetsOf(response);
        expect(etag).toBe(`"${sha256Hex(octets)}"`);
        expect(response.headers.get('content-length')).toBe(String(octets.length));
        for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
          const again = await directory.request(path, { headers: { 'if-none-match': known } });
          expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
        }
        const head = await directory.request(path, { method: 'HEAD' });
        expect([head.status, await head.text(), head.headers.get('etag')]).toEqual([200, '', etag]);
        expect((await directory.request(path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
      }
      const before = (await directory.request('/v1/buckets/4/5')).headers.get('etag');
      await depositIn(5);
      expect((await directory.request('/v1/buckets/4/5')).headers.get('etag')).not.toBe(before);
    });

    test('of another depth: told the right one', async () => {
      for (const depth of [0, 3, 5, 24, 32]) {
        const response = await directory.request(`/v1/buckets/${depth}/0`);
        expect([response.status, await response.json()]).toMatchObject([409, { code: 'depth-changed', depth: 4 }]);
        expect((await directory.request(`/v1/buckets/${depth}/0/sealed`)).status).toBe(409);
      }
    });

    test('that cannot be are no buckets', async () => {
      for (const path of ['4/16', '4/-1', '4/01', '04/1', '4/1.0', '4/x', '33/0', '4/4294967296', '4/0x1', '4/%31%20'])
        expect(await outcome(directory.request(`/v1/buckets/${path}`)), path).toEqual({
          status: 400,
          code: 'request-invalid',
        });
      expect(await outcome(directory.request('/v1/buckets/4/1/'))).toMatchObject({ status: 404 });
    });

    test('grow deeper when records have outgrown them, and shallower when few are left', async () => {
      directory = createTestDirectory(database, { sequencing: { depth: { target: 1, least: 4 } } });
      directory.world.join(bob);
      const depositors = await Promise.all(Array.from({ length: 24 }, () => createDepositor()));
      const made = await Promise.all(depositors.map((depositor) => makeDeposit(depositor, [bob])));
      await Promise.all(made.map((one) => put(directory, one)));
      // round(log2(24 / 1)) = 5
      await directory.step();
      expect(await (await directory.request('/v1/buckets/4/1')).json()).toMatchObject({ depth: 5 });
      let total = 0;
      for (let i = 0; i < 32; i++) total += (await indexOf(await directory.request(`/v1/buckets/5/${i}`))).length;
      expect(total).toBe(24);
      await checkDirectory(database.db, START);
      for (const depositor of depositors.slice(4)) await withdrawAsHolder(directory, depositor, 9);
      directory.time.now += 600_000;
      await directory.step();
      expect(await outcome(directory.request('/v1/buckets/4/1'))).toEqual({ status: 200 });
      await checkDirectory(database.db, START);
    });
  });

  test('single sealed records are there for ever, as long as they are', async () => {
    const made = await depositIn(6);
    const response = await directory.request(`/v1/sealed/${made.digest}`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(await octetsOf(response)).toEqual(made.octets);
    const none = '00'.repeat(32);
    expect(await outcome(directory.request(`/v1/sealed/${none}`))).toEqual({ status: 404, code: 'record-unknown' });
    for (const digest of [made.digest.toUpperCase(), made.digest.slice(2), `${made.digest}00`, 'x'])
      expect(await outcome(directory.request(`/v1/sealed/${digest}`))).toEqual({
        status: 400,
        code: 'request-invalid',
      });
  });

  describe('descriptions', () => {
    const relay = (domain: string) => directory.request(`/v1/providers/${domain}`);
    const UNKNOWN = { status: 404, code: 'provider-unknown' };

    test('of domains it had to do with, as fetched', async () => {
      expect(await outcome(relay('bob.example'))).toEqual(UNKNOWN);
      expect(directory.world.fetched).toEqual([]);
      await depositIn(1);
      const response = await relay('bob.example');
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.text()).toBe(directory.world.descriptions.get('bob.example'));
      expect(directory.world.fetched).toEqual(['bob.example']);
    });

    test('of listed ones and itself', async () => {
      expect(await (await relay(DOMAIN)).text()).toBe(await directory.ctx.description());
      const party = await createParty('listed.example');
      directory.world.join(party);
      expect((await relay('listed.example')).status).toBe(200);
      directory.world.descriptions.set('listed.example', new WhereaboutsError('peer-unreachable'));
      directory.time.now += 3_600_000;
      expect((await relay('listed.example')).status).toBe(200);
    });

    test('a listed one that has none is asked once in five minutes', async () => {
      for (let i = 0; i < 3; i++) expect(await outcome(relay('listed.example'))).toEqual(UNKNOWN);
      expect(directory.world.fetched).toEqual(['listed.example']);
    });

    test('what is no domain', async () => {
      for (const domain of ['BOB.example', 'bob', '127.0.0.1', 'bob.example:443', 'bob.example.', '%20'])
        expect(await outcome(relay(domain)), domain).toMatchObject({ status: 400, code: 'request-invalid' });
    });

    test('its own stands where everybody looks for it', async () => {
      const response = await directory.request('/.well-known/whereabouts');
      expect(await response.text()).toBe(await directory.ctx.description());
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
    });
  });

  test('the configuration, by name and by hash', async () => {
    const response = await directory.request('/v1/config');
    const text = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(parseConfigText(text)).toMatchObject({ origin: `${DOMAIN}/whereabouts`, keys: [{ id: directory.keyId }] });
    const hash = sha256Hex(new TextEncoder().encode(text));
    expect(await (await directory.request(`/v1/config/${hash}`)).text()).toBe(text);
    expect(await outcome(directory.request(`/v1/config/${'00'.repeat(32)}`))).toEqual({
      status: 404,
      code: 'path-unknown',
    });
    expect(await outcome(directory.request('/v1/config/xyz'))).toMatchObject({ code: 'request-invalid' });
  });

  test('health', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const response = await directory.request(path);
      expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    }
    const keyless = createTestDirectory(database, { oprfKeys: [] });
    expect(await outcome(keyless.request('/readyz'))).toEqual({ status: 503, code: 'overloaded' });
    expect((await keyless.request('/healthz')).status).toBe(200);
  });

  test('a database of another directory is not served', async () => {
    await database.query(`insert into directory_state values ('other.example', 4)`);
    expect(await outcome(directory.request('/v1/buckets/4/0'))).toEqual({ status: 500, code: 'config-invalid' });
    expect(directory.log.some(({ level }) => level === 'error')).toBe(true);
  });

  test('reading leaves no trace of what was read in the log', async () => {
    const made = await depositIn(7);
    directory.log.length = 0;
    await directory.request('/v1/buckets/4/7');
    await directory.request(`/v1/sealed/${made.digest}`);
    await directory.request(`/v1/sealed/${'ab'.repeat(32)}`);
    await directory.request('/v1/buckets/9/7');
    const said = JSON.stringify(directory.log);
    for (const trace of [made.digest, 'abab', '/7', made.path.slice(12)]) expect(said).not.toContain(trace);
  });
});
