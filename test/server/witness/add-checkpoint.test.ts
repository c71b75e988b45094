// A witness over HTTP on both databases: foreign requests, every status, races, what is kept when it is killed.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CODES, WhereaboutsError, type Code } from '../../../src/protocol/errors.ts';
import { formatCheckpoint } from '../../../src/protocol/log/checkpoint.ts';
import { leafHash } from '../../../src/protocol/log/hash.ts';
import { formatNote, openNote, signNote } from '../../../src/protocol/log/note.ts';
import { createVkey, KEY_TYPES } from '../../../src/protocol/log/vkey.ts';
import { formatAddCheckpoint } from '../../../src/protocol/log/witness.ts';
import { utf8 } from '../../../src/protocol/wire.ts';
import type { WitnessMemory } from '../../../src/server/witness/add-checkpoint.ts';
import { createWitnessMemory } from '../../../src/server/store/witness.ts';
import { base64, hex } from '../../protocol/log/support.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { foreignVector, NO_FOREIGN } from '../../support/vectors.ts';
import { createTestLog, createTestWitness, LEAVES, LOG, NOW, ORIGIN, STRANGER, WITNESS } from './world.ts';

interface Requests {
  sigsum_log: { origin: string; ed25519_pub_hex: string };
  cases: {
    n: number;
    state_before: { size: number; root: string | null };
    request_body: string;
    status: number;
    assert: string;
  }[];
}
const foreign = foreignVector<Requests>('foreign/witness-add-checkpoint.json');
const log = createTestLog(LEAVES);
/** The same log, told differently from its 20th leaf on. */
const fork = createTestLog(LEAVES.map((leaf, i) => (i < 20 ? leaf : `other ${i}`)));
const NAME = WITNESS.key.name;

