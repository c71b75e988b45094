// Many accounts due at once, on one instance and on two: each looked at once a period, each host left alone in between, progress
// told. 1,000 accounts on 100 hosts for two periods; with WHEREABOUTS_TEST_LONG=1, 100,000 on 2,000 for one.
import { describe, expect, test } from 'vitest';
import { createSafeFetch, type Transport } from '../../../src/evidence/safe-fetch.ts';
import { checkAccounts, followChains, type AccountsContext } from '../../../src/server/directory/account-checks.ts';
import { UNCOUNTED } from '../../../src/server/metrics.ts';
import { proofMarker } from '../../../src/protocol/chain/names.ts';
import { formatB64u, parseHex } from '../../../src/protocol/wire.ts';
import { countAccounts } from '../../../src/server/store/accounts.ts';
import { openTestDatabase } from '../../support/database.ts';
import { IS_LONG } from '../../support/long.ts';

const [ACCOUNTS, HOSTS, PERIODS] = IS_LONG ? [100_000, 2_000, 1] : [1_000, 100, 2];
const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const START = 1_790_000_000_000;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe.each([1, 2])('on %d of them', (instances) => {
  test(
    `${ACCOUNTS.toLocaleString('en')} accounts on ${HOSTS.toLocaleString('en')} hosts, ${PERIODS} period(s)`,
    async () => {
      const database = await openTestDatabase('postgres');
      let now = START;
      let looks = 0;
      const asked = new Map<string, number[]>();
      const atOnce = new Map<string, number>();
      let tooMany = 0;
      const transport: Transport = async ({ url }) => {
        const host = url.hostname.slice(url.hostname.indexOf('.') + 1);
        const holding = (atOnce.get(host) ?? 0) + 1;
        atOnce.set(host, holding);
        tooMany += holding > 1 ? 1 : 0;
        asked.set(url.hostname, [...(asked.get(url.hostname) ?? []), now]);
        await new Promise(setImmediate);
        atOnce.set(host, holding - 1);
        const link = linkOf(Number(url.hostname.slice(1, url.hostname.indexOf('.'))));
        return new Response(proofMarker(formatB64u(link)), { headers: { 'content-type': 'text/plain' } });
      };
      const instance = (): AccountsContext => ({
        db: database.db,
        clock: () => now,
        random: (octets) => crypto.getRandomValues(new Uint8Array(octets)),
        log: quiet,
        metrics: { ...UNCOUNTED, count: () => void (looks += 1) },
        domain: 'directory.example',
        fetch: createSafeFetch(transport, { sandbox: false }),
        resolveTxt: () => Promise.resolve([]),
      });
      const all = Array.from({ length: instances }, instance);
      // A statement has its time limit.
      for (let first = 1; first <= ACCOUNTS; first += 500)
        await database.query(`insert into chain_accounts
          select decode(lpad(to_hex(n), 64, '0'), 'hex'), 'https', 'a' || n || '.h' || n % ${HOSTS} || '.example', null,
            decode(lpad(to_hex(n), 64, 'f'), 'hex'), 1, 0 from generate_series(${first}, ${first + 499}) as n`);
      const began = performance.now();
      await Promise.all(all.map(followChains));
      const due: number[] = [];
      for (let period = 1; period <= PERIODS; period++) {
        const target = period * ACCOUNTS;
        const periodEnd = START + period * DAY;
        const isOver = () => looks >= target || now >= periodEnd;
        while (!isOver()) {
          await Promise.all(all.map((one) => checkAccounts(one)));
          const counts = await countAccounts(database.db, now);
          due.push(counts.due);
          now += 5 * SECOND;
        }
        expect(looks).toBe(target);
        expect([...asked.values()].every((times) => times.length === period)).toBe(true);
        expect(asked.size).toBe(ACCOUNTS);
        now = periodEnd;
      }
      const seconds = (performance.now() - began) / SECOND;
      const gaps = gapsOf(asked);
      console.log(
        `${instances} instance(s): ${looks} looks in ${seconds.toFixed(0)} s, least gap on a host ${Math.min(...gaps)} ms, due at first ${due[0]}`,
      );
      expect(tooMany).toBe(0);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5 * SECOND);
      expect(gaps.length).toBe(PERIODS * ACCOUNTS - HOSTS);
      // Progress is told: what is due falls to nothing in each period.
      expect(due.filter((count) => count === 0).length).toBeGreaterThanOrEqual(PERIODS);
      await database.close();
    },
    IS_LONG ? 3_600_000 : 120_000,
  );
});

/** 32 octets: the number in hex, filled up with f. */
const linkOf = (number: number): Uint8Array => parseHex(number.toString(16).padStart(64, 'f'), 32);

/** Times between two looks at one host. */
function gapsOf(asked: ReadonlyMap<string, readonly number[]>): number[] {
  const times = Map.groupBy(
    [...asked].flatMap(([name, when]) => when.map((time) => [name.slice(name.indexOf('.') + 1), time] as const)),
    ([host]) => host,
  );
  return [...times.values()].flatMap((list) => {
    const sorted = list.map(([, time]) => time).toSorted((a, b) => a - b);
    return sorted.slice(1).map((time, at) => time - (sorted[at] ?? 0));
  });
}
