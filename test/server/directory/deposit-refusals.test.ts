// Deposits that are refused (§5.2) and what they cost (§10), on both databases; the whole state is checked after every test.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WhereaboutsError } from '../../../src/protocol/errors.ts';
import { formatB64u } from '../../../src/protocol/wire.ts';
import { checkDirectory, readState } from '../../support/check-directory.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  attest,
  createDepositor,
  createParty,
  createTestDirectory,
  json,
  makeDeposit,
  outcome,
  PRODUCTION,
  put,
  sealedFor,
  START,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';

const DAY = 86_400;

describe.each(LONG_ENGINES)('refused deposits on %s', (engine) => {
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

  test('single faults, each with its code, none of which makes the directory ask anybody', async () => {
    const { bob } = parties();
    const depositor = await createDepositor();
    const made = await makeDeposit(depositor, [bob]);
    const { body, path } = made;
    const other = await createDepositor();
    const [token = ''] = body.attestations;
    const send = (changes: object, at = path) => outcome(directory.request(at, json('PUT', { ...body, ...changes })));
    const sealedWith = (attestations: string[]) => makeDeposit(depositor, [], { attestations });
    const withAttestation = async (changes: Parameters<typeof attest>[2]) =>
      put(directory, await sealedWith([await attest(bob, depositor, changes)]));

    const cases: Record<string, Promise<{ status: number; code?: string }>> = {
      'request-invalid name': send({}, '/v1/records/abc'),
      'request-invalid name padded': send({}, `${path}=`),
      'request-invalid unknown member': send({ more: 1 }),
      'request-invalid no attestations': send({ attestations: [] }),
      'request-invalid five': send({ attestations: Array.from({ length: 5 }, () => token) }),
      'request-invalid sealed no b64u': send({ sealed: `${body.sealed}=` }),
      'record-invalid length': send({ sealed: formatB64u(made.octets.subarray(1)) }),
      'record-invalid evidence': send({ attestations: [await attest(bob, depositor)] }),
      'token-invalid deposit': send({ deposit: 'a.b.c' }),
      'token-invalid other octets': send({ sealed: formatB64u(sealedFor(body.attestations)) }),
      'token-invalid signature': send({ deposit: body.deposit.replace(/.{10}$/, 'AAAAAAAAAA') }),
      'token-invalid name': send({}, `/v1/records/${formatB64u(other.name)}`),
      'token-invalid expired': outcome(put(directory, await makeDeposit(depositor, [bob], { exp: START }))),
      'token-invalid ahead': outcome(put(directory, await makeDeposit(depositor, [bob], { iat: START + 61 }))),
      'token-invalid attestation': outcome(put(directory, await sealedWith(['x']))),
      'token-invalid attestation aud': outcome(withAttestation({ aud: 'other.example' })),
      'token-invalid attestation sub': outcome(withAttestation({ sub: formatB64u(other.name) })),
      'token-invalid attestation jkt': outcome(withAttestation({ jkt: other.key.jkt })),
      'token-invalid attestation expired': outcome(withAttestation({ issuedAt: START - 60, endsAt: START })),
      'record-invalid two of one issuer': outcome(
        put(directory, await sealedWith([token, await attest(bob, depositor)])),
      ),
    };
    for (const [title, work] of Object.entries(cases)) {
      const [code = ''] = title.split(' ');
      expect(await work, title).toMatchObject({ status: 400, code });
    }
    expect(Object.keys(cases).length).toBe(20);
    expect(directory.world.fetched).toEqual([]);
    expect((await readState(database.db)).records).toEqual([]);
  });

  test('an issuer’s signature must be by the key it lists', async () => {
    const { bob, eve } = parties();
    const depositor = await createDepositor();
    const forged = await attest({ ...eve, domain: 'bob.example' }, depositor);
    const made = await makeDeposit(depositor, [], { attestations: [forged] });
    expect(await outcome(put(directory, made))).toEqual({ status: 400, code: 'token-invalid' });
    expect(directory.world.fetched).toEqual([bob.domain]);
    // One bad one spoils the good ones beside it.
    const mixed = [await attest(parties().telco, depositor), forged];
    expect(await outcome(put(directory, await makeDeposit(depositor, [], { attestations: mixed })))).toEqual({
      status: 400,
      code: 'token-invalid',
    });
  });

  test('an issuer without a usable description is refused, and asked once in five minutes', async () => {
    const nobody = await createParty('nobody.example');
    const made = await makeDeposit(await createDepositor(), [nobody]);
    for (let i = 0; i < 3; i++)
      expect(await outcome(put(directory, made))).toEqual({ status: 403, code: 'issuer-refused' });
    expect(directory.world.fetched).toEqual(['nobody.example']);
    directory.world.descriptions.set('nobody.example', '{"version":1,"domain":"other.example"}');
    directory.time.now += 300_000;
    expect(await outcome(put(directory, made))).toEqual({ status: 403, code: 'issuer-refused' });
    directory.world.join(nobody);
    directory.time.now += 300_000;
    expect(await outcome(put(directory, made))).toEqual({ status: 201 });
  });

  test('a domain that cannot be reached keeps its last word', async () => {
    const { bob } = parties();
    await put(directory, await makeDeposit(await createDepositor(), [bob]));
    directory.time.now += 3_600_000;
    directory.world.descriptions.set(bob.domain, new WhereaboutsError('peer-unreachable'));
    const made = await makeDeposit(await createDepositor(), [bob]);
    expect(await outcome(put(directory, made))).toEqual({ status: 201 });
  });

  test('strangers cannot send the directory round the world', async () => {
    const quota = { capacity: 3, refill: 3, seconds: 60 };
    const careful = createTestDirectory(database, { quotas: { ...PRODUCTION, fetchesPerAddress: quota } });
    const codes: (string | undefined)[] = [];
    for (let i = 0; i < 6; i++) {
      const stranger = await createParty(`stranger${i}.example`);
      const { path, body } = await makeDeposit(await createDepositor(), [stranger]);
      codes.push((await outcome(careful.request(path, json('PUT', body), '198.51.100.7'))).code);
    }
    expect(codes.filter((code) => code === 'issuer-refused').length).toBe(3);
    expect(codes.filter((code) => code === 'quota-exceeded').length).toBe(3);
    expect(careful.world.fetched.length).toBe(3);
  });

  test('with a list of issuers, others are refused unasked', async () => {
    const closed = createTestDirectory(database, { issuers: 'listed', listed: ['telco.example'] });
    closed.world.join(...Object.values(parties()));
    const { bob, telco } = parties();
    const refused = await makeDeposit(await createDepositor(), [bob]);
    expect(await outcome(put(closed, refused))).toEqual({ status: 403, code: 'issuer-refused' });
    const mixed = await makeDeposit(await createDepositor(), [telco, bob]);
    expect(await outcome(put(closed, mixed))).toEqual({ status: 403, code: 'issuer-refused' });
    expect(closed.world.fetched).toEqual([]);
    expect((await put(closed, await makeDeposit(await createDepositor(), [telco]))).status).toBe(201);
  });
  describe('quotas', () => {
    test('five changes a day per name and issuer; another name has its own', async () => {
      const strict = createTestDirectory(database, { quotas: PRODUCTION });
      strict.world.join(...Object.values(parties()));
      const { bob } = parties();
      const depositor = await createDepositor();
      const first = await makeDeposit(depositor, [bob]);
      const change = async (seq: number) =>
        outcome(put(strict, await makeDeposit(depositor, [], { seq, attestations: first.body.attestations })));
      expect((await put(strict, first)).status).toBe(201);
      for (let seq = 2; seq <= 5; seq++) expect(await change(seq)).toEqual({ status: 200 });
      expect(await change(6)).toEqual({ status: 429, code: 'quota-exceeded' });
      expect((await put(strict, await makeDeposit(await createDepositor(), [bob]))).status).toBe(201);
      strict.time.now += (DAY / 5) * 1000;
      expect(await change(6)).toEqual({ status: 200 });
    });

    test('so many a minute per issuer, by registrable domain, listed ones apart', async () => {
      const quota = { capacity: 2, refill: 2, seconds: 60 };
      const strict = createTestDirectory(database, {
        listed: ['telco.example'],
        quotas: { ...PRODUCTION, writesPerIssuer: quota },
      });
      const hosts = await Promise.all(['a.many.example', 'b.many.example', 'c.many.example'].map(createParty));
      strict.world.join(...hosts, parties().telco);
      const codes: (string | undefined)[] = [];
      for (const host of hosts)
        codes.push((await outcome(put(strict, await makeDeposit(await createDepositor(), [host])))).code);
      expect(codes).toEqual([undefined, undefined, 'quota-exceeded']);
      for (let i = 0; i < 4; i++)
        expect((await put(strict, await makeDeposit(await createDepositor(), [parties().telco]))).status).toBe(201);
    });

    test('an unlisted domain has so many live records, whichever host attests', async () => {
      const strict = createTestDirectory(database, {
        listed: ['telco.example'],
        quotas: { ...PRODUCTION, unlistedRecords: 2 },
      });
      const hosts = await Promise.all(['a.many.example', 'b.many.example', 'c.many.example'].map(createParty));
      strict.world.join(...hosts, parties().telco);
      const results: { status: number; code?: string }[] = [];
      const made = await Promise.all(
        hosts.map(async (host) => makeDeposit(await createDepositor(), [host], { exp: START + 60 })),
      );
      for (const one of made) results.push(await outcome(put(strict, one)));
      expect(results).toEqual([{ status: 201 }, { status: 201 }, { status: 429, code: 'quota-exceeded' }]);
      strict.time.now += 60_000;
      const [host] = hosts;
      if (host === undefined) throw new Error('no host');
      const later = await makeDeposit(await createDepositor(), [host], { issuedAt: START });
      expect(await outcome(put(strict, later))).toEqual({ status: 201 });
    });

    test('a refused change costs nothing', async () => {
      const strict = createTestDirectory(database, { quotas: PRODUCTION });
      strict.world.join(parties().bob);
      const depositor = await createDepositor();
      const first = await makeDeposit(depositor, [parties().bob], { seq: 5 });
      await put(strict, first);
      const quotas = await database.query('select * from quotas order by subject');
      const { attestations } = first.body;
      for (const seq of [5, 4])
        expect(await outcome(put(strict, await makeDeposit(depositor, [], { seq, attestations })))).toMatchObject({
          code: 'record-stale',
        });
      expect(await database.query('select * from quotas order by subject')).toEqual(quotas);
    });
  });
});
