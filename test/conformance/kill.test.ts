// kill -9 in the middle of a stream of deposits, on both databases: whatever was answered is there after the restart.
// WHEREABOUTS_TEST_LONG=1 kills twenty times.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseIndex } from '../../src/protocol/bucket.ts';
import { formatB64u, formatHex, parseB64u } from '../../src/protocol/wire.ts';
import { openEmbedded } from '../../src/platform/node/embedded.ts';
import { openPostgres } from '../../src/platform/node/postgres.ts';
import { createDescriptionStore } from '../../src/server/store/descriptions.ts';
import type { Database } from '../../src/server/store/database.ts';
import { createPostgresDatabase } from '../support/database.ts';
import { createDepositor, createParty, makeDeposit, type Made } from '../support/directory.ts';
import { makeHome, run, startServer, type Home } from '../support/program.ts';
import { sleep } from '../../src/server/directory/sequencer/waiting.ts';
import { IS_LONG } from '../support/long.ts';

const ROUNDS = IS_LONG ? 20 : 3;
const ANSWERED = 50;
// More than one epoch answers, so that a round is a matter of two or three.
const PARALLEL = 32;
const DEPTH = 4;

const homes: Home[] = [];
afterAll(() => homes.forEach((home) => home.remove()));

const issuer = await createParty('issuer.example');
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** The issuer's description as if it had just been fetched, so that nothing outside this machine is needed. */
async function introduce(database: Database): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ version: 1, domain: issuer.domain, name: 'Issuer', jwks: { keys: [issuer.jwk] } });
  const store = createDescriptionStore(database.db);
  await store.claim(issuer.domain, now, now - 1);
  await store.save(issuer.domain, { body, fetchedAt: now });
  await database.close();
}

interface Place {
  readonly env: Record<string, string>;
  readonly open: () => Promise<Database>;
}

const PLACES: Readonly<Record<string, (home: Home) => Promise<Place>>> = {
  PGlite: async (home) => {
    const data = path.join(home.folder, 'directory');
    return { env: { WHEREABOUTS_DATA: data }, open: () => openEmbedded(data, { log: silent }) };
  },
  PostgreSQL: async () => {
    const { url } = await createPostgresDatabase();
    return { env: { DATABASE_URL: url }, open: () => openPostgres(url) };
  },
};

async function freshDeposit(): Promise<Made> {
  const now = Math.floor(Date.now() / 1000);
  const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
  return makeDeposit(await createDepositor(new Uint8Array(randomBytes(32))), [issuer], times);
}

/** Deposits until `stop` says so; a deposit counts once it was answered. Who is told to come again does. */
async function depositUntil(url: string, answered: Made[], stop: () => boolean): Promise<void> {
  while (!stop()) {
    const made = await freshDeposit();
    try {
      await depositOnce(url, made, stop);
      answered.push(made);
    } catch (error) {
      if (!stop()) throw error;
    }
  }
}

async function depositOnce(url: string, made: Made, stop: () => boolean): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  for (;;) {
    const response = await fetch(`${url}${made.path}`, { method: 'PUT', headers, body: JSON.stringify(made.body) });
    const text = await response.text();
    if (response.ok) return;
    if (response.status !== 503 || stop()) throw new Error(`refused: ${response.status} ${text}`);
    await sleep(200);
  }
}

/** Every record the directory shows, by digest in hex. */
async function readAll(url: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let bucket = 0; bucket < 2 ** DEPTH; bucket++) {
    const reply = (await (await fetch(`${url}/v1/buckets/${DEPTH}/${bucket}`)).json()) as { index: string };
    for (const { name, digest } of parseIndex(parseB64u(reply.index))) found.set(formatHex(digest), formatB64u(name));
  }
  return found;
}

test.concurrent.each(Object.entries(PLACES))(`%s: ${ROUNDS} rounds`, { timeout: 900_000 }, async (name, makePlace) => {
  const home = makeHome();
  homes.push(home);
  const place = await makePlace(home);
  await introduce(await place.open());
  const env = {
    ...home.env,
    ...place.env,
    WHEREABOUTS_DOMAIN: 'directory.example',
    WHEREABOUTS_PORT: '0',
    WHEREABOUTS_LISTED: issuer.domain,
    WHEREABOUTS_QUOTA_WRITES_LISTED: '1000000 refill 1000000 per minute',
    WHEREABOUTS_KEYS: path.join(home.folder, 'keys.json'),
  };
  expect((await run(['init'], env)).code).toBe(0);
  const kept: Made[] = [];
  const inFlight: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const server = await startServer(['serve'], env, /"event":"listening"/);
    const port = Number(/"port":(\d+)/.exec(server.stderr())?.[1]);
    const url = `http://127.0.0.1:${port}`;
    if (round === ROUNDS) {
      const there = await readAll(url);
      expect(kept.filter((made) => there.get(made.digest) !== made.path.split('/').at(-1))).toEqual([]);
      const sample = kept.at(-1);
      const sealed = await fetch(`${url}/v1/sealed/${sample?.digest}`);
      expect(formatB64u(new Uint8Array(await sealed.arrayBuffer()))).toBe(sample?.body.sealed);
      await server.stop();
      continue;
    }
    const before = await readAll(url);
    expect(kept.filter(({ digest }) => !before.has(digest))).toEqual([]);
    const answered: Made[] = [];
    const failed: unknown[] = [];
    let killed = false;
    const streams = Array.from({ length: PARALLEL }, () =>
      depositUntil(url, answered, () => killed).catch((error: unknown) => failed.push(error)),
    );
    while (answered.length < ANSWERED) {
      expect(failed, 'deposits refused').toEqual([]);
      await sleep(2);
    }
    killed = true;
    await server.stop('SIGKILL');
    const count = answered.length;
    await Promise.all(streams);
    expect(failed, 'deposits refused').toEqual([]);
    // Answers already on the wire when the process died count as answered too.
    inFlight.push(PARALLEL - (answered.length - count));
    kept.push(...answered);
  }
  expect(kept.length).toBeGreaterThanOrEqual(ROUNDS * ANSWERED);
  expect(inFlight.every((count) => count >= 1)).toBe(true);
  console.log(`${name}: ${kept.length} answered deposits over ${ROUNDS} rounds, all there`);
});
