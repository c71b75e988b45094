// Depositing over HTTP (§5.2), on both databases; the whole state is checked after every test.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { formatHex } from '../../../src/protocol/wire.ts';
import { checkDirectory, readState } from '../../support/check-directory.ts';
import { emptyTables, ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  createDepositor,
  createParty,
  createTestDirectory,
  makeDeposit,
  outcome,
  PRODUCTION,
  put,
  sealedFor,
  START,
  withdrawAsHolder,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';

const DAY = 86_400;

describe.each(ENGINES)('deposits on %s', (engine) => {
  let database: TestDatabase;
  let directory: TestDirectory;
  let [bob, telco, eve]: Party[] = [];
  const parties = () => {
    if (bob === undefined || telco === undefined || eve === undefined) throw new Error('not set up');
    return { bob, telco, eve };
  };

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    [bob, telco, eve] = await Promise.all(['bob.example', 'telco.example', 'eve.example'].map(createParty));
  });
  beforeEach(async () => {
    await emptyTables(database);
    directory = createTestDirectory(database, { listed: ['telco.example'] });
    directory.world.join(...Object.values(parties()));
  });
  afterEach(async () => {
    await directory.settle();
    await checkDirectory(database.db, Math.floor(directory.time.now / 1000));
  });
  afterAll(() => database.close());

  test('a first one is created and answered with its digest', async () => {
    const depositor = await createDepositor();
    const made = await makeDeposit(depositor, [parties().bob, parties().telco]);
    const response = await put(directory, made);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ digest: made.digest, epoch: 0 });
    const { records, evidence } = await readState(database.db);
    expect(records).toMatchObject([{ length: 1_084, seq: 1, listed: 1, expiresAt: START + 50 * DAY }]);
    expect(evidence.map(({ issuer }) => issuer).toSorted()).toEqual(['bob.example', 'telco.example']);
    const response2 = await directory.request(`/v1/sealed/${made.digest}`);
    expect(new Uint8Array(await response2.arrayBuffer())).toEqual(made.octets);
  });

  test('the same again is 200 and changes nothing, whoever is out of reach and whatever is used up', async () => {
    const tight = createTestDirectory(database, {
      quotas: { ...PRODUCTION, changesPerNameAndIssuer: { capacity: 1, refill: 0, seconds: 60 } },
    });
    tight.world.join(parties().bob);
    const depositor = await createDepositor();
    const made = await makeDeposit(depositor, [parties().bob]);
    expect((await put(tight, made)).status).toBe(201);
    const before = await readState(database.db);
    tight.world.descriptions.clear();
    tight.time.now += 600_000;
    for (let i = 0; i < 3; i++) expect(await outcome(put(tight, made))).toEqual({ status: 200 });
    expect(await readState(database.db)).toEqual(before);
    tight.world.join(parties().bob);
    const next = await makeDeposit(depositor, [], { seq: 2, attestations: made.body.attestations });
    expect(await outcome(put(tight, next))).toEqual({ status: 429, code: 'quota-exceeded' });
    expect((await readState(database.db)).records).toEqual(before.records);
  });

  test('a higher number replaces and the old octets are gone', async () => {
    const depositor = await createDepositor();
    const first = await makeDeposit(depositor, [parties().bob]);
    await put(directory, first);
    const { attestations } = first.body;
    const second = await makeDeposit(depositor, [], { seq: 7, attestations, sealed: sealedFor(attestations, 2_108) });
    expect((await put(directory, second)).status).toBe(200);
    expect(await outcome(directory.request(`/v1/sealed/${first.digest}`))).toEqual({
      status: 404,
      code: 'record-unknown',
    });
    expect(await outcome(put(directory, first))).toEqual({ status: 409, code: 'record-stale' });
    const other = await makeDeposit(depositor, [], { seq: 7, attestations });
    expect(await outcome(put(directory, other))).toEqual({ status: 409, code: 'record-stale' });
    // The same content under a higher number is a change too.
    const again = await makeDeposit(depositor, [], { seq: 8, attestations, sealed: second.octets });
    expect(await outcome(put(directory, again))).toEqual({ status: 200 });
  });

  test('a later attestation by the same issuer supersedes; the older key is locked out', async () => {
    const name = (await createDepositor()).name;
    const [old, young] = [await createDepositor(name), await createDepositor(name)];
    const first = await makeDeposit(old, [parties().bob], { issuedAt: START - 100 });
    await put(directory, first);
    const second = await makeDeposit(young, [parties().bob], { issuedAt: START - 50 });
    expect((await put(directory, second)).status).toBe(201);
    const { records } = await readState(database.db);
    expect(records.map(({ digest }) => formatHex(digest))).toEqual([second.digest]);
    const back = await makeDeposit(old, [], { seq: 99, attestations: first.body.attestations });
    expect(await outcome(put(directory, back))).toEqual({ status: 409, code: 'record-stale' });
    const equal = await makeDeposit(await createDepositor(name), [parties().bob], { issuedAt: START - 50 });
    expect(await outcome(put(directory, equal))).toEqual({ status: 409, code: 'record-stale' });
  });

  test('another issuer’s stands beside', async () => {
    const name = (await createDepositor()).name;
    for (const issuer of Object.values(parties()))
      expect((await put(directory, await makeDeposit(await createDepositor(name), [issuer]))).status).toBe(201);
    expect((await readState(database.db)).records.length).toBe(3);
  });

  test('four by unlisted issuers, sixteen in all, a listed one displaces the newest unlisted', async () => {
    const issuers = await Promise.all(Array.from({ length: 18 }, (_, i) => createParty(`i${i}.example`)));
    const listed = issuers.slice(0, 13).map(({ domain }) => domain);
    const crowded = createTestDirectory(database, { listed });
    crowded.world.join(...issuers);
    const name = (await createDepositor()).name;
    const deposit = async (i: number) => {
      crowded.time.now += 1_000;
      const party = issuers[i];
      if (party === undefined) throw new Error('no such issuer');
      const made = await makeDeposit(await createDepositor(name), [party]);
      return { ...(await outcome(put(crowded, made))), digest: made.digest };
    };
    const unlisted = [await deposit(13), await deposit(14), await deposit(15), await deposit(16)];
    expect(unlisted.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(await deposit(17)).toMatchObject({ status: 409, code: 'name-full' });
    for (let i = 0; i < 12; i++) expect((await deposit(i)).status).toBe(201);
    expect((await readState(database.db)).records.length).toBe(16);
    expect((await deposit(12)).status).toBe(201);
    const digests = (await readState(database.db)).records.map(({ digest }) => formatHex(digest));
    expect(digests.length).toBe(16);
    expect(unlisted.map(({ digest }) => digests.includes(digest))).toEqual([true, true, true, false]);
    expect(await deposit(17)).toMatchObject({ status: 409, code: 'name-full' });
  });

  test('an expired record is gone for readers, makes room, and its number still counts', async () => {
    const depositor = await createDepositor();
    const made = await makeDeposit(depositor, [parties().bob], { exp: START + 60 });
    await put(directory, made);
    directory.time.now += 60_000;
    await directory.step();
    expect(await outcome(directory.request(`/v1/sealed/${made.digest}`))).toMatchObject({ status: 404 });
    expect(await outcome(put(directory, made))).toEqual({ status: 400, code: 'token-invalid' });
    const { attestations } = made.body;
    const same = await makeDeposit(depositor, [], { attestations });
    expect(await outcome(put(directory, same))).toEqual({ status: 409, code: 'record-stale' });
    const next = await makeDeposit(depositor, [], { attestations, seq: 2 });
    expect(await outcome(put(directory, next))).toEqual({ status: 201 });
    expect((await readState(database.db)).records.length).toBe(1);
  });

  test('nothing withdrawn comes back by replay', async () => {
    const depositor = await createDepositor();
    const made = await makeDeposit(depositor, [parties().bob]);
    await put(directory, made);
    expect((await withdrawAsHolder(directory, depositor, 5)).status).toBe(200);
    expect(await outcome(put(directory, made))).toEqual({ status: 409, code: 'record-stale' });
    const next = (seq: number) => makeDeposit(depositor, [], { seq, attestations: made.body.attestations });
    expect(await outcome(put(directory, await next(5)))).toEqual({ status: 409, code: 'record-stale' });
    expect(await outcome(put(directory, await next(6)))).toEqual({ status: 201 });
  });

  test('an attestation new to the directory is less than a day old; a known one may be older', async () => {
    const depositor = await createDepositor();
    const old = await makeDeposit(depositor, [parties().bob], { issuedAt: START - DAY - 1 });
    expect(await outcome(put(directory, old))).toEqual({ status: 400, code: 'token-invalid' });
    const fresh = await makeDeposit(depositor, [parties().bob], { issuedAt: START - DAY });
    expect(await outcome(put(directory, fresh))).toEqual({ status: 201 });
    directory.time.now += 5 * DAY * 1000;
    const later = await makeDeposit(depositor, [], { seq: 2, attestations: fresh.body.attestations });
    expect(await outcome(put(directory, later))).toEqual({ status: 200 });
  });

  test('a record ends with the first of its tokens', async () => {
    const made = await makeDeposit(await createDepositor(), [parties().bob], { endsAt: START + DAY });
    await put(directory, made);
    expect((await readState(database.db)).records[0]?.expiresAt).toBe(START + DAY);
  });
});
