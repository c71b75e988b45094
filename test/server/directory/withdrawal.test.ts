// Withdrawals over HTTP (§5.2): by the key, by an issuer; on both databases, the whole state checked after every test.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readAttestation } from '../../../src/protocol/token/attestation.ts';
import { signWithdrawal } from '../../../src/protocol/token/withdrawal.ts';
import { formatB64u, parseB64u } from '../../../src/protocol/wire.ts';
import { checkDirectory, readState } from '../../support/check-directory.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  attest,
  createDepositor,
  createParty,
  createTestDirectory,
  DOMAIN,
  json,
  makeDeposit,
  outcome,
  PRODUCTION,
  put,
  START,
  withdrawAsHolder,
  withdrawAsIssuer,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';

const UNKNOWN = { status: 404, code: 'record-unknown' };
const STALE = { status: 409, code: 'record-stale' };
const INVALID = { status: 400, code: 'token-invalid' };

describe.each(LONG_ENGINES)('withdrawals on %s', (engine) => {
  let database: TestDatabase;
  let directory: TestDirectory;
  let bob: Party;
  let telco: Party;

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    [bob, telco] = await Promise.all([createParty('bob.example'), createParty('telco.example')]);
  });
  beforeEach(async () => {
    await emptyTables(database);
    directory = createTestDirectory(database, { quotas: PRODUCTION });
    directory.world.join(bob, telco);
  });
  afterEach(async () => {
    await checkDirectory(database.db, Math.floor(directory.time.now / 1000));
  });
  afterAll(() => database.close());

  test('by the key: gone with its octets, once', async () => {
    const depositor = await createDepositor();
    const made = await makeDeposit(depositor, [bob, telco], { seq: 3 });
    await put(directory, made);
    expect(await outcome(withdrawAsHolder(directory, depositor, 3))).toEqual(STALE);
    expect(await outcome(withdrawAsHolder(directory, depositor, 2))).toEqual(STALE);
    const response = await withdrawAsHolder(directory, depositor, 4);
    expect([response.status, await response.json()]).toMatchObject([200, { epoch: 1, index: '' }]);
    const state = await readState(database.db);
    expect([state.records, state.evidence]).toEqual([[], []]);
    expect(state.holderMarks).toMatchObject([{ seq: 4, until: START + 400 * 86_400 + 60 }]);
    expect(await outcome(withdrawAsHolder(directory, depositor, 5))).toEqual(UNKNOWN);
    expect(await outcome(directory.request(`/v1/sealed/${made.digest}`))).toEqual(UNKNOWN);
  });

  test('by the key: only its own, and no quota stands in the way', async () => {
    const mine = await createDepositor();
    const other = await createDepositor(mine.name);
    await put(directory, await makeDeposit(mine, [bob]));
    await put(directory, await makeDeposit(other, [telco]));
    const stranger = await createDepositor(mine.name);
    expect(await outcome(withdrawAsHolder(directory, stranger, 9))).toEqual(UNKNOWN);
    expect(await outcome(withdrawAsHolder(directory, mine, 9))).toEqual({ status: 200 });
    expect((await readState(database.db)).records).toMatchObject([{ name: mine.name }]);
    const { attestations } = (await makeDeposit(mine, [bob])).body;
    for (let seq = 10; seq < 30; seq += 2) {
      await put(directory, await makeDeposit(mine, [], { seq, attestations }));
      await withdrawAsHolder(directory, mine, seq + 1);
    }
    expect((await readState(database.db)).records.length).toBe(1);
  });

  test('an expired record is none', async () => {
    const depositor = await createDepositor();
    await put(directory, await makeDeposit(depositor, [bob], { exp: START + 30 }));
    directory.time.now += 30_000;
    expect(await outcome(withdrawAsHolder(directory, depositor, 9))).toEqual(UNKNOWN);
  });

  test('by an issuer: every record that rests on the attestation, and it is refused from then on', async () => {
    const depositor = await createDepositor();
    const token = await attest(bob, depositor);
    const { jti, exp } = readAttestation(token);
    const made = await makeDeposit(depositor, [], { attestations: [token, await attest(telco, depositor)] });
    await put(directory, made);
    expect(await outcome(withdrawAsIssuer(directory, bob, depositor.name, jti))).toEqual({ status: 200 });
    const state = await readState(database.db);
    expect(state.records).toEqual([]);
    expect(state.withdrawn).toMatchObject([{ issuer: 'bob.example', until: exp }]);
    const again = await makeDeposit(depositor, [], { seq: 2, attestations: [token] });
    expect(await outcome(put(directory, again))).toEqual({ status: 410, code: 'attestation-withdrawn' });
    expect(await outcome(withdrawAsIssuer(directory, bob, depositor.name, jti))).toEqual(UNKNOWN);
    // Another attestation by the same issuer is another matter.
    const next = await makeDeposit(depositor, [bob], { seq: 2 });
    expect(await outcome(put(directory, next))).toEqual({ status: 201 });
  });

  test('by an issuer: records under other names that rest on the same number go too', async () => {
    const jti = formatB64u(new Uint8Array(16).fill(9));
    const depositors = await Promise.all([createDepositor(), createDepositor(), createDepositor()]);
    for (const depositor of depositors) {
      const attestations = [await attest(bob, depositor, { jti })];
      expect((await put(directory, await makeDeposit(depositor, [], { attestations }))).status).toBe(201);
    }
    const name = depositors[1]?.name ?? new Uint8Array(32);
    expect(await outcome(withdrawAsIssuer(directory, bob, name, jti))).toEqual({ status: 200 });
    expect((await readState(database.db)).records).toEqual([]);
  });

  test('by an issuer: not another’s attestation, not under another name, and nobody is asked in vain', async () => {
    const depositor = await createDepositor();
    const token = await attest(bob, depositor);
    const { jti } = readAttestation(token);
    await put(directory, await makeDeposit(depositor, [], { attestations: [token] }));
    directory.world.fetched.length = 0;
    directory.time.now += 301_000;
    const now = START + 301;
    const elsewhere = (await createDepositor()).name;
    expect(await outcome(withdrawAsIssuer(directory, bob, elsewhere, jti, now))).toEqual(UNKNOWN);
    const expired = await withdrawAsIssuer(directory, bob, depositor.name, jti, START);
    expect(await outcome(expired)).toEqual(INVALID);
    expect(directory.world.fetched).toEqual([]);
    const forged = { ...telco, domain: 'bob.example' };
    expect(await outcome(withdrawAsIssuer(directory, forged, depositor.name, jti, now))).toEqual(INVALID);
    expect(directory.world.fetched).toEqual(['bob.example']);
    expect(await outcome(withdrawAsIssuer(directory, telco, depositor.name, jti, now))).toEqual(UNKNOWN);
    expect(directory.world.fetched).toEqual(['bob.example', 'telco.example']);
    const { records, withdrawn } = await readState(database.db);
    expect([records.length, withdrawn.map(({ issuer }) => issuer)]).toEqual([1, ['telco.example']]);
  });

  describe('by an issuer, before the deposit', () => {
    const withdrawn = async () => (await readState(database.db)).withdrawn;

    test('nothing is there, and the attestation is refused when it comes, until no such one can live', async () => {
      const depositor = await createDepositor();
      const token = await attest(bob, depositor);
      const { jti } = readAttestation(token);
      const now = START + 30;
      directory.time.now = now * 1000;
      expect(await outcome(withdrawAsIssuer(directory, bob, depositor.name, jti, now))).toEqual(UNKNOWN);
      expect(await withdrawn()).toMatchObject([{ issuer: 'bob.example', until: now + 400 * 86_400 + 60 }]);
      const made = await makeDeposit(depositor, [], { attestations: [token, await attest(telco, depositor)] });
      expect(await outcome(put(directory, made))).toEqual({ status: 410, code: 'attestation-withdrawn' });
      // Another number, and the same number by another issuer, are other attestations.
      const attestations = [await attest(bob, depositor), await attest(telco, depositor, { jti })];
      expect(await outcome(put(directory, await makeDeposit(depositor, [], { attestations })))).toEqual({
        status: 201,
      });
    });

    test('once: a repetition changes nothing and asks nobody', async () => {
      const { name } = await createDepositor();
      const jti = formatB64u(new Uint8Array(16).fill(3));
      expect(await outcome(withdrawAsIssuer(directory, bob, name, jti))).toEqual(UNKNOWN);
      const before = await withdrawn();
      const rows = await database.query('select * from quotas');
      directory.world.fetched.length = 0;
      directory.time.now += 301_000;
      expect(await outcome(withdrawAsIssuer(directory, bob, name, jti, START + 301))).toEqual(UNKNOWN);
      expect(directory.world.fetched).toEqual([]);
      expect([await withdrawn(), await database.query('select * from quotas')]).toEqual([before, rows]);
    });

    test('of a holder that took his record back: he cannot bring it again', async () => {
      const depositor = await createDepositor();
      const attestations = [await attest(bob, depositor)];
      await put(directory, await makeDeposit(depositor, [], { attestations }));
      expect(await outcome(withdrawAsHolder(directory, depositor, 2))).toEqual({ status: 200 });
      const { jti } = readAttestation(attestations[0] ?? '');
      expect(await outcome(withdrawAsIssuer(directory, bob, depositor.name, jti))).toEqual(UNKNOWN);
      const again = await makeDeposit(depositor, [], { seq: 3, attestations });
      expect(await outcome(put(directory, again))).toEqual({ status: 410, code: 'attestation-withdrawn' });
    });

    test('whose signature does not hold, or cannot be checked: forgotten', async () => {
      const { name } = await createDepositor();
      const jti = formatB64u(new Uint8Array(16).fill(4));
      const forged = { ...telco, domain: 'bob.example' };
      expect(await outcome(withdrawAsIssuer(directory, forged, name, jti))).toEqual(INVALID);
      const nobody = await createParty('nobody.example');
      const unreachable = await outcome(withdrawAsIssuer(directory, nobody, name, jti));
      expect(unreachable).toMatchObject({ code: 'peer-unreachable' });
      directory.world.fetched.length = 0;
      expect(await outcome(withdrawAsIssuer(directory, bob, name, jti, START - 300))).toEqual(INVALID);
      expect(directory.world.fetched).toEqual([]);
      expect(await withdrawn()).toEqual([]);
    });

    test('by an issuer whose attestations are not taken: forgotten, and nobody is asked', async () => {
      const { name } = await createDepositor();
      const jti = formatB64u(new Uint8Array(16).fill(5));
      for (const options of [{ issuers: 'listed' }, { quotas: { ...PRODUCTION, unlistedRecords: 0 } }] as const) {
        directory = createTestDirectory(database, { ...options, listed: ['telco.example'] });
        directory.world.join(bob, telco);
        expect(await outcome(withdrawAsIssuer(directory, bob, name, jti))).toEqual(UNKNOWN);
        expect(directory.world.fetched).toEqual([]);
      }
      expect(await withdrawn()).toEqual([]);
      expect(await outcome(withdrawAsIssuer(directory, telco, name, jti))).toEqual(UNKNOWN);
      expect(await withdrawn()).toMatchObject([{ issuer: 'telco.example' }]);
    });

    test('as often as a domain may have records, whatever its hosts; taking something out is free', async () => {
      const quotas = { ...PRODUCTION, unlistedRecords: 2 };
      const host = await createParty('chat.bob.example');
      directory = createTestDirectory(database, { quotas, listed: ['telco.example'] });
      directory.world.join(bob, telco, host);
      const made = await makeDeposit(await createDepositor(), [bob]);
      await put(directory, made);
      const { name } = await createDepositor();
      let number = 0;
      const ahead = (party: Party) =>
        outcome(withdrawAsIssuer(directory, party, name, formatB64u(new Uint8Array(16).fill(++number))));
      expect([await ahead(bob), await ahead(host)]).toEqual([UNKNOWN, UNKNOWN]);
      expect(await ahead(bob)).toEqual({ status: 429, code: 'quota-exceeded' });
      expect(await ahead(host)).toEqual({ status: 429, code: 'quota-exceeded' });
      for (let i = 0; i < 5; i++) expect(await ahead(telco)).toEqual(UNKNOWN);
      expect((await withdrawn()).length).toBe(7);
      const { jti, sub } = readAttestation(made.body.attestations[0] ?? '');
      const taken = withdrawAsIssuer(directory, bob, parseB64u(sub), jti);
      expect(await outcome(taken)).toEqual({ status: 200 });
    });

    test('at the same moment as the deposit: whoever is first, nothing stays and it is refused', async () => {
      await directory.ctx.descriptions.fetch('bob.example');
      const race = async () => {
        const depositor = await createDepositor();
        const made = await makeDeposit(depositor, [bob]);
        const { jti } = readAttestation(made.body.attestations[0] ?? '');
        const pair = [put(directory, made), withdrawAsIssuer(directory, bob, depositor.name, jti)] as const;
        const [deposited, removed] = await Promise.all(pair.map(async (one) => outcome(one)));
        expect(['201 200', '410 404']).toContain(`${deposited?.status} ${removed?.status}`);
      };
      await Promise.all(Array.from({ length: 20 }, race));
      const { records, withdrawn: refused } = await readState(database.db);
      expect([records.length, refused.length]).toEqual([0, 20]);
    });
  });

  test('what is no withdrawal for this name', async () => {
    const depositor = await createDepositor();
    const made = await makeDeposit(depositor, [bob]);
    await put(directory, made);
    const sub = formatB64u(depositor.name);
    const at = `${made.path}/withdrawal`;
    const sign = (changes: object) =>
      signWithdrawal(
        { by: 'holder', aud: DOMAIN, sub, seq: 9, iat: START, exp: START + 300, ...changes },
        depositor.key,
      );
    const send = (withdrawal: unknown) => outcome(directory.request(at, json('POST', { withdrawal })));
    expect(await send(await sign({ aud: 'other.example' }))).toEqual(INVALID);
    expect(await send(await sign({ sub: formatB64u((await createDepositor()).name) }))).toEqual(INVALID);
    expect(await send(await sign({ exp: START + 301 }))).toEqual(INVALID);
    expect(await send(await sign({ iat: START + 61 }))).toEqual(INVALID);
    expect(await send(made.body.deposit)).toEqual(INVALID);
    expect(await send('')).toEqual(INVALID);
    expect(await send(7)).toEqual({ status: 400, code: 'request-invalid' });
    expect((await readState(database.db)).records.length).toBe(1);
  });
});
