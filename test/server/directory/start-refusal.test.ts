// A database restored from a backup must not sign a second history (§6.3): whoever saw more of the log, or something else, keeps
// the directory from signing, at start and for as long as nobody has put it right; and it says what to do.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkpointFile } from '../../../src/platform/node/checkpoint-file.ts';
import { openPostgres } from '../../../src/platform/node/postgres.ts';
import { KEY_TYPES } from '../../../src/protocol/log/vkey.ts';
import { UNCOUNTED } from '../../../src/server/metrics.ts';
import { serveUnsigned } from '../../../src/server/own-description.ts';
import type { DirectoryContext } from '../../../src/server/context.ts';
import { advance } from '../../../src/server/directory/sequencer/advance.ts';
import { createWitnesses, type WitnessPeer } from '../../../src/server/directory/sequencer/witnesses.ts';
import { witnessApp } from '../../../src/server/routes/witness.ts';
import { readHead } from '../../../src/server/store/log.ts';
import type { Database } from '../../../src/server/store/database.ts';
import type { KeptState } from '../../../src/server/witness/add-checkpoint.ts';
import { importSigner } from '../../protocol/log/signers.ts';
import { administer, createPostgresDatabase } from '../../support/database.ts';
import {
  createDepositor,
  createLogSigner,
  createParty,
  createTestDirectory,
  DOMAIN,
  LOG_SIGNER,
  makeDeposit,
  outcome,
  put,
  START,
  type DirectoryOptions,
} from '../../support/directory.ts';

const time = { now: START * 1000 };
const issuer = await createParty('issuer.example');
const folder = mkdtempSync(path.join(tmpdir(), 'whereabouts-start-'));
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** A witness with a memory as long as the test. */
async function openWitness(): Promise<WitnessPeer> {
  const signer = await importSigner('w.example/witness', new Uint8Array(32).fill(7), KEY_TYPES.cosignature);
  const states = new Map<string, KeptState>();
  const app = witnessApp({
    role: 'witness',
    clock: () => time.now,
    random: (octets) => new Uint8Array(octets),
    log: quiet,
    metrics: UNCOUNTED,
    later: () => undefined,
    signer,
    findKeys: async () => [LOG_SIGNER.key],
    memory: {
      find: async (origin) => states.get(origin),
      replace: async (origin, before, after) => {
        if (states.get(origin) !== before) return false;
        states.set(origin, after);
        return true;
      },
      accuse: async () => undefined,
    },
    description: serveUnsigned('{}'),
  });
  return {
    key: signer.key,
    send: async (body) => {
      const reply = await app.request('/witness/add-checkpoint', { method: 'POST', body });
      return { status: reply.status, body: await reply.text() };
    },
  };
}

const witnessed = (peer: WitnessPeer) => createWitnesses([peer], () => time.now);
const copied = (name: string): Pick<DirectoryOptions, 'sequencing'> => ({
  sequencing: { shown: checkpointFile(path.join(folder, name)) },
});

interface Place {
  readonly url: string;
  drop(): Promise<void>;
}

const nameOf = ({ url }: Place): string => new URL(url).pathname.slice(1);

async function copyOf(place: Place): Promise<Place> {
  const made = await createPostgresDatabase();
  await administer(`drop database ${nameOf(made)}`);
  await administer(`create database ${nameOf(made)} template ${nameOf(place)}`);
  return made;
}

/** A directory on a database, as it starts. */
async function openOn<T>(
  place: Place,
  options: DirectoryOptions,
  work: (directory: ReturnType<typeof createTestDirectory>, database: Database) => Promise<T>,
): Promise<T> {
  const database = await openPostgres(place.url);
  try {
    const directory = createTestDirectory(database, { listed: [issuer.domain], time, ...options });
    directory.world.join(issuer);
    const result = await work(directory, database);
    await directory.settle();
    return result;
  } finally {
    await database.close();
  }
}

/** Makes one epoch a deposit. */
const grow = (place: Place, options: DirectoryOptions, deposits: number): Promise<void> =>
  openOn(place, options, async (directory) => {
    for (let i = 0; i < deposits; i++)
      expect((await put(directory, await makeDeposit(await createDepositor(), [issuer]))).status).toBe(201);
  });

