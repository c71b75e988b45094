// Two directory processes on one database under load, one of them stopped in the middle of an epoch: the other one goes on
// answering, and when the first wakes up nothing is forked and nothing lost. WHEREABOUTS_TEST_LONG=1 stops it for 30 seconds.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { checkpointFile } from '../../../src/platform/node/checkpoint-file.ts';
import { openPostgres } from '../../../src/platform/node/postgres.ts';
import { parseCheckpoint } from '../../../src/protocol/log/checkpoint.ts';
import { parseNote } from '../../../src/protocol/log/note.ts';
import { formatHex } from '../../../src/protocol/wire.ts';
import { epochs } from '../../../src/server/store/log-schema.ts';
import { checkDirectory } from '../../support/check-directory.ts';
import { createPostgresDatabase } from '../../support/database.ts';
import { createDepositor, createParty, makeDeposit, type Made } from '../../support/directory.ts';
import { openPostgresProxy } from '../../support/postgres-proxy.ts';
import { makeHome } from '../../support/program.ts';
import { prepareDirectory, seconds, serveDirectory } from '../../support/served-directory.ts';
import { sleep } from '../../../src/server/directory/sequencer/waiting.ts';
import { IS_LONG } from '../../support/long.ts';

const PAUSE = IS_LONG ? 30_000 : 6_000;
const STREAMS = 6;

/** Where it is stopped: with the statement sent, and its transaction open. */
const POINTS: Readonly<Record<string, readonly string[]>> = {
  'holding the head of the log': ['insert into "epochs"'],
  'about to commit': ['insert into "epochs"', 'commit'],
  'about to publish': ['update "log_head" set "published"'],
};
/** The suite has the first: every one costs its pause. */
const chosen = Object.entries(POINTS).slice(0, IS_LONG ? undefined : 1);

const home = makeHome();
afterAll(() => home.remove());
const issuer = await createParty('issuer.example');

async function freshDeposit(): Promise<Made> {
  const now = seconds();
  const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
  return makeDeposit(await createDepositor(new Uint8Array(randomBytes(32))), [issuer], times);
}

