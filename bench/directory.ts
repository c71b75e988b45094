// Deposits, bucket reads and whole look-ups against a directory on real PostgreSQL, over HTTP on loopback in this process: the CPU
// time counted is the server's and the client's together, so that the peer for reads is a bare Hono handler called the same way.
import { randomBytes } from 'node:crypto';
import { serve as listenAt } from '@hono/node-server';
import { Hono } from 'hono';
import { ReadMemory } from '../src/server/directory/read-memory.ts';
import { openMetrics } from '../src/platform/node/prometheus.ts';
import { openPostgres } from '../src/platform/node/postgres.ts';
import {
  createTestDirectory,
  createDepositor,
  createParty,
  makeDeposit,
  put,
  type Party,
} from '../test/support/directory.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { compare, percentile, print, type Line } from './measure.ts';

const RECORDS = 1_000;

export async function benchDirectory(): Promise<Record<string, Line[]>> {
  const postgres = await startPostgres();
  const database = await openPostgres(postgres.url);
  const closers: (() => Promise<unknown>)[] = [() => database.close(), () => postgres.stop()];
  try {
    const directory = createTestDirectory(database, { listed: ['issuer.example'], reading: new ReadMemory() });
    const { metrics } = await openMetrics();
    const watched = createTestDirectory(database, { reading: new ReadMemory(), metrics });
    const issuer = await createParty('issuer.example');
    directory.world.join(issuer);
    const deposits = await fill(directory, issuer);
    const reads = await readBuckets(watched, closers);
    return { ...deposits, ...reads };
  } finally {
    for (const close of closers) await close();
  }
}

type Directory = ReturnType<typeof createTestDirectory>;

/** Deposits with every signature checked, 16 under way at once; wall time, for Postgres is another process. */
async function fill(directory: Directory, issuer: Party): Promise<Record<string, Line[]>> {
  const made: Awaited<ReturnType<typeof makeDeposit>>[] = [];
  for (let i = 0; i < RECORDS; i++)
    made.push(await makeDeposit(await createDepositor(new Uint8Array(randomBytes(32))), [issuer]));
  const times: number[] = [];
  let next = 0;
  const start = performance.now();
  const worker = async (): Promise<void> => {
    for (let deposit = made[next++]; deposit !== undefined; deposit = made[next++]) {
      const at = performance.now();
      const response = await put(directory, deposit);
      if (response.status !== 201) throw new Error(`refused: ${response.status}`);
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  const perSecond = (RECORDS * 1_000) / (performance.now() - start);
  const title = `deposits on PostgreSQL, two signatures each, 16 at once: p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms`;
  const lines = [{ name: 'PUT /v1/records/{name} (wall)', perSecond, ratio: 1 }];
  print(title, lines);
  return { [title]: lines };
}

/** Bucket reads with metrics on, next to a bare handler that returns as many octets, over loopback with 16 requests at once. */
async function readBuckets(watched: Directory, closers: (() => Promise<unknown>)[]): Promise<Record<string, Line[]>> {
  const sample = await (await watched.request('/v1/buckets/4/7')).text();
  const bare = new Hono().get('/', (c) => c.body(sample, 200, { 'content-type': 'application/json' }));
  const ours = await listen((request) => watched.fetch(request), closers);
  const theirs = await listen((request) => bare.fetch(request), closers);
  const read = (url: string) => async (): Promise<void> => {
    const responses = await Promise.all(Array.from({ length: 16 }, () => fetch(url)));
    for (const response of responses) await response.arrayBuffer();
  };
  let bucket = 0;
  const lines = await compare([
    { name: 'GET /v1/buckets/{d}/{i}, counted', units: 16, run: () => read(`${ours}/v1/buckets/4/${bucket++ % 16}`)() },
    { name: 'bare Hono handler, as many octets', units: 16, run: read(`${theirs}/`) },
  ]);
  const title = `bucket reads at ${RECORDS} records (${sample.length} octets each), one epoch, server and client in one process`;
  print(title, lines);
  return { [title]: lines };
}

function listen(
  fetchFunction: (request: Request) => Response | Promise<Response>,
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  return new Promise((resolve) => {
    const server = listenAt({ fetch: fetchFunction, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve(`http://127.0.0.1:${port}`),
    );
    closers.unshift(async () => {
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
  });
}
