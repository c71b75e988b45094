// Everybody at once (§5.2): whatever races, the state is legal and every answer true of some order. On both databases.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { formatB64u, formatHex } from '../../../src/protocol/wire.ts';
import { checkDirectory, readState } from '../../support/check-directory.ts';
import { emptyTables, ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  attest,
  createDepositor,
  createParty,
  createTestDirectory,
  makeDeposit,
  outcome,
  put,
  ROOMY,
  START,
  withdrawAsHolder,
  withdrawAsIssuer,
  type Made,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';
import { IS_LONG } from '../../support/long.ts';
import { readAttestation } from '../../../src/protocol/token/attestation.ts';

const series = (length: number): number[] => Array.from({ length }, (_, i) => i);
const count = <T>(items: readonly T[], fits: (item: T) => boolean): number => items.filter(fits).length;

describe.each(ENGINES)('races on %s', (engine) => {
  /** PGlite takes one transaction at a time: a hundred are two minutes' work. */
  const crowd = series(engine === 'postgres' || IS_LONG ? 100 : 26);
  const last = crowd.length - 1;
  let database: TestDatabase;
  let directory: TestDirectory;
  let bob: Party;
  let listed: Party[];
  let unlisted: Party[];

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    bob = await createParty('bob.example');
    listed = await Promise.all(Array.from({ length: 20 }, (_, i) => createParty(`listed${i}.example`)));
    unlisted = await Promise.all(Array.from({ length: 20 }, (_, i) => createParty(`unlisted${i}.example`)));
  });
  beforeEach(async () => {
    await emptyTables(database);
    directory = createTestDirectory(database, { listed: listed.map(({ domain }) => domain) });
    directory.world.join(bob, ...listed, ...unlisted);
    // Known to the directory beforehand: the races are about records.
    await Promise.all([bob, ...listed, ...unlisted].map(({ domain }) => directory.ctx.descriptions.fetch(domain)));
  });
  afterEach(async () => {
    await directory.settle();
    await checkDirectory(database.db, START);
  });
  afterAll(() => database.close());

  /** As a client does, who is told to come again: depositing is idempotent, and what it made by then is answered with 200. */
  const insist = async (one: Made): Promise<Awaited<ReturnType<typeof outcome>>> => {
    const answer = await outcome(put(directory, one));
    return answer.code === 'overloaded' ? insist(one) : answer;
  };
  const race = async (made: readonly Made[]) => Promise.all(made.map(insist));

  test('many numbers of one key: the highest stands, each answer is 20x or stale', async () => {
    const depositor = await createDepositor();
    const attestations = [await attest(bob, depositor)];
    const made = await Promise.all(crowd.map((seq) => makeDeposit(depositor, [], { seq, attestations })));
    const answers = await race(made);
    expect(answers.every(({ status, code }) => status < 300 || code === 'record-stale')).toBe(true);
    expect(count(answers, ({ status }) => status === 201)).toBeLessThanOrEqual(1);
    expect(answers[last]?.status).toBeLessThan(300);
    const { records } = await readState(database.db);
    expect(records.map(({ seq }) => seq)).toEqual([last]);
  });

  test('many keys by one issuer: the latest attestation stands', async () => {
    const { name } = await createDepositor();
    const made = await Promise.all(
      crowd.map(async (i) => makeDeposit(await createDepositor(name), [bob], { issuedAt: START - 100 + i })),
    );
    const answers = await race(made);
    expect(answers.filter(({ status, code }) => status >= 300 && code !== 'record-stale')).toEqual([]);
    expect(answers[last]?.status).toBeLessThan(300);
    const { records } = await readState(database.db);
    expect(records.map(({ digest }) => formatHex(digest))).toEqual([made[last]?.digest]);
  });

  test('many times the same deposit: created once', async () => {
    const made = await makeDeposit(await createDepositor(), [bob]);
    const answers = await race(crowd.map(() => made));
    expect(count(answers, ({ status }) => status === 201)).toBeLessThanOrEqual(1);
    expect(count(answers, ({ status }) => status < 300)).toBe(crowd.length);
  });

  test('many keys with equal times by one issuer: one stands', async () => {
    const { name } = await createDepositor();
    const made = await Promise.all(crowd.map(async () => makeDeposit(await createDepositor(name), [bob])));
    const answers = await race(made);
    expect(count(answers, ({ status }) => status < 300)).toBe(1);
    expect(count(answers, ({ code }) => code === 'record-stale')).toBe(last);
  });

  test('forty issuers under one name: sixteen stand, at most four of them unlisted, the listed come first', async () => {
    const { name } = await createDepositor();
    const issuers = listed.flatMap((party, i) => [party, unlisted[i] ?? party]);
    const made = await Promise.all(issuers.map(async (party) => makeDeposit(await createDepositor(name), [party])));
    const answers = await race(made);
    expect(answers.every(({ status, code }) => status === 201 || code === 'name-full')).toBe(true);
    const { records } = await readState(database.db);
    expect(records.length).toBe(LIMITS.nameRecords);
    // Twenty listed issuers wanted in: every one that was refused found sixteen listed there.
    expect(count(records, (record) => record.listed === 1)).toBe(LIMITS.nameRecords);
    const stood = new Set(records.map(({ digest }) => formatHex(digest)));
    for (const [i, one] of made.entries()) if (stood.has(one.digest)) expect(answers[i]).toEqual({ status: 201 });
  });

  test('twenty unlisted issuers under one name: four stand', async () => {
    const { name } = await createDepositor();
    const answers = await race(
      await Promise.all(unlisted.map(async (party) => makeDeposit(await createDepositor(name), [party]))),
    );
    expect(count(answers, ({ status }) => status === 201)).toBe(LIMITS.nameUnlistedRecords);
  });

  test('deposits that attest in two directions do not wait for each other in a circle', async () => {
    const [a, b] = unlisted;
    if (a === undefined || b === undefined) throw new Error('no issuers');
    const made = await Promise.all(
      series(60).map(async (i) => makeDeposit(await createDepositor(), i % 2 === 0 ? [a, b] : [b, a])),
    );
    const answers = await race(made);
    expect(count(answers, ({ status }) => status === 201)).toBe(60);
  });

  test('an unlisted domain’s last places are given once', async () => {
    const strict = createTestDirectory(database, { quotas: { ...ROOMY, unlistedRecords: 10 } });
    strict.world.join(bob);
    await strict.ctx.descriptions.fetch(bob.domain);
    const made = await Promise.all(series(40).map(async () => makeDeposit(await createDepositor(), [bob])));
    const answers = await Promise.all(made.map((one) => outcome(put(strict, one))));
    expect(count(answers, ({ status }) => status === 201)).toBe(10);
    expect(count(answers, ({ code }) => code === 'quota-exceeded')).toBe(30);
    await checkDirectory(database.db, START, { unlistedRecords: 10 });
  });

  test('changes and withdrawals by the key: the highest number decides', async () => {
    const depositor = await createDepositor();
    const attestations = [await attest(bob, depositor)];
    const first = await makeDeposit(depositor, [], { seq: 0, attestations });
    await put(directory, first);
    const made = await Promise.all(
      crowd.filter((seq) => seq % 2 === 1).map((seq) => makeDeposit(depositor, [], { seq, attestations })),
    );
    const between = [10, 30, 50, last - 1].filter((seq) => seq < last);
    const [answers, withdrawals] = await Promise.all([
      race(made),
      Promise.all(between.map((seq) => outcome(withdrawAsHolder(directory, depositor, seq)))),
    ]);
    expect(answers.every(({ status, code }) => status < 300 || code === 'record-stale')).toBe(true);
    for (const { status, code } of withdrawals)
      expect([undefined, 'record-stale', 'record-unknown']).toContain(status < 300 ? undefined : code);
    // The last is above every withdrawal: it stands whatever the order.
    expect((await readState(database.db)).records.map(({ seq }) => seq)).toEqual([last]);
  });

  test('an issuer’s withdrawal among deposits of its attestation: nothing of it stays', async () => {
    const depositor = await createDepositor();
    const token = await attest(bob, depositor);
    const { jti } = readAttestation(token);
    await put(directory, await makeDeposit(depositor, [], { seq: 0, attestations: [token] }));
    const made = await Promise.all(
      crowd.slice(1, 50).map((seq) => makeDeposit(depositor, [], { seq, attestations: [token] })),
    );
    const [answers, withdrawal] = await Promise.all([
      race(made),
      outcome(withdrawAsIssuer(directory, bob, depositor.name, jti)),
    ]);
    expect(withdrawal).toEqual({ status: 200 });
    expect(
      answers.every(({ status, code }) => status < 300 || code === 'attestation-withdrawn' || code === 'record-stale'),
    ).toBe(true);
    expect((await readState(database.db)).records).toEqual([]);
  });

  test('an issuer’s withdrawal reaches deposits that race with it under other names', async () => {
    const jti = formatB64u(new Uint8Array(16).fill(7));
    const depositors = await Promise.all(series(40).map(() => createDepositor()));
    const made = await Promise.all(
      depositors.map(async (depositor) =>
        makeDeposit(depositor, [], { attestations: [await attest(bob, depositor, { jti })] }),
      ),
    );
    const [first, ...rest] = made;
    const name = depositors[0]?.name;
    if (first === undefined || name === undefined) throw new Error('no deposits');
    await put(directory, first);
    const [answers, withdrawal] = await Promise.all([race(rest), outcome(withdrawAsIssuer(directory, bob, name, jti))]);
    expect(withdrawal).toEqual({ status: 200 });
    expect(answers.every(({ status, code }) => status === 201 || code === 'attestation-withdrawn')).toBe(true);
    expect((await readState(database.db)).records).toEqual([]);
  });

  test('superseding and withdrawing at once', async () => {
    const { name } = await createDepositor();
    const first = await createDepositor(name);
    await put(directory, await makeDeposit(first, [bob], { issuedAt: START - 200 }));
    const made = await Promise.all(
      series(30).map(async (i) => makeDeposit(await createDepositor(name), [bob], { issuedAt: START - 100 + i })),
    );
    const [answers, withdrawal] = await Promise.all([race(made), outcome(withdrawAsHolder(directory, first, 9))]);
    expect(answers[29]).toEqual({ status: 201 });
    expect([undefined, 'record-unknown']).toContain(withdrawal.code);
    expect((await readState(database.db)).records.map(({ digest }) => formatHex(digest))).toEqual([made[29]?.digest]);
  });

  test('a bucket’s last places are given once', async () => {
    const deposit = async () => {
      const depositor = await createDepositor();
      depositor.name[0] = 0x70 | ((depositor.name[0] ?? 0) & 15);
      return makeDeposit(depositor, [listed[0] ?? bob]);
    };
    // Straight into the table: 250 records by way of HTTP would say nothing more.
    const seeded = await Promise.all(series(4).map(deposit));
    await race(seeded);
    await seedBucket(database, 248);
    const answers = await race(await Promise.all(series(20).map(deposit)));
    expect(count(answers, ({ status }) => status === 201)).toBe(LIMITS.bucketRecords - 4 - 248);
    expect(count(answers, ({ code }) => code === 'name-full')).toBe(20 - 4);
    await directory.settle();
    expect((await readState(database.db)).depth).toBe(LIMITS.minDepth);
  });
});