async function deposit(url: string, { path: at, body }: Made): Promise<number> {
  const init = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${url}${at}`, { ...init, signal: AbortSignal.timeout(PAUSE + 30_000) });
  await response.text();
  return response.status;
}

interface Answer {
  readonly made: Made;
  readonly status: number;
  /** Of the reply, and how long it took, in milliseconds. */
  readonly at: number;
  readonly took: number;
}

/** Nobody answered: a process that wakes up may end connections that were idle too long, requests on them included. */
const UNANSWERED = 0;

/** Deposits one after the other until `isOver`. */
async function stream(url: string, answers: Answer[], isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const made = await freshDeposit();
    const begun = performance.now();
    const status = await deposit(url, made).catch(() => UNANSWERED);
    const at = performance.now();
    answers.push({ made, status, at, took: at - begun });
  }
}

test.each(chosen)('stopped %s', { timeout: 180_000 }, async (point, texts) => {
  const place = await createPostgresDatabase();
  const proxy = await openPostgresProxy(place.url);
  const copy = path.join(home.folder, `checkpoint ${point}`);
  const env = {
    ...(await prepareDirectory(home, place.url, [issuer])),
    WHEREABOUTS_EPOCH_INTERVAL: '200',
    WHEREABOUTS_CHECKPOINT: copy,
  };
  const start = async (databaseUrl: string) => {
    const { server, url } = await serveDirectory({ ...env, DATABASE_URL: databaseUrl });
    return { ...server, url };
  };
  const [first, second] = await Promise.all([start(proxy.url), start(place.url)]);

  // Everybody looks all the time: no size has two roots, and neither a process nor the copy goes back.
  const over = { is: false };
  const roots = new Map<number, string>();
  const watch = async (read: () => Promise<string | undefined>): Promise<void> => {
    for (let newest = 0; !over.is; await sleep(25)) {
      const note = await read();
      if (note === undefined) continue;
      const { size, root } = parseCheckpoint(parseNote(note).text);
      expect(roots.get(size) ?? formatHex(root), `root of size ${size}`).toBe(formatHex(root));
      roots.set(size, formatHex(root));
      expect(size, 'size').toBeGreaterThanOrEqual(newest);
      newest = size;
    }
  };
  const ask = (url: string) => async () => {
    const init = { signal: AbortSignal.timeout(PAUSE + 30_000) };
    const reply = await fetch(`${url}/log/checkpoint`, init).catch(() => undefined);
    return reply?.status === 200 ? reply.text() : undefined;
  };
  const watchers = [watch(ask(first.url)), watch(ask(second.url)), watch(() => checkpointFile(copy).read())];

  const [byFirst, bySecond]: [Answer[], Answer[]] = [[], []];
  const streams = [first, second].flatMap(({ url }, index) =>
    Array.from({ length: STREAMS }, () => stream(url, index === 0 ? byFirst : bySecond, () => over.is)),
  );
  const everything = Promise.all([...watchers, ...streams]);
  // Heard below; a failure ends the test early.
  everything.catch(() => (over.is = true));
  await vi.waitUntil(() => over.is || (byFirst.length >= STREAMS && bySecond.length >= STREAMS), { timeout: 60_000 });

  await proxy.set({ texts, break: 'passes', after: () => process.kill(first.pid, 'SIGSTOP') });
  const stopped = performance.now();
  await sleep(PAUSE);
  const woken = performance.now();
  const meanwhile = bySecond.filter(({ at }) => at > stopped);
  process.kill(first.pid, 'SIGCONT');
  const before = byFirst.length;
  await vi.waitUntil(() => over.is || byFirst.length > before + 2 * STREAMS, { timeout: 60_000 });
  over.is = true;
  await everything;

  // The other one went on while this one stood still. On a machine that is busy elsewhere who waited for the lock may have waited
  // too long for a receipt, once: it is told to come again.
  expect(meanwhile.filter(({ status }) => status === 201).length, 'answered meanwhile').toBeGreaterThan(0);
  for (const { status } of bySecond) expect([201, 503]).toContain(status);
  expect(bySecond.filter(({ status }) => status === 503).length, 'told to come again').toBeLessThanOrEqual(STREAMS);
  // Who asked the one that stood still is answered, or told to come again; then it is there.
  for (const { status } of byFirst) expect([201, 503, UNANSWERED]).toContain(status);
  const unanswered = byFirst.filter(({ status }) => status === UNANSWERED).length;
  expect(unanswered, 'unanswered, one a stream at most').toBeLessThanOrEqual(STREAMS);
  for (const { made, status } of [...byFirst, ...bySecond])
    if (status !== 201) expect([200, 201]).toContain(await deposit(second.url, made));
  expect(await first.stop()).toBe(0);
  expect(await second.stop()).toBe(0);
  for (const server of [first, second]) expect(server.stderr()).not.toMatch(/request-failed|"event":"fault"/);

  const database = await openPostgres(place.url);
  const { records } = await checkDirectory(database.db, seconds());
  const kept = new Set(records.map(({ digest }) => formatHex(digest)));
  const lost = [...byFirst, ...bySecond].filter(({ made }) => !kept.has(made.digest));
  expect(lost.length, 'records lost').toBe(0);
  const signed = await database.db.select({ epoch: epochs.epoch, root: epochs.root }).from(epochs);
  const stored = new Map(signed.map(({ epoch, root }) => [epoch + 1, formatHex(root)]));
  for (const [size, root] of roots) expect(stored.get(size), `root of size ${size}`).toBe(root);
  await database.close();
  await proxy.close();
  await place.drop();

  const gaps = [stopped, ...meanwhile.map(({ at }) => at), woken].map((at, i, all) => at - (all[i - 1] ?? at));
  console.log(
    `stopped ${point} for ${(woken - stopped).toFixed(0)} ms: ${meanwhile.length} deposits answered meanwhile, ` +
      `longest silence ${Math.max(...gaps).toFixed(0)} ms, slowest answer ${Math.max(...bySecond.map(({ took }) => took)).toFixed(0)} ms; ` +
      `${byFirst.length} answered by the one that was stopped (${byFirst.filter(({ status }) => status === 503).length} told to come ` +
      `again, ${unanswered} not answered), ${kept.size} records in ${signed.length} epochs, ${roots.size} checkpoints seen, none lost, none twice`,
  );
});
