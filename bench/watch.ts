// A thousand watchers of one resolver while the person moves all the time: how long until the last of them knows, and whether
// memory stays flat. The sandbox is a process of its own, asked over HTTP; its resident memory is read from the system.
import { Agent, request } from 'undici';
import { median, percentile, print, type Line } from './measure.ts';
import { memoryOf } from './process.ts';
import { openBenchSandbox } from './sandbox.ts';

const WATCHERS = 1_000;
/** Ten minutes, as the founding issue asks; `WHEREABOUTS_BENCH_SECONDS` for a first impression. */
const SECONDS = Number(process.env['WHEREABOUTS_BENCH_SECONDS'] ?? 600);
const MINUTE = 60_000;
const NUMBER = '+44 20 7946 0888';

export async function benchWatch(): Promise<Record<string, Line[]>> {
  const sandbox = await openBenchSandbox();
  const agent = new Agent({ connections: null, bodyTimeout: 0 });
  try {
    const { client } = sandbox;
    const providers = [{ domain: 'bobchat.localhost', authorization: 'Bearer sandbox-mover' }];
    const told = Array.from({ length: WATCHERS }, () => ({ events: 0, at: 0 }));
    for (const one of told) await follow(agent, sandbox.port, one);
    await until(() => told.every(({ events }) => events === 1));
    console.log(`\n${WATCHERS} watchers of one number that moves, for ${SECONDS} s`);
    const waits: number[] = [];
    const resident: number[] = [];
    const start = performance.now();
    let minute = 0;
    for (let move = 0; performance.now() - start < SECONDS * 1_000; move++) {
      const registration = await client.register({ identifier: NUMBER, providers, keep: true });
      waits.push(await waitForAll(told, 2 + 2 * move));
      await client.withdraw(registration);
      waits.push(await waitForAll(told, 3 + 2 * move));
      resident.push(memoryOf(sandbox.pid));
      if (performance.now() - start > (minute + 1) * MINUTE) {
        minute += 1;
        console.log(`  minute ${minute}: ${waits.length} changes, ${resident.at(-1)} MB resident`);
      }
    }
    const [early, late] = [resident.slice(0, resident.length / 4), resident.slice((resident.length * 3) / 4)].map(
      median,
    );
    const [p50, p99] = [percentile(waits, 0.5), percentile(waits, 0.99)];
    const title =
      `${WATCHERS} watchers, ${waits.length} changes in ${SECONDS} s; from receipt to the last watcher: p50 ${p50.toFixed(0)} ms, ` +
      `p99 ${p99.toFixed(0)} ms, longest ${Math.max(...waits).toFixed(0)} ms; resident memory of the whole sandbox: ` +
      `first quarter ${early?.toFixed(0)} MB, last ${late?.toFixed(0)} MB`;
    const lines = [
      { name: 'changes told to all, 1/p99', perSecond: 1_000 / p99, ratio: p50 / p99 },
      { name: 'changes told to all, 1/p50', perSecond: 1_000 / p50, ratio: 1 },
    ];
    print(title, lines);
    return { [title]: lines };
  } finally {
    await agent.destroy();
    await sandbox.close();
  }
}

/** Reads one stream of events to its end, counting them. */
async function follow(agent: Agent, port: number, told: { events: number; at: number }): Promise<void> {
  const { body, statusCode } = await request(`http://127.0.0.1:${port}/v1/where/watch`, {
    method: 'POST',
    dispatcher: agent,
    headers: { host: `alicechat.localhost:${port}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id: NUMBER, from: 'alicechat.localhost' }),
  });
  if (statusCode !== 200) throw new Error(`a watcher was answered ${statusCode}`);
  body.on('error', () => undefined);
  body.on('data', (chunk: Buffer) => {
    told.events += chunk.toString().split('event: ').length - 1;
    told.at = performance.now();
  });
}

/** Milliseconds until the last of them has had `events` events. */
async function waitForAll(told: readonly { events: number; at: number }[], events: number): Promise<number> {
  const from = performance.now();
  await until(() => told.every((one) => one.events >= events));
  return Math.max(0, Math.max(...told.map(({ at }) => at)) - from);
}

async function until(done: () => boolean): Promise<void> {
  const end = performance.now() + MINUTE;
  while (!done()) {
    if (performance.now() > end) throw new Error('a watcher was not told within a minute');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
