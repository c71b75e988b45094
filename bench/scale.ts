// What a hundred times as many records cost a reader: two directories on one PostgreSQL, read in turn while both go on with an epoch a
// second, so that no bucket is remembered for long. And what the larger one takes of memory. Loading a million takes minutes.
import { Agent, request } from 'undici';
import { createDepositor, createParty, makeDeposit } from '../test/support/directory.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { makeHome } from '../test/support/program.ts';
import { prepareDirectory, seconds, serveDirectory } from '../test/support/served-directory.ts';
import postgres from 'postgres';
import { loadRecords } from './load.ts';
import { percentile, print, type Line } from './measure.ts';
import { cpuOf, memoryOf } from './process.ts';
import { sleep } from '../src/server/directory/sequencer/waiting.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const [ROUNDS, READS, READERS] = [6, 400, 4];

export async function benchScale(): Promise<Record<string, Line[]>> {
  const home = makeHome();
  const server = await startPostgres();
  const party = await createParty('issuer.example');
  const agent = new Agent({ connections: READERS });
  const stops: (() => unknown)[] = [];
  try {
    const open = async (count: number) => {
      const name = `scale_${count}`;
      const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
      await sql.unsafe(`create database ${name}`);
      await sql.end();
      const env = await prepareDirectory(home, new URL(name, server.url).href, [party]);
      const begun = performance.now();
      await loadRecords(env, count);
      console.log(`${count} records loaded in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
      const served = await serveDirectory(env);
      stops.push(() => served.server.stop());
      const text = await (await fetch(`${served.url}/v1/epoch`)).text();
      const extra = Buffer.from(/^extra (\S+)$/m.exec(text)?.[1] ?? '', 'base64').toString();
      const depth = Number(/^depth (\d+)$/m.exec(extra)?.[1]);
      return { ...served, count, depth, waits: [] as number[], cpu: 0, reads: 0 };
    };
    const directories = [];
    for (const size of SIZES) directories.push(await open(size));
    const over = { is: false };
    const writing = directories.map(async ({ url }) => {
      for (; !over.is; await sleep(500)) {
        const now = seconds();
        const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
        const { path, body } = await makeDeposit(await createDepositor(), [party], times);
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${url}${path}`, { method: 'PUT', headers, body: JSON.stringify(body) }).catch(
          String,
        );
        if (typeof answer === 'string' || !answer.ok)
          console.log(`a deposit: ${typeof answer === 'string' ? answer : answer.status}`);
        else await answer.text();
      }
    });
    for (let round = 0; round <= ROUNDS; round++)
      for (const one of directories) {
        const before = cpuOf(one.server.pid);
        const read = async (): Promise<void> => {
          for (let i = 0; i < READS / READERS; i++) {
            const bucket = Math.floor(Math.random() * 2 ** one.depth);
            const at = performance.now();
            const reply = await request(`${one.url}/v1/buckets/${one.depth}/${bucket}`, { dispatcher: agent });
            await reply.body.arrayBuffer();
            // The first round warms up.
            if (round > 0) one.waits.push(performance.now() - at);
          }
        };
        await Promise.all(Array.from({ length: READERS }, read));
        if (round > 0) [one.cpu, one.reads] = [one.cpu + cpuOf(one.server.pid) - before, one.reads + READS];
      }
    over.is = true;
    await Promise.all(writing);
    const [first] = directories;
    const slowest = (waits: readonly number[]) => 1_000 / percentile(waits, 0.99);
    const told = directories.map(
      ({ count, waits, cpu, reads, server: { pid } }) =>
        `${count} records: p50 ${percentile(waits, 0.5).toFixed(1)} ms, p99 ${percentile(waits, 0.99).toFixed(1)} ms, ` +
        `${((cpu * 1000) / reads).toFixed(2)} ms CPU, ${memoryOf(pid)} MB`,
    );
    const title = `bucket reads by size, ${READERS} at once, an epoch a second: ${told.join('; ')}`;
    const lines = directories.map(({ count, waits }) => ({
      name: `1/p99 at ${count} records`,
      perSecond: slowest(waits),
      ratio: slowest(waits) / slowest(first?.waits ?? waits),
    }));
    const growth = directories.map(({ count, cpu, reads }) => ({
      name: 'bucket reads, an epoch a second',
      perSecond: reads / cpu,
      ratio: 1,
      at: count,
    }));
    print(title, lines);
    return { [title]: lines, 'bucket reads per CPU second by size': growth };
  } finally {
    await agent.close();
    for (const stop of stops) await stop();
    await server.stop();
    home.remove();
  }
}
