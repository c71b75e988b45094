// The job that looks at claimed accounts, on both databases, with a clock one advances: when each is looked at again, what
// silence leaves standing, what is revoked, and that no two instances look at once.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSafeFetch, type Transport } from '../../../src/evidence/safe-fetch.ts';
import { proofMarker } from '../../../src/protocol/chain/names.ts';
import { formatB64u } from '../../../src/protocol/wire.ts';
import { checkAccounts, followChains, type AccountsContext } from '../../../src/server/directory/account-checks.ts';
import { readVerdicts } from '../../../src/server/directory/account-verdicts.ts';
import { UNCOUNTED, type Metrics } from '../../../src/server/metrics.ts';
import { chainAccounts } from '../../../src/server/store/chain-schema.ts';
import { LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = 1_790_000_000_000;

/** 32 octets of a number. */
const octetsOf = (number: number, kind: number): Uint8Array => {
  const octets = new Uint8Array(32);
  new DataView(octets.buffer).setUint32(0, number);
  octets[31] = kind;
  return octets;
};
const CHAIN = octetsOf(1, 1);
const timeOf = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

describe.each(LONG_ENGINES)('on %s', (engine) => {
  let database: TestDatabase;
  let now = START;
  /** What is at each URL now: text, or a status. */
  const pages = new Map<string, string | number>();
  const asked: string[] = [];
  const counted: string[] = [];
  const logged: string[] = [];

  beforeAll(async () => {
    database = await openTestDatabase(engine);
  }, 60_000);
  afterAll(() => database.close());
  beforeEach(async () => {
    now = START;
    pages.clear();
    for (const list of [asked, counted, logged]) list.length = 0;
    await database.query('truncate chain_accounts, account_checks, account_hosts');
  });

  const transport: Transport = async ({ url }) => {
    asked.push(url.href);
    await Promise.resolve();
    const page = pages.get(url.href) ?? 404;
    if (page === 0) throw new Error('no connection');
    return typeof page === 'number'
      ? new Response('', { status: page, headers: page === 429 ? { 'retry-after': '7200' } : {} })
      : new Response(page, { headers: { 'content-type': 'text/plain' } });
  };
  const metrics: Metrics = {
    ...UNCOUNTED,
    count: (name, labels) => void counted.push(JSON.stringify([name, labels])),
  };
  const log = (event: string, fields?: object) => void logged.push(JSON.stringify({ event, ...fields }));
  const context = (): AccountsContext => ({
    db: database.db,
    clock: () => now,
    random: (octets) => crypto.getRandomValues(new Uint8Array(octets)),
    log: { debug: log, info: log, warn: log, error: log },
    metrics,
    domain: 'directory.example',
    fetch: createSafeFetch(transport, { sandbox: false }),
    resolveTxt: () => Promise.resolve([]),
  });

  const site = (name: string) => `https://${name}/.well-known/whereabouts-proof.txt`;

  /** A chain claims a website. */
  async function claim(name: string, number: number, chain = CHAIN): Promise<string> {
    const link = octetsOf(number, 2);
    const row = { chain, link, service: 'https', account: name, place: null, seq: number, claimedAt: 0 };
    await database.db.insert(chainAccounts).values(row);
    return proofMarker(formatB64u(link));
  }

  const round = async () => {
    await followChains(context());
    return await checkAccounts(context());
  };
  const verdicts = () => readVerdicts({ db: database.db, clock: () => now, domain: 'directory.example' }, CHAIN);
  const only = async () => {
    const [verdict] = await verdicts();
    return verdict;
  };

  test('claimed, looked at, found; then once a day', async () => {
    const mark = await claim('bob.example', 1);
    await followChains(context());
    expect(await only()).toMatchObject({
      state: 'unreachable',
      reason: 'unchecked',
      service: 'https',
      account: 'bob.example',
    });
    pages.set(site('bob.example'), mark);
    expect(await checkAccounts(context())).toBe(1);
    const found = await only();
    expect(found).toEqual({
      service: 'https',
      account: 'bob.example',
      link: formatB64u(octetsOf(1, 2)),
      state: 'ok',
      checkedAt: timeOf(START),
      answeredAt: timeOf(START),
      firstOkAt: timeOf(START),
      rules: 1,
      checker: 'directory.example',
    });
    expect(await round()).toBe(0);
    now += 19 * HOUR;
    expect(await round()).toBe(0);
    now += 5 * HOUR;
    expect(await round()).toBe(1);
    expect((await only())?.checkedAt).toBe(timeOf(now));
    expect(counted).toEqual(
      Array.from({ length: 2 }, () => '["account_checks_total",{"service":"https","state":"ok"}]'),
    );
  });

  test('claimed a moment ago: told at once, as not looked at; given up: told at once too', async () => {
    expect(await verdicts()).toEqual([]);
    const mark = await claim('bob.example', 1);
    await claim('other.example', 3, octetsOf(2, 1));
    const imported = { chain: CHAIN, link: octetsOf(2, 2), service: 'keybase', account: 'bob', place: null };
    await database.db.insert(chainAccounts).values({ ...imported, seq: 2, claimedAt: 0 });
    const unchecked = { state: 'unreachable', reason: 'unchecked', rules: 0, checker: 'directory.example' };
    const fresh = [
      { service: 'https', account: 'bob.example', link: formatB64u(octetsOf(1, 2)), ...unchecked },
      { service: 'keybase', account: 'bob', link: formatB64u(octetsOf(2, 2)), ...unchecked },
    ];
    expect(await verdicts()).toEqual(fresh);
    await followChains(context());
    expect(await verdicts()).toEqual(fresh);
    pages.set(site('bob.example'), mark);
    await checkAccounts(context());
    // What is an import is proved by no post: nobody ever looks.
    expect(await verdicts()).toMatchObject([{ state: 'ok' }, unchecked]);
    await database.query('truncate chain_accounts');
    const given = { account: 'bob.example', state: 'revoked', firstOkAt: timeOf(START) };
    expect(await verdicts()).toMatchObject([given]);
    await followChains(context());
    expect(await verdicts()).toMatchObject([given]);
  });

  test('who has just claimed is looked at again soon, and ever more seldom', async () => {
    const mark = await claim('bob.example', 1);
    const gaps: number[] = [];
    let last = now;
    for (let looks = 0; looks < 8; looks++) {
      gaps.push((now - last) / MINUTE);
      last = now;
      expect(await round()).toBe(1);
      const [row] = await database.query('select next_at::float8 as at from account_checks');
      now = Number(row?.['at']) - 1;
      expect(await round()).toBe(0);
      now += 1;
    }
    expect(gaps).toEqual([0, 1, 2, 4, 8, 16, 32, 64]);
    expect(await only()).toMatchObject({ state: 'failed', reason: 'statement-missing' });
    pages.set(site('bob.example'), mark);
    now += 3 * HOUR;
    await round();
    expect(await only()).toMatchObject({ state: 'ok' });
  });

  test('silence leaves the last answer standing, is stale after 7 days, and never a no', async () => {
    pages.set(site('bob.example'), await claim('bob.example', 1));
    await round();
    for (const trouble of [0, 500, 429, 403]) {
      pages.set(site('bob.example'), trouble);
      now += 2 * DAY;
      expect(await round(), String(trouble)).toBe(1);
      const verdict = await only();
      expect(verdict).toMatchObject({
        state: 'unreachable',
        answer: 'ok',
        answeredAt: timeOf(START),
        firstOkAt: timeOf(START),
      });
      expect(verdict?.stale).toBe(trouble === 403 ? true : undefined);
    }
    pages.set(site('bob.example'), 404);
    now += 2 * DAY;
    await round();
    expect(await only()).toMatchObject({ state: 'failed', reason: 'statement-missing', firstOkAt: timeOf(START) });
    expect(await only()).not.toHaveProperty('stale');
  });

  test('a host that asks to be left alone is, with all its accounts', async () => {
    await claim('a.bob.example', 1);
    await claim('b.bob.example', 2);
    for (const name of ['a.bob.example', 'b.bob.example']) pages.set(site(name), 429);
    await round();
    expect(asked.length).toBe(1);
    now += HOUR;
    expect(await round()).toBe(0);
    now += HOUR;
    expect(await round()).toBe(1);
    expect(new Set(asked).size).toBe(2);
  });

  test('a pause between two accounts on one host', async () => {
    for (const number of [1, 2, 3]) await claim(`h${number}.bob.example`, number);
    await round();
    await round();
    expect(asked.length).toBe(1);
    now += 5 * SECOND;
    await round();
    expect(asked.length).toBe(2);
  });

  test('what a chain gives up is revoked at once, not looked at, and forgotten after 30 days', async () => {
    pages.set(site('bob.example'), await claim('bob.example', 1));
    await round();
    await database.query('delete from chain_accounts');
    await followChains(context());
    expect(await only()).toMatchObject({ state: 'revoked', firstOkAt: timeOf(START) });
    now += 2 * DAY;
    expect(await round()).toBe(0);
    expect(asked.length).toBe(1);
    now += 29 * DAY;
    await followChains(context());
    expect(await verdicts()).toEqual([]);
  });

  test('revoked while somebody looks: it stays so', async () => {
    pages.set(site('bob.example'), await claim('bob.example', 1));
    await followChains(context());
    const fetch: AccountsContext['fetch'] = async (url, options) => {
      await database.query('delete from chain_accounts');
      await followChains(context());
      return await context().fetch(url, options);
    };
    await checkAccounts({ ...context(), fetch });
    expect(await only()).toMatchObject({ state: 'revoked' });
  });

  test('an instance that dies in a visit has put it off by two minutes, and what it says late counts no more', async () => {
    const mark = await claim('bob.example', 1);
    await followChains(context());
    const gate = Promise.withResolvers<void>();
    const dying = checkAccounts({
      ...context(),
      fetch: async (url, options) => {
        await gate.promise;
        return await context().fetch(url, options);
      },
    });
    await expect
      .poll(async () => (await database.query('select 1 from account_checks where next_at > 1790000000000')).length)
      .toBe(1);
    now += 119 * SECOND;
    expect(await round()).toBe(0);
    now += SECOND;
    pages.set(site('bob.example'), mark);
    expect(await round()).toBe(1);
    expect(await only()).toMatchObject({ state: 'ok' });
    pages.set(site('bob.example'), 404);
    gate.resolve();
    await dying;
    expect(await only()).toMatchObject({ state: 'ok' });
  });

  test('no account and no host of an account in a log line or a metric', async () => {
    for (const number of [1, 2, 3])
      pages.set(site(`h${number}.secret.example`), await claim(`h${number}.secret.example`, number));
    for (let rounds = 0; rounds < 4; rounds++, now += 6 * SECOND) await round();
    expect(asked.length).toBe(3);
    expect(counted.length).toBe(3);
    expect(logged.length).toBeGreaterThan(2);
    expect([...counted, ...logged].filter((text) => text.includes('secret'))).toEqual([]);
  });
});
