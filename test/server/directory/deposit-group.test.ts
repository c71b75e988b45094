// Deposits that share a transaction: each is decided by itself, as if it had come alone and in its turn; limits are exact.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { equalOctets } from '../../../src/protocol/wire.ts';
import { DepositGroup } from '../../../src/server/directory/deposit-group.ts';
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
  ROOMY,
  START,
  type Made,
  type TestDirectory,
} from '../../support/directory.ts';

const [listed, unlisted, other] = await Promise.all(
  ['listed.example', 'unlisted.example', 'other.example'].map(createParty),
);
if (listed === undefined || unlisted === undefined || other === undefined) throw new Error('no parties');
const parties = [listed, unlisted, other];

/** How often each status and code was given. */
async function tally(directory: TestDirectory, deposits: readonly Made[]): Promise<Record<string, number>> {
  const outcomes = await Promise.all(deposits.map((one) => outcome(put(directory, one))));
  const counts: Record<string, number> = {};
  for (const { status, code } of outcomes) {
    const key = code === undefined ? `${status}` : `${status} ${code}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const many = (length: number, party = unlisted, name?: () => Uint8Array): Promise<Made[]> =>
  Promise.all(Array.from({ length }, async () => makeDeposit(await createDepositor(name?.()), [party])));

test('sixteen are read at once, in the order they came, and one that fails makes room', async () => {
  const group = new DepositGroup();
  const reads = Array.from({ length: 20 }, () => Promise.withResolvers<string>());
  const begun: number[] = [];
  const results = reads.map((read, i) =>
    group
      .inTurn(() => {
        begun.push(i);
        return read.promise;
      })
      .catch(String),
  );
  const first = (count: number) => Array.from({ length: count }, (_, i) => i);
  expect(begun).toEqual(first(16));
  reads[3]?.reject(new Error('no deposit'));
  reads[1]?.resolve('read');
  expect([await results[3], await results[1]]).toEqual(['Error: no deposit', 'read']);
  expect(begun).toEqual(first(18));
  for (const { resolve } of reads) resolve('read');
  await Promise.all(results);
  expect(begun).toEqual(first(20));
  // All places are free again.
  expect(await Promise.all(first(40).map(() => group.inTurn(() => Promise.resolve('again'))))).toHaveLength(40);
});

test('who would wait behind four thousand is told to come again, and takes nobody’s place', async () => {
  const group = new DepositGroup();
  const gate = Promise.withResolvers<string>();
  const waiting = Array.from({ length: 16 + 4_000 }, () => group.inTurn(() => gate.promise));
  const late = group.inTurn(() => Promise.resolve('read'));
  await expect(late).rejects.toMatchObject({ code: 'overloaded', extensions: { retryAfter: 5 } });
  gate.resolve('read');
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['read']));
  expect(await group.inTurn(() => Promise.resolve('again'))).toBe('again');
});

describe.each(ENGINES)('deposits at once on %s', (engine) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
  });
  afterAll(() => database.close());
  beforeEach(() => emptyTables(database));

  /** Whose parties have been heard of. */
  const open = async (options: Parameters<typeof createTestDirectory>[1] = {}): Promise<TestDirectory> => {
    const directory = createTestDirectory(database, { listed: [listed.domain], ...options });
    directory.world.join(...parties);
    for (const { domain } of parties) await directory.ctx.descriptions.fetch(domain);
    return directory;
  };

  test('a directory with too many that wait says so, and takes the same deposit later', async () => {
    const directory = await open();
    const [made] = await many(1, listed);
    if (made === undefined) throw new Error('no deposit');
    const gate = Promise.withResolvers<void>();
    const before = Array.from({ length: 16 + 4_000 }, () => directory.ctx.deposits.inTurn(() => gate.promise));
    const refused = await put(directory, made);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused.json()).toMatchObject({ code: 'overloaded' });
    gate.resolve();
    await Promise.all(before);
    expect(await outcome(put(directory, made))).toMatchObject({ status: 201 });
  });

  test('an issuer may write so often a minute, exactly, and takes nobody else with it', async () => {
    const quotas = { ...PRODUCTION, writesPerIssuer: { capacity: 20, refill: 20, seconds: 60 } };
    const directory = await open({ quotas });
    const [own, others] = await Promise.all([many(50), many(60, listed)]);
    const mixed = own.flatMap((one, i) => [one, ...others.slice(i, i + 1)]);
    expect(await tally(directory, [...mixed, ...others.slice(own.length)])).toEqual({
      '201': 80,
      '429 quota-exceeded': 30,
    });
    directory.time.now += 30_000;
    expect(await tally(directory, await many(15))).toEqual({ '201': 10, '429 quota-exceeded': 5 });
    await directory.settle();
    await checkDirectory(database.db, START + 30);
  });

  test('a domain has so many records, exactly, whatever else it is refused', async () => {
    const directory = await open({ quotas: { ...ROOMY, unlistedRecords: 12 } });
    expect(await tally(directory, [...(await many(20)), ...(await many(5, other))])).toEqual({
      '201': 17,
      '429 quota-exceeded': 8,
    });
    await directory.settle();
    await checkDirectory(database.db, START);
  });

  test.runIf(engine === 'postgres')('a bucket holds 256, and what is too much is told so by itself', async () => {
    const directory = await open();
    const from = (first: number) => () => {
      const name = new Uint8Array(randomBytes(32));
      name[0] = first;
      return name;
    };
    const crowd = await many(260, listed, from(0x50));
    expect(await tally(directory, [...crowd, ...(await many(10, listed, from(0x10)))])).toEqual({
      '201': 266,
      '409 name-full': 4,
    });
    await directory.settle();
    await checkDirectory(database.db, START);
  });

  test('of changes of one name the last stands, in whatever order they come; who is refused is refused alone', async () => {
    const directory = await open();
    const one = await createDepositor();
    const changes = [];
    for (const seq of [1, 2, 2, 5, 4]) changes.push(await makeDeposit(one, [unlisted], { seq, issuedAt: START + seq }));
    const [beside, ...rest] = await many(30, other);
    const all = [...changes, ...rest, ...(beside === undefined ? [] : [beside, beside])];
    const outcomes = await Promise.all(all.map((each) => outcome(put(directory, each))));
    const own = outcomes.slice(0, 5).map(({ status, code }) => code ?? status);
    expect(own.filter((one) => one === 201)).toHaveLength(1);
    expect(own.filter((one) => one !== 201 && one !== 200 && one !== 'record-stale')).toEqual([]);
    expect(own[3]).not.toBe('record-stale');
    expect(own.slice(1, 3)).toContain('record-stale');
    const { records } = await readState(database.db);
    expect(records.find(({ name }) => equalOctets(name, one.name))?.seq).toBe(5);
    // The same octets twice: the first is created, the second is there already.
    expect(outcomes.slice(5).filter(({ status }) => status === 201)).toHaveLength(30);
    expect(outcomes.slice(5).filter(({ status }) => status === 200)).toHaveLength(1);
    await directory.settle();
    await checkDirectory(database.db, START);
  });

  test('a name has four records by unlisted issuers, however many come at once', async () => {
    const directory = await open();
    const issuers = await Promise.all(Array.from({ length: 9 }, (_, i) => createParty(`issuer-${i}.example`)));
    directory.world.join(...issuers);
    for (const { domain } of issuers) await directory.ctx.descriptions.fetch(domain);
    const { name } = await createDepositor();
    const made = await Promise.all(issuers.map(async (issuer) => makeDeposit(await createDepositor(name), [issuer])));
    expect(await tally(directory, made)).toEqual({ '201': 4, '409 name-full': 5 });
    await directory.settle();
    await checkDirectory(database.db, START);
  });

  test('a fault over one of them is no other’s', async () => {
    const directory = await open();
    const made = await many(12, listed);
    const poisoned = made[5];
    await database.query(`create function poison() returns trigger language plpgsql as $$ begin
      if encode(new.digest, 'hex') = '${poisoned?.digest}' then raise exception 'poisoned'; end if; return new; end $$`);
    await database.query('create trigger poison before insert on records for each row execute function poison()');
    try {
      expect(await tally(directory, made)).toEqual({ '201': 11, '500 internal-error': 1 });
    } finally {
      await database.query('drop function poison cascade');
    }
    expect(
      await outcome(put(directory, poisoned ?? { path: '', body: { sealed: '', deposit: '', attestations: [] } })),
    ).toEqual({ status: 201 });
    await directory.settle();
    await checkDirectory(database.db, START);
  });
});
