// Evaluations at ten times their quota by fifty clients, with readers and depositors beside them, on a directory as an operator runs it:
// what is refused is refused as the protocol says, every reply verifies, no deposit is lost. Then the same while PostgreSQL crashes and
// comes back every half a minute, for three. How long readers wait is a benchmark's to say (`npm run bench -- storm`, `npm run soak`).
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openPostgres } from '../../../src/platform/node/postgres.ts';
import { checkDirectory } from '../../support/check-directory.ts';
import { createParty } from '../../support/directory.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { makeHome } from '../../support/program.ts';
import { prepareDirectory, seconds, serveDirectory, type ServedDirectory } from '../../support/served-directory.ts';
import { openStorm } from '../../support/storm.ts';
import { sleep } from '../../../src/server/directory/sequencer/waiting.ts';

vi.setConfig({ testTimeout: 600_000 });
const STORM_SECONDS = 10;
const SOAK_SECONDS = 180;
const RESTART_SECONDS = 30;

const home = makeHome();
const party = await createParty('issuer.example');
let postgres: TestPostgres;
let directory: ServedDirectory;

beforeAll(async () => {
  postgres = await startPostgres({ durable: true });
  const env = await prepareDirectory(home, postgres.url, [party]);
  // Fifty elements a second; the storm asks for five hundred.
  directory = await serveDirectory({ ...env, WHEREABOUTS_QUOTA_GATEKEEPER: '500 refill 3000 per minute' });
}, 120_000);
afterAll(async () => {
  await directory.server.stop();
  await postgres.stop();
  home.remove();
});

const options = () => ({
  url: directory.url,
  party,
  readers: 3,
  depositors: 3,
  clients: 50,
  elements: 50,
  perSecond: 10,
});

async function checkAll(): Promise<void> {
  const database = await openPostgres(postgres.url);
  await checkDirectory(database.db, seconds());
  await database.close();
}

describe('a storm', () => {
  test('refuses with 429 and 503 alone, says when to come again, and loses nothing', async () => {
    const storm = await openStorm(options());
    storm.rage();
    await sleep(STORM_SECONDS * 1_000);
    await storm.stop();
    const { statuses, faults, acknowledged } = storm.tally;
    expect(faults).toEqual([]);
    expect(Object.keys(statuses['evaluate'] ?? {}).toSorted()).toEqual(['200', '429']);
    expect(acknowledged.length).toBeGreaterThan(3);
    await storm.verifyAll();
    await checkAll();
  });

  test(`of ${SOAK_SECONDS} s with PostgreSQL crashing every ${RESTART_SECONDS} s: nothing acknowledged is lost, no answer is wrong`, async () => {
    const storm = await openStorm({ ...options(), readers: 2, depositors: 2, perSecond: 4, rough: true });
    storm.rage();
    for (let passed = 0; passed < SOAK_SECONDS; passed += RESTART_SECONDS) {
      await sleep(RESTART_SECONDS * 1_000);
      await postgres.restart();
    }
    await sleep(3_000);
    await storm.stop();
    const { statuses, faults, acknowledged } = storm.tally;
    console.log(`storm over crashes of PostgreSQL: ${JSON.stringify(statuses)}, ${acknowledged.length} deposits`);
    expect(faults).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(20);
    await storm.verifyAll();
    await checkAll();
  });
});
