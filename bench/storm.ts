// Readers beside a storm of evaluations: how long a bucket read takes before it, and while fifty clients ask for ten times what they may.
// Wall time, with the directory in a process of its own on real PostgreSQL, and everything on this machine's cores.
import { createParty } from '../test/support/directory.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { makeHome } from '../test/support/program.ts';
import { prepareDirectory, serveDirectory } from '../test/support/served-directory.ts';
import { openStorm } from '../test/support/storm.ts';
import { percentile, print, type Line } from './measure.ts';
import { memoryOf } from './process.ts';
import { sleep } from '../src/server/directory/sequencer/waiting.ts';

const [WARM, CALM, STORM] = [5, 30, 60];

export async function benchStorm(): Promise<Record<string, Line[]>> {
  const home = makeHome();
  const postgres = await startPostgres();
  const party = await createParty('issuer.example');
  const env = await prepareDirectory(home, postgres.url, [party]);
  const { server, url } = await serveDirectory({ ...env, WHEREABOUTS_QUOTA_GATEKEEPER: '3000 refill 3000 per minute' });
  try {
    const storm = await openStorm({
      url,
      party,
      readers: 4,
      depositors: 4,
      clients: 50,
      elements: 50,
      perSecond: 10,
    });
    await sleep(WARM * 1_000);
    storm.tally.reads.length = 0;
    await sleep(CALM * 1_000);
    const calm = storm.tally.reads.splice(0);
    storm.rage();
    await sleep(STORM * 1_000);
    const raging = storm.tally.reads.splice(0);
    await storm.stop();
    await storm.verifyAll();
    const { faults, statuses, acknowledged } = storm.tally;
    if (faults.length > 0) throw new Error(faults.join('\n'));
    const told = ([what, reads]: readonly [string, number[]]) =>
      `${what} p50 ${percentile(reads, 0.5).toFixed(1)} ms, p99 ${percentile(reads, 0.99).toFixed(1)} ms`;
    const title =
      `bucket reads ${told(['before', calm])}; ${told(['in the storm', raging])}; evaluations ` +
      `${JSON.stringify(statuses['evaluate'])}, ${acknowledged.length} deposits, none lost, memory ${memoryOf(server.pid)} MB`;
    const rate = (reads: readonly number[]) => 1_000 / percentile(reads, 0.99);
    const lines = [
      { name: 'reads in the storm, 1/p99', perSecond: rate(raging), ratio: rate(raging) / rate(calm) },
      { name: 'reads before, 1/p99', perSecond: rate(calm), ratio: 1 },
    ];
    print(title, lines);
    return { [title]: lines };
  } finally {
    await server.stop();
    await postgres.stop();
    home.remove();
  }
}
