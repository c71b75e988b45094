// How long a deposit waits for its receipt: the real directory on real PostgreSQL with epochs on, at several loads. Wall time;
// next to it the same deposits where an epoch follows at once, so that waiting for the interval can be told from work.
import postgres from 'postgres';
import { openPostgres } from '../src/platform/node/postgres.ts';
import { createDepositor, createParty, createTestDirectory, makeDeposit, put } from '../test/support/directory.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { percentile, print, type Line } from './measure.ts';

const DEPOSITS = 400;

export async function benchReceipts(): Promise<Record<string, Line[]>> {
  const server = await startPostgres();
  try {
    const results: Record<string, Line[]> = {};
    for (const atOnce of [1, 16, 64]) {
      const lines: Line[] = [];
      const texts: string[] = [];
      for (const interval of [1_000, 0]) {
        const { times, perSecond } = await deposit(server.url, interval, atOnce);
        const [half, most] = [percentile(times, 0.5), percentile(times, 0.99)];
        texts.push(
          `${interval === 0 ? 'epochs at once' : 'an epoch a second'} p50 ${half.toFixed(0)} ms, p99 ${most.toFixed(0)} ms`,
        );
        lines.push({ name: `PUT /v1/records, interval ${interval} ms (wall)`, perSecond, ratio: 1 });
      }
      const peer = lines.at(-1)?.perSecond ?? 1;
      const compared = lines.map((line) => ({ ...line, ratio: line.perSecond / peer }));
      const title = `deposit to receipt on PostgreSQL, ${atOnce} at once: ${texts.join('; ')}`;
      print(title, compared);
      results[title] = compared;
    }
    return results;
  } finally {
    await server.stop();
  }
}

/** In a database of its own: a log goes on only where it stopped, with the clock it had. */
async function deposit(url: string, interval: number, atOnce: number): Promise<{ times: number[]; perSecond: number }> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const name = `receipts_${interval}_${atOnce}`;
  await sql.unsafe(`create database ${name}`);
  await sql.end();
  const database = await openPostgres(new URL(name, url).href);
  const directory = createTestDirectory(database, { listed: ['issuer.example'], sequencing: { interval } });
  const issuer = await createParty('issuer.example');
  directory.world.join(issuer);
  // One at a time, each waits for the interval: fewer are enough.
  const count = interval > 0 && atOnce === 1 ? 10 : DEPOSITS;
  const made = await Promise.all(
    Array.from({ length: count }, async () => makeDeposit(await createDepositor(), [issuer])),
  );
  const start = performance.now();
  // The directory's clock runs as the wall's does.
  const begun = directory.time.now;
  const clock = setInterval(() => (directory.time.now = begun + Math.floor(performance.now() - start)), 2);
  const times: number[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let one = made[next++]; one !== undefined; one = made[next++]) {
      const at = performance.now();
      const { status } = await put(directory, one);
      if (status !== 201) throw new Error(`refused: ${status}`);
      times.push(performance.now() - at);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    clearInterval(clock);
    await directory.settle();
    await database.close();
  }
  return { times, perSecond: (count * 1_000) / (performance.now() - start) };
}
