// What each further directory costs a look-up: the same resolver asks one, two, four and eight of them, each a process on a database of its
// own, about somebody nobody knows.
import { sql } from 'drizzle-orm';
import { openPostgres } from '../src/platform/node/postgres.ts';
import { createParty } from '../test/support/directory.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { makeHome } from '../test/support/program.ts';
import { prepareDirectory, serveDirectory } from '../test/support/served-directory.ts';
import { createAsker } from './asker.ts';
import { median, print, type Line } from './measure.ts';

const COUNTS = [8, 4, 2, 1];
const [WARM, ROUNDS, LOOKUPS] = [400, 3, 60];

export async function benchDirectories(): Promise<Record<string, Line[]>> {
  const home = makeHome();
  const postgres = await startPostgres();
  const party = await createParty('gatekeeper.example');
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const ports = new Map<string, number>();
    const first = await openPostgres(postgres.url);
    stops.push(() => first.close());
    for (let n = 0; n < Math.max(...COUNTS); n++) {
      await first.db.execute(sql.raw(`create database directory_${n}`));
      const domain = `directory-${n}.example`;
      const url = new URL(postgres.url);
      url.pathname = `/directory_${n}`;
      const { server, port } = await serveDirectory(await prepareDirectory(home, url.href, [party], domain));
      stops.push(() => server.stop());
      ports.set(domain, port);
    }
    const askers = await Promise.all(COUNTS.map((count) => createAsker(party, new Map([...ports].slice(0, count)))));
    for (const asker of askers) await asker.ask(WARM);
    const [cpu, wall] = [COUNTS.map((): number[] => []), COUNTS.map((): number[] => [])];
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, asker] of askers.entries()) {
        const before = process.cpuUsage();
        wall[i]?.push(median(await asker.ask(LOOKUPS)));
        const { user, system } = process.cpuUsage(before);
        cpu[i]?.push((user + system) / 1_000 / LOOKUPS);
      }
    const [cpus, walls] = [cpu.map(median), wall.map(median)];
    const told = COUNTS.map((count, i) => `${count}: ${cpus[i]?.toFixed(1)} ms CPU, p50 ${walls[i]?.toFixed(1)} ms`);
    const title = `look-ups by a resolver that asks so many directories: ${told.toReversed().join('; ')}`;
    const lines = COUNTS.map((count, i) => ({
      name: 'look-ups of the resolver',
      at: count,
      perSecond: 1_000 / (cpus[i] ?? 0),
      ratio: (cpus.at(-1) ?? 0) / (cpus[i] ?? 1),
    }));
    print(title, lines);
    return { [title]: lines };
  } finally {
    for (const stop of stops.toReversed()) await stop();
    await postgres.stop();
    home.remove();
  }
}