/** Records that look like any other to SQL, in the bucket 7 of 16. */
async function seedBucket(database: TestDatabase, records: number): Promise<void> {
  const name = `decode('7f' || lpad(to_hex(i), 62, '0'), 'hex')`;
  const holder = `sha256(${name} || 'holder'::bytea)`;
  const proof = `sha256(${name})`;
  const octets = `sha256(${proof}) || decode(repeat('00', 1052), 'hex')`;
  const series = `generate_series(1, ${records}) as i`;
  const [start, end] = [START, START + 86_400];
  await database.query(`insert into sealed select sha256(${octets}), ${octets} from ${series}`);
  await database.query(
    `insert into records (name, holder, digest, length, seq, listed, deposited_at, expires_at)
     select ${name}, ${holder}, sha256(${octets}), 1084, 1, 1, ${start}, ${end} from ${series}`,
  );
  await database.query(
    `insert into evidence (name, issuer, holder, jti, digest, domain, issued_at, expires_at)
     select ${name}, 'seed.example', ${holder}, substr(${proof}, 1, 16), ${proof}, 'seed.example', ${start}, ${end} from ${series}`,
  );
  await database.query(
    `insert into waiting (name, gone, holder, digest, length) select ${name}, '', ${holder}, sha256(${octets}), 1084 from ${series}`,
  );
  await database.query(
    `insert into holder_marks (name, holder, seq, until) select ${name}, ${holder}, 1, ${end} from ${series}`,
  );
  await database.query(
    `insert into issuer_marks (name, issuer, holder, issued_at, until)
     select ${name}, 'seed.example', ${holder}, ${start}, ${end} from ${series}`,
  );
}
