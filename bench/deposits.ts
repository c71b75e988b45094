// From deposit to receipt: the real program on real PostgreSQL, an epoch a second, every signature checked, in a directory that has
// records already. A few more deposits are under way than a second is to bring; their making is not counted. Server, PostgreSQL and the load
// share this machine's cores.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Party } from '../test/support/parties.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { createDepositor, createParty, makeDeposit } from '../test/support/directory.ts';
import { makeHome } from '../test/support/program.ts';
import { prepareDirectory, seconds, serveDirectory } from '../test/support/served-directory.ts';
import { loadRecords } from './load.ts';
import { percentile, print, type Line } from './measure.ts';
import { connectPlainly, type PlainConnection } from './plain-http.ts';
import { cpuOf, memoryOf } from './process.ts';

const [RECORDS, DEPOSITS, AT_ONCE, WARM] = [20_000, 9_000, 700, 3_000];
const PEER = path.join(import.meta.dirname, 'peer-deposits.ts');

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
  try {
    const made = await makeMany(issuer, 2 * (DEPOSITS + WARM));
    const ours = await measure(made.splice(0, DEPOSITS + WARM), port, server.pid);
    const theirs = await measurePeer(made, place.url, issuer);
    const title =
      `deposits on PostgreSQL, an epoch a second, ${AT_ONCE} under way, ${RECORDS} records: p50 ${percentile(ours.waits, 0.5).toFixed(0)} ms, ` +
      `p99 ${percentile(ours.waits, 0.99).toFixed(0)} ms, directory's CPU ${ours.cpu.toFixed(2)} ms each (the peer's ${theirs.cpu.toFixed(2)}), ` +
      `memory ${memoryOf(server.pid)} MB`;
    const rates = { ours: ours.perSecond, theirs: theirs.perSecond };
    const lines = [
      {
        name: 'PUT /v1/records/{name}, to its receipt (wall)',
        perSecond: rates.ours,
        ratio: rates.ours / rates.theirs,
      },
      { name: 'a bare handler: two signatures, one row', perSecond: rates.theirs, ratio: 1 },
    ];
    print(title, lines);
    return { [title]: lines };
  } finally {
    await server.stop();
    await place.stop();
    home.remove();
  }
}

async function makeMany(issuer: Party, count: number): Promise<Sent[]> {
  const now = seconds();
  const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
  const made: Sent[] = [];
  while (made.length < count) {
    const { path: at, body } = await makeDeposit(await createDepositor(), [issuer], times);
    made.push({ head: `PUT ${at} HTTP/1.1\r\ncontent-type: application/json`, body: JSON.stringify(body) });
  }
  return made;
}

interface Measured {
  readonly perSecond: number;
  readonly waits: readonly number[];
  /** Of the process that serves, in milliseconds a deposit. */
  readonly cpu: number;
}

/** The first of `made` warm the server up. Connections stand before the clock starts. */
async function measure(made: Sent[], port: number, pid: number): Promise<Measured> {
  const connections: PlainConnection[] = [];
  while (connections.length < AT_ONCE) connections.push(await connectPlainly(port));
  await send(made.splice(0, WARM), connections);
  const [before, start] = [cpuOf(pid), performance.now()];
  const waits = await send(made, connections);
  const perSecond = (DEPOSITS * 1_000) / (performance.now() - start);
  for (const connection of connections) connection.close();
  return { perSecond, waits, cpu: ((cpuOf(pid) - before) * 1_000) / DEPOSITS };
}

async function measurePeer(made: Sent[], url: string, { jwk }: Party): Promise<Measured> {
  const child = spawn(process.execPath, [PEER, url, JSON.stringify(jwk)], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    return await measure(made, Number(said.toString()), child.pid ?? 0);
  } finally {
    child.kill();
    await once(child, 'exit');
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
