// From deposit to receipt: the real program on real PostgreSQL, an epoch a second, every signature checked. As many deposits are
// under way as a second brings; their making is not counted. Server, PostgreSQL and the load share this machine's cores.
import { Agent, request } from 'node:http';
import { startPostgres } from '../test/support/postgres.ts';
import { createDepositor, createParty, makeDeposit, type Made } from '../test/support/directory.ts';
import { makeHome } from '../test/support/program.ts';
import { prepareDirectory, seconds, serveDirectory } from '../test/support/served-directory.ts';
import { percentile, print, type Line } from './measure.ts';
import { cpuOf, memoryOf } from './process.ts';

const [DEPOSITS, AT_ONCE, WARM] = [6_000, 1_000, 500];

export async function benchDeposits(): Promise<Record<string, Line[]>> {
  const home = makeHome();
  const place = await startPostgres();
  const issuer = await createParty('issuer.example');
  const { server, port } = await serveDirectory(await prepareDirectory(home, place.url, [issuer]));
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  try {
    const now = seconds();
    const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
    const made: Made[] = [];
    for (let i = 0; i < DEPOSITS + WARM; i++) made.push(await makeDeposit(await createDepositor(), [issuer], times));
    await send(made.splice(0, WARM), port, agent);
    const before = cpuOf(server.pid);
    const start = performance.now();
    const waits = await send(made, port, agent);
    const perSecond = (DEPOSITS * 1_000) / (performance.now() - start);
    const cpu = (cpuOf(server.pid) - before) / DEPOSITS;
    const title =
      `deposits on PostgreSQL, an epoch a second, ${AT_ONCE} under way: p50 ${percentile(waits, 0.5).toFixed(0)} ms, ` +
      `p99 ${percentile(waits, 0.99).toFixed(0)} ms, directory's CPU ${(cpu * 1000).toFixed(2)} ms each, ` +
      `memory ${memoryOf(server.pid)} MB`;
    const lines = [{ name: 'PUT /v1/records/{name}, to its receipt (wall)', perSecond, ratio: 1 }];
    print(title, lines);
    return { [title]: lines };
  } finally {
    agent.destroy();
    await server.stop();
    await place.stop();
    home.remove();
  }
}

/** Milliseconds from each request to its receipt. */
export async function send(made: readonly Made[], port: number, agent: Agent): Promise<number[]> {
  const waits: number[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let one = made[next++]; one !== undefined; one = made[next++]) {
      const at = performance.now();
      const status = await put(one, port, agent);
      if (status !== 201) throw new Error(`refused: ${status}`);
      waits.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return waits;
}

function put({ path, body }: Made, port: number, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const sent = request({ host: '127.0.0.1', port, path, method: 'PUT', headers, agent }, (reply) => {
      reply.resume().once('end', () => resolve(reply.statusCode ?? 0));
    });
    sent.once('error', reject).end(text);
  });
}
