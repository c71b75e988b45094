// Sweeping, and a database that is away: on both databases.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPostgres } from '../../../src/platform/node/postgres.ts';
import { purge } from '../../../src/server/directory/purge.ts';
import { checkDirectory, readState } from '../../support/check-directory.ts';
import {
  administer,
  createPostgresDatabase,
  emptyTables,
  LONG_ENGINES,
  openTestDatabase,
  type TestDatabase,
} from '../../support/database.ts';
import {
  clientToken,
  createDepositor,
  createParty,
  createTestDirectory,
  json,
  makeDeposit,
  outcome,
  put,
  START,
  withdrawAsIssuer,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';
import { readAttestation } from '../../../src/protocol/token/attestation.ts';

const DAY = 86_400;

describe.each(LONG_ENGINES)('sweeping on %s', (engine) => {
  let database: TestDatabase;
  let directory: TestDirectory;
  let bob: Party;

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    bob = await createParty('bob.example');
  });
  beforeEach(async () => {
    await emptyTables(database);
    directory = createTestDirectory(database);
    directory.world.join(bob);
  });
  afterAll(() => database.close());

  const sizes = async () => {
    const { records, evidence, sealed, holderMarks, issuerMarks, withdrawn } = await readState(database.db);
    return [records, evidence, sealed, holderMarks, issuerMarks, withdrawn].map(({ length }) => length);
  };

  test('takes records at their end, marks 400 days later, and leaves the rest', async () => {
    for (const exp of [START + DAY, START + DAY, START + 2 * DAY])
      await put(directory, await makeDeposit(await createDepositor(), [bob], { exp }));
    await purge(directory.ctx);
    expect(await sizes()).toEqual([3, 3, 3, 3, 3, 0]);
    directory.time.now += DAY * 1000;
    await directory.step();
    await purge(directory.ctx);
    // Out of force and out of the map; the octets stay while an epoch that had them may still be read.
    expect(await sizes()).toEqual([1, 1, 3, 3, 3, 0]);
    await checkDirectory(database.db, START + DAY);
    await pass(9);
    await purge(directory.ctx);
    expect(await sizes()).toEqual([1, 1, 1, 3, 3, 0]);
    await checkDirectory(database.db, Math.floor(directory.time.now / 1000));
    directory.time.now = (START + 400 * DAY + 59) * 1000;
    await directory.step();
    await pass(9);
    directory.time.now = (START + 400 * DAY + 59) * 1000;
    await purge(directory.ctx);
    expect(await sizes()).toEqual([0, 0, 0, 3, 3, 0]);
    directory.time.now += 1_000;
    await purge(directory.ctx);
    expect(await sizes()).toEqual([0, 0, 0, 0, 0, 0]);
  });

  /** So many heartbeats. */
  const pass = async (epochs: number) => {
    for (let i = 0; i < epochs; i++) {
      directory.time.now += 600_000;
      await directory.step();
    }
  };

  test('takes more records than one batch holds', async () => {
    const columns = `sha256(i::text::bytea), sha256(('h' || i)::bytea), sha256(('d' || i)::bytea), 1084`;
    await database.query(
      `insert into records (name, holder, digest, length, seq, listed, deposited_at, expires_at)
       select ${columns}, 1, 1, ${START}, ${START} from generate_series(1, 2500) as i`,
    );
    await database.query(
      `insert into waiting (name, holder, digest, length, gone) select ${columns}, '' from generate_series(1, 2500) as i`,
    );
    for (let i = 0; i < 8; i++) await directory.step();
    expect((await sizes())[0]).toBe(0);
    const entries = await database.query('select count(*)::int as count from entries where to_epoch is null');
    expect(entries).toEqual([{ count: 0 }]);
    expect(directory.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('an attestation withdrawn is refused until its end, then forgotten', async () => {
    const depositor = await createDepositor();
    const made = await makeDeposit(depositor, [bob], { endsAt: START + 3 * DAY });
    await put(directory, made);
    const { jti } = readAttestation(made.body.attestations[0] ?? '');
    await withdrawAsIssuer(directory, bob, depositor.name, jti);
    directory.time.now += (3 * DAY - 1) * 1000;
    await purge(directory.ctx);
    expect((await sizes())[5]).toBe(1);
    directory.time.now += 1_000;
    await purge(directory.ctx);
    expect((await sizes())[5]).toBe(0);
  });

  test('uses and full quotas', async () => {
    const token = await clientToken(bob);
    const ask = json('POST', { key: directory.keyId, blinded: ['A'.repeat(43)] }, `Bearer ${token}`);
    await directory.request('/v1/evaluate', ask);
    const rows = async () =>
      (await Promise.all(['uses', 'quotas'].map((table) => database.query(`select * from ${table}`)))).map(
        ({ length }) => length,
      );
    const [uses, quotas = 0] = await rows();
    expect(uses).toBe(1);
    expect(quotas).toBeGreaterThan(0);
    directory.time.now += 2 * 3_600_000;
    await purge(directory.ctx);
    expect(await rows()).toEqual([0, quotas]);
    directory.time.now += 31 * DAY * 1000;
    await purge(directory.ctx);
    expect(await rows()).toEqual([0, 0]);
  });

  test('while deposits go on', async () => {
    const deposits = Array.from({ length: 40 }, async (_, i) => {
      const depositor = await createDepositor();
      const first = await makeDeposit(depositor, [bob], { exp: START + 1 });
      await put(directory, first);
      return { depositor, attestations: first.body.attestations, i };
    });
    const known = await Promise.all(deposits);
    directory.time.now += 1_000;
    const again = await Promise.all(
      known.map(({ depositor, attestations }) => makeDeposit(depositor, [], { seq: 2, attestations })),
    );
    const [answers] = await Promise.all([
      Promise.all(again.map((made) => outcome(put(directory, made)))),
      purge(directory.ctx),
      purge(directory.ctx),
    ]);
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    await checkDirectory(database.db, START + 1);
    expect((await sizes())[0]).toBe(40);
  });
});

describe('a database that is away', () => {
  const paths = (directory: TestDirectory, made: { path: string; body: object }, token: string) => [
    directory.request('/readyz'),
    directory.request('/v1/buckets/4/0'),
    directory.request('/v1/buckets/4/0/sealed'),
    directory.request(`/v1/sealed/${'00'.repeat(32)}`),
    directory.request('/v1/providers/bob.example'),
    directory.request(made.path, json('PUT', made.body)),
    directory.request(
      '/v1/evaluate',
      json('POST', { key: directory.keyId, blinded: ['A'.repeat(43)] }, `Bearer ${token}`),
    ),
  ];

  const allSayOverloaded = async (directory: TestDirectory, bob: Party) => {
    const made = await makeDeposit(await createDepositor(), [bob]);
    for (const response of await Promise.all(paths(directory, made, await clientToken(bob)))) {
      expect(response.headers.get('retry-after')).toBe('5');
      const body = (await response.json()) as Record<string, unknown>;
      expect(body).toEqual({
        type: 'urn:whereabouts:error:overloaded',
        title: 'Too busy, try again later',
        status: 503,
        code: 'overloaded',
        retryAfter: 5,
      });
    }
    expect((await directory.request('/healthz')).status).toBe(200);
    const said = JSON.stringify(directory.log);
    expect(directory.log.filter(({ event }) => event === 'overloaded').length).toBe(7);
    for (const secret of ['postgres:', 'params', 'select', made.path.slice(12)]) expect(said).not.toContain(secret);
  };

  test('PostgreSQL refuses connections: 503 with Retry-After, and it is back when it is back', async () => {
    const place = await createPostgresDatabase();
    const database = await openPostgres(place.url);
    const bob = await createParty('bob.example');
    const directory = createTestDirectory(database);
    directory.world.join(bob);
    expect((await directory.request('/readyz')).status).toBe(200);
    const name = new URL(place.url).pathname.slice(1);
    await administer(`alter database ${name} with allow_connections false`);
    await administer(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    await allSayOverloaded(directory, bob);
    await administer(`alter database ${name} with allow_connections true`);
    expect((await directory.request('/readyz')).status).toBe(200);
    const made = await makeDeposit(await createDepositor(), [bob]);
    expect(await outcome(put(directory, made))).toEqual({ status: 201 });
    await database.close();
    await place.drop();
  });

  test('PGlite is closed: 503 with Retry-After', async () => {
    const database = await openTestDatabase('pglite');
    const bob = await createParty('bob.example');
    const directory = createTestDirectory(database);
    await database.close();
    await allSayOverloaded(directory, bob);
  });

  test('a lock that is held too long: 503, nothing changed, the same deposit goes through afterwards', async () => {
    const database = await openTestDatabase('postgres');
    const bob = await createParty('bob.example');
    const directory = createTestDirectory(database);
    directory.world.join(bob);
    const made = await makeDeposit(await createDepositor(), [bob]);
    const locked = Promise.withResolvers<void>();
    // At work all the time: who stands still in mid-transaction is put out after three seconds.
    const released = { is: false };
    const blocker = database.db.transaction(async (tx) => {
      await tx.execute('lock table records in access exclusive mode');
      locked.resolve();
      while (!released.is) await tx.execute('select pg_sleep(0.1)');
    });
    await locked.promise;
    const blocked = await outcome(put(directory, made));
    expect(blocked).toEqual({ status: 503, code: 'overloaded' });
    released.is = true;
    await blocker;
    expect((await readState(database.db)).sealed).toEqual([]);
    expect(await outcome(put(directory, made))).toEqual({ status: 201 });
    await checkDirectory(database.db, START);
    await database.close();
  });
});