describe.each(LONG_ENGINES)('%s', (engine) => {
  let database: TestDatabase;
  let memory: WitnessMemory;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
    memory = createWitnessMemory(database.db, NAME);
  });
  afterAll(() => database.close());
  beforeEach(() => emptyTables(database));

  const stateOf = async () => {
    const state = await memory.find(ORIGIN);
    return state === undefined ? undefined : { size: state.size, root: state.root };
  };

  if (foreign === undefined) test.skip(`foreign requests (${NO_FOREIGN})`);
  else
    test('foreign requests', async () => {
      const { sigsum_log: sigsum, cases } = foreign;
      const key = createVkey(sigsum.origin, KEY_TYPES.ed25519, hex(sigsum.ed25519_pub_hex));
      const witness = createTestWitness(memory, [key]);
      for (const { n, state_before: before, request_body, status, assert } of cases) {
        await emptyTables(database);
        if (before.root !== null) {
          const state = { size: before.size, root: base64(before.root), note: '' };
          expect(await memory.replace(sigsum.origin, undefined, state)).toBe(true);
        }
        const reply = await witness.add(request_body);
        expect(reply.status, `case ${n}`).toBe(status);
        const [, what, text] = /^body (contains|==) (".*")$/.exec(assert) ?? [];
        if (text !== undefined && what === 'contains') expect(reply.body).toContain(JSON.parse(text));
        if (text !== undefined && what === '==') expect(reply.body).toBe(JSON.parse(text));
        if (status === 409) expect(reply.type).toBe('text/x.tlog.size');
      }
      expect(cases.length).toBe(5);
    });

  test('every status, in the order of the specification', async () => {
    const witness = createTestWitness(memory);
    const cosigned = await witness.add(await log.ask(0, 7));
    expect(cosigned).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
    const { verified } = await openNote((await log.sign(7)) + cosigned.body, [WITNESS.key]);
    expect(verified.map(({ time, line }) => ({ time, line }))).toEqual([{ time: NOW, line: cosigned.body }]);

    const elsewhere = { ...LOG, key: { ...LOG.key, name: 'other.example/whereabouts' } };
    const replies: [string, string, number, string][] = [
      ['an unknown log', await log.ask(0, 9, elsewhere), 404, ''],
      ['a key nobody trusts', await log.ask(7, 9, STRANGER), 403, ''],
      ['an old size above the new one', await log.ask(7, 7).then((body) => body.replace('old 7', 'old 8')), 400, ''],
      ['another old size', await log.ask(3, 9), 409, '7\n'],
      ['nothing known', await log.ask(0, 9), 409, '7\n'],
      ['a smaller log: nothing is rolled back', await log.ask(3, 5), 409, '7\n'],
      [
        'a proof of another size',
        (await log.ask(7, 9)).replace(log.prove(7, 9)[0] ?? '', log.prove(6, 9)[1] ?? ''),
        422,
        '',
      ],
      ['not a request', 'hello', 400, ''],
      ['nothing', '', 400, ''],
    ];
    for (const [title, body, status, expected] of replies) {
      const reply = await witness.add(body);
      expect(reply.status, title).toBe(status);
      if (expected !== '') expect(reply).toEqual({ status, type: 'text/x.tlog.size', body: expected });
      // The state is what was cosigned, whatever was asked.
      expect(await stateOf(), title).toEqual({ size: 7, root: log.rootOf(7) });
    }
    // None of this contradicts what was cosigned.
    expect(witness.logged.map(({ event }) => event)).not.toContain('log-forked');
    expect(await database.query(`select fork from witness_logs`)).toEqual([{ fork: null }]);
    expect((await witness.add(new Uint8Array(70_000))).status).toBe(413);
    expect((await witness.request('/witness/add-checkpoint')).status).toBe(405);
    expect((await witness.request('/add-checkpoint', { method: 'POST' })).status).toBe(404);

    expect((await witness.add(await log.ask(7, 7))).status).toBe(200);
    expect((await witness.add(await log.ask(7, 9))).status).toBe(200);
    expect(await stateOf()).toEqual({ size: 9, root: log.rootOf(9) });
  });

  test('a fork is refused, and both notes are kept', async () => {
    const witness = createTestWitness(memory);
    await witness.add(await log.ask(0, 25));
    expect(await witness.add(await fork.ask(25, 25))).toMatchObject({ status: 409, body: '25\n' });
    expect(await witness.add(await fork.ask(25, 30))).toMatchObject({ status: 422 });
    // The first contradiction stands, whatever comes later.
    await witness.add(await log.ask(25, 30));
    await witness.add(await fork.ask(30, 30));
    const rows = await database.query(`select size, forked, fork from witness_logs`);
    expect(rows.map((row) => ({ ...row, size: Number(row['size']) }))).toEqual([
      { size: 30, forked: await log.sign(25), fork: await fork.sign(25) },
    ]);
    expect(witness.logged.filter(({ event }) => event === 'log-forked').length).toBe(2);
  });

  test('a log that begins with another root than nothing has is refused, and contradicts nobody', async () => {
    const witness = createTestWitness(memory);
    const text = formatCheckpoint({ origin: ORIGIN, size: 0, root: log.rootOf(1) });
    const body = formatAddCheckpoint(0, [], formatNote(text, [await signNote(text, LOG)]));
    expect(await witness.add(body)).toMatchObject({ status: 409, body: '0\n' });
    expect(witness.logged.map(({ event }) => event)).not.toContain('log-forked');
  });

  test('what an auditor says of a log that lies is no cosignature; what it says of itself is no refusal', async () => {
    const refusing = [
      'changes-invalid',
      'consistency-invalid',
      'epoch-invalid',
      'inclusion-invalid',
      'log-forked',
      'map-invalid',
    ];
    const body = await log.ask(0, 5);
    for (const error of [
      ...(Object.keys(CODES) as Code[]).map((code) => new WhereaboutsError(code)),
      new Error('bug'),
    ]) {
      const replace = async () => Promise.reject(error);
      const witness = createTestWitness({ ...memory, replace }, undefined, 'auditor');
      const code = error instanceof WhereaboutsError ? error.code : 'bug';
      const refused = refusing.includes(code);
      const { status } = await witness.add(body);
      expect(
        witness.logged.some(({ event }) => event === 'log-refused'),
        code,
      ).toBe(refused);
      if (refused) expect(status).toBe(422);
      expect(status).not.toBe(200);
    }
  });

  test('witnesses on one database remember apart, and logs do', async () => {
    const other = createWitnessMemory(database.db, 'other.example/witness');
    await createTestWitness(memory).add(await log.ask(0, 25));
    expect((await createTestWitness(other).add(await fork.ask(0, 30))).status).toBe(200);
    expect(await stateOf()).toEqual({ size: 25, root: log.rootOf(25) });
    expect(await other.find('elsewhere.example/whereabouts')).toBeUndefined();
    // Also where they have seen the same.
    await emptyTables(database);
    const state = (size: number) => ({ size, root: log.rootOf(size), note: `note ${size}` });
    const places = [memory, other].flatMap((own) =>
      [ORIGIN, 'elsewhere.example/whereabouts'].map((of) => [own, of] as const),
    );
    for (const [own, origin] of places) expect(await own.replace(origin, undefined, state(5))).toBe(true);
    expect(await memory.replace(ORIGIN, state(5), state(6))).toBe(true);
    await memory.accuse(ORIGIN, 'known', 'fork');
    const sizes = await Promise.all(places.map(async ([own, origin]) => (await own.find(origin))?.size));
    expect(sizes).toEqual([6, 5, 5, 5]);
    expect(await database.query(`select fork from witness_logs where fork is not null`)).toEqual([{ fork: 'fork' }]);
  });

  test('of racing requests, never two are cosigned for one size, and none for a smaller one later', async () => {
    for (let round = 0; round < 5; round++) {
      await emptyTables(database);
      const witness = createTestWitness(memory);
      await witness.add(await log.ask(0, 10));
      // Two stories from size 10 on that are both consistent with it, and several sizes of each.
      const stories = [log, createTestLog(LEAVES.map((leaf, i) => (i < 10 ? leaf : `other ${i}`)))];
      const asked = stories.flatMap((story) => [11, 20, 20, 31].map((size) => ({ story, size })));
      const replies = await Promise.all(
        asked.map(async ({ story, size }) => ({ story, size, ...(await witness.add(await story.ask(10, size))) })),
      );
      const cosigned = replies.filter(({ status }) => status === 200);
      expect(cosigned.length).toBe(1);
      expect(replies.filter(({ status }) => status === 409).length).toBe(asked.length - 1);
      expect(await stateOf()).toEqual({ size: cosigned[0]?.size, root: cosigned[0]?.story.rootOf(cosigned[0].size) });
    }
  });

  test('the first request of a log races as well', async () => {
    const witness = createTestWitness(memory);
    const replies = await Promise.all([log, fork, log, fork].map(async (story) => witness.add(await story.ask(0, 30))));
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409]);
  });

  test('what is signed was kept before: a memory that fails leaves no cosignature', async () => {
    const failing: WitnessMemory = {
      ...memory,
      replace: async () => {
        throw new Error('the disk is full');
      },
    };
    const reply = await createTestWitness(failing).add(await log.ask(0, 5));
    expect(reply.status).toBe(500);
    expect(reply.body).not.toContain(NAME);
    // It failed after it was done: the log is told so when it asks again.
    const lost: WitnessMemory = {
      ...memory,
      replace: async (...states) => {
        await memory.replace(...states);
        throw new Error('the connection was cut');
      },
    };
    expect((await createTestWitness(lost).add(await log.ask(0, 5))).status).toBe(500);
    const witness = createTestWitness(memory);
    expect(await witness.add(await log.ask(0, 5))).toMatchObject({ status: 409, body: '5\n' });
    expect((await witness.add(await log.ask(5, 5))).status).toBe(200);
  });

  test('replace is a compare-and-swap that never goes back', async () => {
    const state = (size: number, root = log.rootOf(size)) => ({ size, root, note: `note ${size}` });
    expect(await memory.replace(ORIGIN, undefined, state(5))).toBe(true);
    expect(await memory.replace(ORIGIN, undefined, state(6))).toBe(false);
    expect(await memory.replace(ORIGIN, state(4), state(6))).toBe(false);
    expect(await memory.replace(ORIGIN, state(5, leafHash(utf8('x'))), state(6))).toBe(false);
    expect(await memory.replace(ORIGIN, state(4, log.rootOf(5)), state(6))).toBe(false);
    expect(await memory.replace(ORIGIN, state(5), state(4))).toBe(false);
    expect(await memory.replace(ORIGIN, state(5), state(6))).toBe(true);
    expect(await memory.find(ORIGIN)).toEqual(state(6));
  });
});
