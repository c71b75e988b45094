// A whole private look-up of somebody nobody knows: CPU of the directory, in a process of its own, and of the resolver that asks, with all
// of §6.6 verified. One at a time, each another number, so that nothing but configuration and checkpoint is remembered.
import { createParty, DOMAIN } from '../test/support/directory.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { makeHome } from '../test/support/program.ts';
import { prepareDirectory, serveDirectory } from '../test/support/served-directory.ts';
import { createAsker } from './asker.ts';
import { loadRecords } from './load.ts';
import { percentile, print, type Line } from './measure.ts';
import { cpuOf } from './process.ts';

// Until the code is compiled: a process that has just started costs half as much again.
const [RECORDS, WARM, LOOKUPS] = [10_000, 1_500, 400];

export async function benchLookup(): Promise<Record<string, Line[]>> {
  const home = makeHome();
  const postgres = await startPostgres();
  const party = await createParty('gatekeeper.example');
  const env = await prepareDirectory(home, postgres.url, [party]);
  await loadRecords(env, RECORDS);
  const { server, port } = await serveDirectory(env);
  try {
    const asker = await createAsker(party, new Map([[DOMAIN, port]]));
    await asker.ask(WARM);
    const [theirs, ours] = [cpuOf(server.pid), process.cpuUsage()];
    const times = await asker.ask(LOOKUPS);
    const directory = ((cpuOf(server.pid) - theirs) * 1_000) / LOOKUPS;
    const { user, system } = process.cpuUsage(ours);
    const resolver = (user + system) / 1_000 / LOOKUPS;
    const title =
      `whole look-ups of unknown numbers, one at a time, ${RECORDS} records: directory ${directory.toFixed(2)} ms CPU, ` +
      `resolver ${resolver.toFixed(2)} ms CPU; p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms`;
    const lines = [
      { name: 'look-ups per CPU second of the directory', perSecond: 1_000 / directory, ratio: resolver / directory },
      { name: 'look-ups per CPU second of the resolver', perSecond: 1_000 / resolver, ratio: 1 },
    ];
    print(title, lines);
    return { [title]: lines };
  } finally {
    await server.stop();
    await postgres.stop();
    home.remove();
  }
}
