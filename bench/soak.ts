// `npm run soak [-- minutes]`: the storm for an hour, with PostgreSQL crashing and coming back every three minutes. Prints what happens
// as it goes; ends with 1 where anything acknowledged is lost, an answer is wrong, a refusal is of another kind, or memory grows.
import { createParty } from '../test/support/directory.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { makeHome } from '../test/support/program.ts';
import { prepareDirectory, serveDirectory } from '../test/support/served-directory.ts';
import { openStorm } from '../test/support/storm.ts';
import { median, percentile } from './measure.ts';
import { memoryOf } from './process.ts';
import { sleep } from '../src/server/directory/sequencer/waiting.ts';

const MINUTES = Number(process.argv[2] ?? 60);
const RESTART_MINUTES = 3;
const TICK_SECONDS = 15;
/** Growth of the median from the second quarter to the last that counts as none. */
const FLAT = 1.15;

const home = makeHome();
const postgres = await startPostgres({ durable: true });
const party = await createParty('issuer.example');
const env = await prepareDirectory(home, postgres.url, [party]);
const { server, url } = await serveDirectory({ ...env, WHEREABOUTS_QUOTA_GATEKEEPER: '3000 refill 3000 per minute' });
const memory: number[] = [];
try {
  const storm = await openStorm({
    url,
    party,
    readers: 4,
    depositors: 2,
    clients: 50,
    elements: 50,
    perSecond: 10,
    rough: true,
  });
  storm.rage();
  const begun = performance.now();
  const minutes = () => (performance.now() - begun) / 60_000;
  for (let restarted = 0; minutes() < MINUTES;) {
    await sleep(TICK_SECONDS * 1_000);
    memory.push(memoryOf(server.pid));
    if (minutes() < restarted + RESTART_MINUTES) continue;
    restarted = minutes();
    const { reads, acknowledged, statuses, faults } = storm.tally;
    const recent = reads.splice(0);
    console.log(
      `${minutes().toFixed(0)} min: ${acknowledged.length} deposits, reads p50 ${percentile(recent, 0.5).toFixed(1)} ms, ` +
        `p99 ${percentile(recent, 0.99).toFixed(1)} ms, memory ${memory.at(-1)} MB, ${JSON.stringify(statuses)}, ${faults.length} faults`,
    );
    await postgres.restart();
  }
  await sleep(5_000);
  await storm.stop();
  await storm.verifyAll();
  for (const fault of storm.tally.faults) console.log(fault);
  const quarter = Math.ceil(memory.length / 4);
  const [early, late] = [median(memory.slice(quarter, 2 * quarter)), median(memory.slice(-quarter))];
  console.log(
    `memory: second quarter ${early} MB, last ${late} MB; ${storm.tally.acknowledged.length} deposits, all there`,
  );
  if (storm.tally.faults.length > 0 || late > early * FLAT) process.exitCode = 1;
} finally {
  await server.stop();
  await postgres.stop();
  home.remove();
}
