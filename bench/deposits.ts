// From deposit to receipt: the real program on real PostgreSQL, an epoch a second, every signature checked, in a directory that has
// records already. A few more deposits are under way than a second is to bring; their making is not counted. Server, PostgreSQL and the load
// share this machine's cores.
import { startPostgres } from '../test/support/postgres.ts';
import { createDepositor, createParty, makeDeposit } from '../test/support/directory.ts';
import { makeHome } from '../test/support/program.ts';
import { prepareDirectory, seconds, serveDirectory } from '../test/support/served-directory.ts';
import { loadRecords } from './load.ts';
import { percentile, print, type Line } from './measure.ts';
import { connectPlainly, type PlainConnection } from './plain-http.ts';
import { cpuOf, memoryOf } from './process.ts';

const [RECORDS, DEPOSITS, AT_ONCE, WARM] = [20_000, 9_000, 700, 3_000];

interface Sent {
  readonly head: string;
  readonly body: string;
}

export async function benchDeposits(): Promise<Record<string, Line[]>> {
  const home = makeHome();
  const place = await startPostgres();
  const issuer = await createParty('issuer.example');
  const env = await prepareDirectory(home, place.url, [issuer]);
  await loadRecords(env, RECORDS);
  const { server, port } = await serveDirectory(env);
  const connections: PlainConnection[] = [];
  try {
    const now = seconds();
    const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
    const made: Sent[] = [];
    for (let i = 0; i < DEPOSITS + WARM; i++) {
      const { path, body } = await makeDeposit(await createDepositor(), [issuer], times);
      made.push({ head: `PUT ${path} HTTP/1.1\r\ncontent-type: application/json`, body: JSON.stringify(body) });
    }
    while (connections.length < AT_ONCE) connections.push(await connectPlainly(port));
    await send(made.splice(0, WARM), connections);
    const before = cpuOf(server.pid);
    const start = performance.now();
    const waits = await send(made, connections);
    const perSecond = (DEPOSITS * 1_000) / (performance.now() - start);
    const cpu = (cpuOf(server.pid) - before) / DEPOSITS;
    const title =
      `deposits on PostgreSQL, an epoch a second, ${AT_ONCE} under way, ${RECORDS} records: p50 ${percentile(waits, 0.5).toFixed(0)} ms, ` +
      `p99 ${percentile(waits, 0.99).toFixed(0)} ms, directory's CPU ${(cpu * 1000).toFixed(2)} ms each, ` +
      `memory ${memoryOf(server.pid)} MB`;
    const lines = [{ name: 'PUT /v1/records/{name}, to its receipt (wall)', perSecond, ratio: 1 }];
    print(title, lines);
    return { [title]: lines };
  } finally {
    for (const connection of connections) connection.close();
    await server.stop();
    await place.stop();
    home.remove();
  }
}

/** Milliseconds from each request to its receipt. */
async function send(made: readonly Sent[], connections: readonly PlainConnection[]): Promise<number[]> {
  const waits: number[] = [];
  let next = 0;
  const work = async (connection: PlainConnection): Promise<void> => {
    for (let one = made[next++]; one !== undefined; one = made[next++]) {
      const at = performance.now();
      const status = await connection.send(one.head, one.body);
      if (status !== 201) throw new Error(`refused: ${status}`);
      waits.push(performance.now() - at);
    }
  };
  await Promise.all(connections.map(work));
  return waits;
}
