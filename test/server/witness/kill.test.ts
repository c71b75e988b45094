// `whereabouts witness` as a process, killed in mid-stream on both databases: whatever it cosigned it still knows, and it
// never cosigns another story of that size.
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { formatVkey } from '../../../src/protocol/log/vkey.ts';
import { createPostgresDatabase } from '../../support/database.ts';
import { makeHome, run, startServer, type Home } from '../../support/program.ts';
import { createTestLog, LEAVES, LOG } from './world.ts';

const ROUNDS = 2;
const homes: Home[] = [];
afterAll(() => homes.forEach((home) => home.remove()));

const leaves = Array.from({ length: 600 }, (_, i) => LEAVES[i] ?? `leaf ${i}`);
const log = createTestLog(leaves);
/** Another story of every size from 1 on. */
const fork = createTestLog(leaves.map((leaf) => `other ${leaf}`));

const PLACES: Readonly<Record<string, (home: Home) => Promise<Record<string, string>>>> = {
  PGlite: async (home) => ({ WHEREABOUTS_DATA: path.join(home.folder, 'witness') }),
  PostgreSQL: async () => ({ DATABASE_URL: (await createPostgresDatabase()).url }),
};

describe.each(Object.entries(PLACES))('%s', (_name, makePlace) => {
  test(`${ROUNDS} rounds`, { timeout: 120_000 }, async () => {
    const home = makeHome();
    homes.push(home);
    const env = {
      ...home.env,
      ...(await makePlace(home)),
      WHEREABOUTS_DOMAIN: 'witness.example',
      WHEREABOUTS_PORT: '0',
      WHEREABOUTS_LOGS: formatVkey(LOG.key),
      WHEREABOUTS_KEYS: path.join(home.folder, 'keys.json'),
    };
    const made = await run(['init', '--domain', 'witness.example'], env);
    expect(made.code).toBe(0);
    const vkey = /^witness (\S+)$/m.exec(made.stdout)?.[1] ?? '';
    let cosigned = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      const server = await startServer(['witness'], env, /"event":"listening"/);
      const port = Number(/"port":(\d+)/.exec(server.stderr())?.[1]);
      const add = async (body: string) => {
        const reply = await fetch(`http://127.0.0.1:${port}/witness/add-checkpoint`, { method: 'POST', body });
        return { status: reply.status, text: await reply.text() };
      };
      const description = (await (await fetch(`http://127.0.0.1:${port}/.well-known/whereabouts`)).json()) as object;
      expect(description).toMatchObject({ witness: { url: 'https://witness.example/witness', key: vkey } });
      // It knows at least what it said it cosigned; at most the one request whose answer was lost is on top of that.
      const { status, text } = await add(await log.ask(leaves.length, leaves.length));
      expect(status).toBe(409);
      const known = Number(text);
      expect([cosigned, cosigned + 1]).toContain(known);
      cosigned = known;
      if (cosigned > 0) {
        expect(await add(await fork.ask(cosigned, cosigned))).toEqual({ status: 409, text: `${cosigned}\n` });
        expect(await add(await fork.ask(cosigned, cosigned + 5))).toMatchObject({ status: 422 });
        expect(await add(await log.ask(cosigned - 1, cosigned - 1))).toEqual({ status: 409, text: `${cosigned}\n` });
      }
      if (round === ROUNDS) {
        expect(await server.stop()).toBe(0);
        continue;
      }
      const ended = new AbortController();
      const stream = (async () => {
        while (!ended.signal.aborted) {
          const reply = await add(await log.ask(cosigned, cosigned + 1)).catch(() => undefined);
          if (reply === undefined) return;
          expect(reply.status).toBe(200);
          expect(reply.text).toMatch(/^— witness\.example\/witness /);
          cosigned += 1;
        }
      })();
      const goal = cosigned + 20;
      await vi.waitUntil(() => cosigned >= goal, { timeout: 60_000, interval: 2 });
      await server.stop('SIGKILL');
      ended.abort();
      await stream;
    }
    expect(cosigned).toBeGreaterThanOrEqual(ROUNDS * 20);
  });
});
