// Another OPRF key (§10) as the directory goes through it, on both databases: what is announced, evaluated under, filed and
// taken out before, during and after; and what no instance may do to the rest, whatever keys it was given.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseConfigText } from '../../../src/protocol/config-text.ts';
import { nobleGroup } from '../../../src/protocol/group-noble.ts';
import { CHANGE_OCTETS, readRemovals } from '../../support/removals.ts';
import { generateKeyPair, keyId } from '../../../src/protocol/oprf.ts';
import { formatB64u } from '../../../src/protocol/wire.ts';
import { endedKeys } from '../../../src/server/directory/keys.ts';
import { judgeKeys } from '../../../src/server/directory/sequencer/config.ts';
import type { OprfKey } from '../../../src/server/keys.ts';
import { checkDirectory } from '../../support/check-directory.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
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
  type Depositor,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';

const DAY = 86_400;
const END = START + 10 * DAY;
const random = (octets: number): Uint8Array => crypto.getRandomValues(new Uint8Array(octets));
const makeKey = (): OprfKey => {
  const pair = generateKeyPair(nobleGroup, random);
  return { ...pair, id: keyId(pair.publicKey) };
};
const inOrder = (...keys: OprfKey[]): OprfKey[] => keys.toSorted((a, b) => (a.id < b.id ? -1 : 1));