describe('a restored backup', () => {
  const places: Place[] = [];
  let witness: WitnessPeer;
  let original: Place;
  let backup: Place;
  beforeAll(async () => {
    witness = await openWitness();
    original = await createPostgresDatabase();
    const all: DirectoryOptions = { witnesses: witnessed(witness), ...copied('copy') };
    await grow(original, all, 2);
    backup = await copyOf(original);
    places.push(original, backup);
    await grow(original, all, 2);
  });
  afterAll(async () => {
    for (const place of places) await place.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The backup, and so many epochs after it that nobody outside has seen. */
  async function restored(more: number): Promise<Place> {
    const place = await copyOf(backup);
    places.push(place);
    if (more > 0) await grow(place, {}, more);
    return place;
  }

  const WHO: readonly (readonly [string, () => DirectoryOptions, string])[] = [
    ['the published checkpoint', () => copied('copy'), 'the published checkpoint'],
    ['a witness', () => ({ witnesses: witnessed(witness) }), 'the witness w.example/witness'],
  ];
  const STATES = [
    ['behind what was seen', 0],
    ['of the same size, and different', 2],
  ] as const;
  const CASES = WHO.flatMap(([who, options, named]) =>
    STATES.map(([state, more]) => ({ who, options, named, state, more })),
  );

  test.each(CASES)('$state, by $who: nothing is signed, and it says what to do', async ({ options, named, more }) => {
    const place = await restored(more);
    await openOn(place, options(), async (directory, { db }) => {
      const before = await readHead(db, DOMAIN);
      expect(before.size).toBe(2 + more);
      // Told to everybody, each time: no try gets past it.
      for (let round = 0; round < 2; round++) {
        const refusal: unknown = await advance(directory.ctx, { patient: false }).catch((error: unknown) => error);
        expect(refusal).toMatchObject({ code: 'database-stale' });
        const { message } = refusal as Error;
        expect(message).toContain(named);
        expect(message).toMatch(/Restore the newest state/);
        expect(message).toMatch(/begin a new log with a new key/);
      }
      const made = await makeDeposit(await createDepositor(), [issuer]);
      expect(await outcome(put(directory, made))).toEqual({ status: 503, code: 'database-stale' });
      expect(await readHead(db, DOMAIN)).toEqual(before);
    });
  });

  test('smaller ones that the copy contradicts: of a log that grew past it in secret', async () => {
    const place = await restored(4);
    await openOn(place, copied('copy'), async ({ ctx }) => {
      await expect(advance(ctx, { patient: false })).rejects.toMatchObject({ code: 'database-stale' });
    });
  });

  test('an empty database, where the log is known', async () => {
    const place = await createPostgresDatabase();
    places.push(place);
    for (const [, options] of WHO)
      await openOn(place, options(), async ({ ctx }, { db }) => {
        await expect(advance(ctx, { patient: false })).rejects.toMatchObject({ code: 'database-stale' });
        expect(await readHead(db, DOMAIN)).toEqual({ size: 0, published: 0 });
      });
  });

  test('the newest database starts, and goes on', async () => {
    await grow(original, { witnesses: witnessed(witness), ...copied('copy') }, 1);
  });

  test('a copy that is behind the database is no reason', async () => {
    const name = path.join(folder, 'behind');
    await openOn(backup, {}, async (directory) => {
      const note = await (await directory.request('/log/checkpoint')).text();
      await checkpointFile(name).write(2, note);
    });
    await grow(original, copied('behind'), 1);
    expect(await checkpointFile(name).read()).toContain('\n6\n');
  });

  const BROKEN: readonly (readonly [string, () => Promise<DirectoryContext['sequencing']['shown']>, RegExp])[] = [
    [
      'whose folder is missing',
      async () => checkpointFile(path.join(folder, 'nowhere', 'copy')),
      /the folder .*nowhere is missing.*WHEREABOUTS_CHECKPOINT/,
    ],
    [
      'that is no checkpoint',
      async () => {
        writeFileSync(path.join(folder, 'damaged.4'), 'whatever');
        return checkpointFile(path.join(folder, 'damaged'));
      },
      /WHEREABOUTS_CHECKPOINT.*log key it had/,
    ],
    [
      'by another log key',
      async () => {
        const place = await createPostgresDatabase();
        places.push(place);
        await grow(place, { ...copied('foreign'), logSigner: await createLogSigner() }, 1);
        return checkpointFile(path.join(folder, 'foreign'));
      },
      /WHEREABOUTS_CHECKPOINT.*log key it had/,
    ],
    [
      'whose disk does not answer',
      async () => ({ read: () => new Promise(() => undefined), write: async () => undefined }),
      /WHEREABOUTS_CHECKPOINT.*does not answer/,
    ],
  ];
  test.each(BROKEN)('a copy %s: nothing is signed without it', async (_title, open, message) => {
    const shown = await open();
    if (shown === undefined) throw new Error('no copy');
    await openOn(original, { sequencing: { shown } }, async ({ ctx }, { db }) => {
      const before = await readHead(db, DOMAIN);
      const refusal: unknown = await advance(ctx, { patient: false }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'config-invalid' });
      expect((refusal as Error).message).toMatch(message);
      expect(await readHead(db, DOMAIN)).toEqual(before);
    });
  });
});