describe.each(LONG_ENGINES)('a rotation on %s', (engine) => {
  let database: TestDatabase;
  let bob: Party;
  let a: OprfKey;
  let b: OprfKey;
  let keys: OprfKey[];
  let directory: TestDirectory;

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    bob = await createParty('bob.example');
  });
  beforeEach(async () => {
    await emptyTables(database);
    [a, b] = [makeKey(), makeKey()];
    keys = [a];
    directory = createTestDirectory(database, { oprfKeys: keys, listed: ['bob.example'] });
    directory.world.join(bob);
    await directory.step();
  });
  afterAll(() => database.close());

  const now = () => Math.floor(directory.time.now / 1000);
  const pass = async (seconds: number) => {
    directory.time.now += seconds * 1000;
    await directory.step();
  };
  const setKeys = async (list: OprfKey[], ...next: OprfKey[]) => {
    list.splice(0, list.length, ...inOrder(...next));
    await pass(1);
  };
  const listed = async () => {
    const text = await (await directory.request('/v1/config')).text();
    return Object.fromEntries(parseConfigText(text).keys.map(({ id, until }) => [id, until]));
  };
  /** Status of an evaluation under `key`, or what it is refused with. */
  const evaluate = async ({ id }: OprfKey, at = directory) => {
    const token = await clientToken(bob, { iat: now(), exp: now() + 60 });
    const blinded = [formatB64u(nobleGroup.fromHash(random(64)))];
    const reply = await at.request('/v1/evaluate', json('POST', { key: id, blinded }, `Bearer ${token}`));
    const body = (await reply.json()) as { code?: string; keys?: string[] };
    return reply.status === 200 ? 200 : { code: body.code, keys: body.keys };
  };
  const deposit = async (depositor?: Depositor): Promise<Depositor> => {
    const who = depositor ?? (await createDepositor());
    const times = { iat: now(), exp: now() + 100 * DAY, issuedAt: now(), endsAt: now() + 100 * DAY };
    expect((await outcome(put(directory, await makeDeposit(who, [bob], times)))).status).toBeLessThan(300);
    return who;
  };
  const filed = async () => {
    const { records } = await checkDirectory(database.db, now());
    return new Map(records.map(({ name, key }) => [formatB64u(name), key]));
  };
  const held = () => directory.log.filter(({ event }) => event === 'config-held').map(({ fields }) => fields);

  test('before, during, postponed, after', async () => {
    const early = await deposit();
    expect(await listed()).toEqual({ [a.id]: undefined });
    expect(await evaluate(b)).toEqual({ code: 'key-unknown', keys: [a.id] });

    await setKeys(keys, { ...a, until: END }, b);
    expect(await listed()).toEqual({ [a.id]: END, [b.id]: undefined });
    expect([await evaluate(a), await evaluate(b)]).toEqual([200, 200]);
    const late = await deposit();
    const second = await deposit();
    expect(await filed()).toEqual(
      new Map([
        [formatB64u(early.name), a.id],
        [formatB64u(late.name), b.id],
        [formatB64u(second.name), b.id],
      ]),
    );

    await setKeys(keys, { ...a, until: END + DAY }, b);
    expect(await listed()).toEqual({ [a.id]: END + DAY, [b.id]: undefined });
    directory.time.now = (END + DAY - 1) * 1000;
    await directory.step();
    expect([await evaluate(a), await evaluate(b)]).toEqual([200, 200]);
    expect(endedKeys(directory.ctx)).toEqual([]);
    expect((await filed()).has(formatB64u(early.name))).toBe(true);
    const before = await directory.request('/v1/epoch');
    const size = Number(/^epoch (\d+)$/m.exec(atobBundle(await before.text()))?.[1]);

    // The very second of its end, also before the epoch that says so.
    directory.time.now = (END + DAY) * 1000;
    expect(endedKeys(directory.ctx)).toEqual([]);
    expect(await evaluate(a)).toEqual({ code: 'key-unknown', keys: [b.id] });
    await directory.step();
    expect(await listed()).toEqual({ [b.id]: undefined });
    expect(await filed()).toEqual(
      new Map([
        [formatB64u(late.name), b.id],
        [formatB64u(second.name), b.id],
      ]),
    );
    // All of them in that one epoch, as changes everybody can read.
    const changes = await directory.request(`/v1/epochs/${size + 1}/changes`);
    const octets = new Uint8Array(await changes.arrayBuffer());
    expect(octets.length).toBe(CHANGE_OCTETS);
    expect(readRemovals(octets)).toEqual([formatB64u(early.name)]);

    expect(endedKeys(directory.ctx).map(({ id }) => id)).toEqual([a.id]);
    expect(await evaluate(b)).toBe(200);
    // Postponed too late: what was retired stays so.
    await setKeys(keys, { ...a, until: END + 90 * DAY }, b);
    expect(held()).toEqual([{ why: 'key-past' }]);
    expect(await listed()).toEqual({ [b.id]: undefined });
    expect(await evaluate(a)).toEqual({ code: 'key-unknown', keys: [b.id] });
  });

  test('an instance that was not told undoes nothing, and lets go of the old key in time', async () => {
    const others: OprfKey[] = [a];
    const other = createTestDirectory(database, { oprfKeys: others, time: directory.time });
    other.world.join(bob);
    await other.step();
    await setKeys(keys, { ...a, until: END }, b);
    await other.step();
    expect(other.log.some(({ event }) => event === 'config-held')).toBe(true);
    expect(await listed()).toEqual({ [a.id]: END, [b.id]: undefined });
    // One told of an earlier end than is announced now.
    await setKeys(keys, { ...a, until: END + DAY }, b);
    others.splice(0, 1, ...inOrder({ ...a, until: END }, b));
    directory.time.now = END * 1000;
    await other.step();
    expect(await listed()).toEqual({ [a.id]: END + DAY, [b.id]: undefined });
    expect(await evaluate(a, other)).toBe(200);
    others.splice(0, 2, a);
    directory.time.now = (END + DAY) * 1000;
    await directory.step();
    expect(await evaluate(a, other)).toEqual({ code: 'key-unknown', keys: [] });
    await other.step();
    expect(await evaluate(a, other)).toEqual({ code: 'key-unknown', keys: [] });
    expect(await listed()).toEqual({ [b.id]: undefined });
    // Started anew, with nothing but the old key at hand.
    const fresh = createTestDirectory(database, { oprfKeys: [a], time: directory.time });
    fresh.world.join(bob);
    await fresh.step();
    expect(await evaluate(a, fresh)).toEqual({ code: 'key-unknown', keys: [] });
  });

  test('a wrong keys file takes nothing out; a key given up does', async () => {
    const who = await deposit();
    await setKeys(keys, b);
    expect(held()).toEqual([{ why: 'key-missing' }]);
    expect(await listed()).toEqual({ [a.id]: undefined });
    expect((await filed()).has(formatB64u(who.name))).toBe(true);
    // An end that was never announced has not come.
    await setKeys(keys, { ...a, until: now() - 1 }, b);
    expect(held()).toEqual([{ why: 'key-missing' }]);
    expect(endedKeys(directory.ctx)).toEqual([]);
    expect((await filed()).has(formatB64u(who.name))).toBe(true);
    // Once a minute, not once a second.
    await pass(60);
    expect(held()).toHaveLength(2);

    const desperate = createTestDirectory(database, { oprfKeys: [b], time: directory.time, abandoned: a.id });
    await desperate.step();
    expect(await listed()).toEqual({ [b.id]: undefined });
    expect((await filed()).size).toBe(0);
  });

  test('a thousand records leave together', async () => {
    const names = Array.from({ length: 1_000 }, (_, i) => i);
    for (let at = 0; at < names.length; at += 100)
      await database.query(`insert into records (name, holder, digest, length, seq, listed, deposited_at, expires_at, key)
        select sha256(('n' || i)::bytea), sha256(('h' || i)::bytea), sha256(('d' || i)::bytea), 1084, 1, 1, ${now()}, ${END + DAY}, '${a.id}'
        from generate_series(${at}, ${at + 99}) i`);
    await database.query(`insert into waiting (name, gone, holder, digest, length)
      select name, ''::bytea, holder, digest, length from records order by name`);
    await database.query(`insert into sealed (digest, octets) select digest, ''::bytea from records`);
    await pass(1);
    expect(await database.query('select 1 from entries where to_epoch is null')).toHaveLength(1_000);
    await setKeys(keys, { ...a, until: END }, b);
    directory.time.now = END * 1000;
    await directory.step();
    expect(await database.query('select 1 from records')).toHaveLength(0);
    const [row] = await database.query('select records, changes from epochs order by epoch desc limit 1');
    expect(Number(row?.['records'])).toBe(0);
    expect((row?.['changes'] as Uint8Array | undefined)?.length).toBe(1_000 * CHANGE_OCTETS);
  });
});

/** The log leaf in a tlog-proof's `extra` line. */
function atobBundle(text: string): string {
  const extra = /^extra (\S+)$/m.exec(text)?.[1] ?? '';
  return Buffer.from(extra, 'base64').toString();
}

describe('what may follow what was announced', () => {
  const [a, b, c] = [makeKey(), makeKey(), makeKey()];
  const past = new Set([c.id]);
  const cases: readonly (readonly [string, OprfKey[], OprfKey[], number, string | undefined])[] = [
    ['a second key, the first with an end', [a], [{ ...a, until: 9 }, b], 5, undefined],
    ['the end moved later', [{ ...a, until: 9 }, b], [{ ...a, until: 10 }, b], 5, undefined],
    ['the key gone at its end', [{ ...a, until: 9 }, b], [b], 9, undefined],
    ['the key gone before its end', [{ ...a, until: 9 }, b], [b], 8, 'key-missing'],
    ['the key gone without an end', [a], [b], 5, 'key-missing'],
    ['the end moved earlier', [{ ...a, until: 9 }, b], [{ ...a, until: 8 }, b], 5, 'end-earlier'],
    ['the end taken back, the other gone', [{ ...a, until: 9 }, b], [a], 5, 'end-earlier'],
    ['the ends changed over', [{ ...a, until: 9 }, b], [a, { ...b, until: 9 }], 5, 'end-earlier'],
    ['two keys without an end', [a], [a, b], 5, 'key-count'],
    ['no key without an end', [a], [{ ...a, until: 9 }], 5, 'key-count'],
    ['none', [a], [], 5, 'key-count'],
    ['a key that was retired, with an end', [a], [a, { ...c, until: 9 }], 5, 'key-past'],
    ['a key that was retired, for good', [a], [{ ...a, until: 9 }, c], 5, 'key-past'],
    ['a key that comes with an end', [a], [a, { ...b, until: 9 }], 5, 'key-past'],
  ];
  test.each(cases)('%s', (_name, before, next, now, expected) => {
    expect(judgeKeys({ keys: before, past }, next, now)).toBe(expected);
  });
  test('a key given up may go at any time, and no other', () => {
    expect(judgeKeys({ keys: [a], past }, [b], 5, a.id)).toBeUndefined();
    expect(judgeKeys({ keys: [a], past }, [b], 5, b.id)).toBe('key-missing');
  });
});
