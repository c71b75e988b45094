// An auditor asked like a witness: it cosigns only what it replayed, says where it is, and refuses what does not follow.
import { describe, expect, test } from 'vitest';
import { Auditor, type AuditStore } from '../../../src/client/auditor.ts';
import type { SavedEvidence } from '../../../src/client/checkpoints.ts';
import { createLogReader } from '../../../src/client/log-reader.ts';
import { WhereaboutsError } from '../../../src/protocol/errors.ts';
import { leafHash } from '../../../src/protocol/log/hash.ts';
import { makeConsistency, memoryTree } from '../../../src/protocol/log/merkle.ts';
import { openNote } from '../../../src/protocol/log/note.ts';
import { formatAddCheckpoint } from '../../../src/protocol/log/witness.ts';
import { formatBase64 } from '../../../src/protocol/wire.ts';
import { createAuditorMemory } from '../../../src/server/witness-parts.ts';
import { followLogs } from '../../../src/server/witness/follow.ts';
import { makeHistory, ORIGIN, serveLog, type FakeEpoch } from '../../client/fake-log.ts';
import { createTestWitness, NOW, WITNESS } from './world.ts';

const history = makeHistory(300);

async function createWorld(epochs: readonly FakeEpoch[]) {
  const log = await serveLog(ORIGIN, epochs);
  const evidence: SavedEvidence[] = [];
  let [checkpoint, snapshot]: [string | undefined, Uint8Array | undefined] = [undefined, undefined];
  const store: AuditStore = {
    findCheckpoint: async () => checkpoint,
    saveCheckpoint: async (note) => void (checkpoint = note),
    findSnapshot: async () => snapshot,
    saveSnapshot: async (octets) => void (snapshot = octets),
    accuse: async (found) => void evidence.push(found),
  };
  const clock = () => NOW * 1000;
  const reader = createLogReader({ fetch: log.fetch, clock }, async () => 'https://directory.example');
  const open = () => {
    const auditor = new Auditor({ reader, policy: async () => log.policy, store, clock });
    const auditors = new Map([[ORIGIN, auditor]]);
    const server = createTestWitness(createAuditorMemory(auditors), [log.policy.log], 'auditor');
    return { auditor, auditors, server };
  };
  const ask = async (old: number, size: number): Promise<string> => {
    const tree = memoryTree(epochs.slice(0, size).map(({ leaf }) => leafHash(leaf)));
    const proof = old === 0 || old >= size ? [] : makeConsistency(old, size, tree).map(formatBase64);
    return formatAddCheckpoint(old, proof, await log.sign(size));
  };
  return { log, evidence, open, ask };
}

test('cosigns every epoch it is asked for, and goes on after a restart', async () => {
  const { log, open, ask } = await createWorld(history.slice(0, 30));
  const { server, auditor } = open();
  for (const [old, size] of [
    [0, 1],
    [1, 2],
    [2, 2],
    [2, 20],
  ] as const) {
    const reply = await server.add(await ask(old, size));
    expect(reply.status).toBe(200);
    expect((await openNote((await log.sign(size)) + reply.body, [WITNESS.key])).verified[0]?.time).toBe(NOW);
  }
  // Killed: what was replayed may be lost, what was vouched for is not.
  await auditor.find();
  const again = open();
  expect(await again.server.add(await ask(0, 5))).toMatchObject({ status: 409, body: '20\n' });
  expect((await again.server.add(await ask(20, 30))).status).toBe(200);
  expect(await again.server.add(await ask(20, 25))).toMatchObject({ status: 409, body: '30\n' });
});

test('far behind it asks for patience, and catches up by itself', async () => {
  const { open, ask } = await createWorld(history);
  const { server, auditors } = open();
  expect((await server.add(await ask(0, 300))).status).toBe(503);
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  await followLogs(auditors, quiet, new AbortController().signal);
  expect(await server.add(await ask(0, 300))).toMatchObject({ status: 409, body: '300\n' });
  expect((await server.add(await ask(300, 300))).status).toBe(200);
});

test('what kept it from catching up is told, unless it was told to stop', async () => {
  const { log, open } = await createWorld(history.slice(0, 5));
  const follow = async (signal = new AbortController().signal) => {
    const events: object[] = [];
    const note = (event: string, fields: object = {}) => void events.push({ event, ...fields });
    await followLogs(open().auditors, { debug: note, info: note, warn: note, error: note }, signal);
    return events;
  };
  log.instead.set('/log/checkpoint', new WhereaboutsError('overloaded'));
  expect(await follow()).toEqual([{ event: 'audit-failed', origin: ORIGIN, code: 'overloaded' }]);
  expect(await follow(AbortSignal.abort())).toEqual([]);
  log.instead.set('/log/checkpoint', new TypeError('a bug'));
  expect(await follow()).toMatchObject([{ event: 'audit-failed', origin: ORIGIN }]);
});

describe('a directory that lies', () => {
  test('an epoch that does not follow is never cosigned, however often and in whatever company', async () => {
    const changes = history[8];
    const other = history[9];
    if (changes === undefined || other === undefined) throw new Error('no such epochs');
    const { evidence, open, ask } = await createWorld(
      history.slice(0, 30).map((epoch, i) => (i === 8 ? { leaf: epoch.leaf, list: other.list } : epoch)),
    );
    const { server, auditors } = open();
    expect((await server.add(await ask(0, 8))).status).toBe(200);
    expect((await server.add(await ask(8, 9))).status).toBe(422);
    expect((await server.add(await ask(8, 30))).status).toBe(422);
    expect(server.logged.filter(({ event }) => event === 'log-refused')).toMatchObject([
      { fields: { origin: ORIGIN, code: 'changes-invalid', epoch: 8 } },
      { fields: { origin: ORIGIN, code: 'changes-invalid', epoch: 8 } },
    ]);
    expect(evidence.length).toBe(2);
    const events: object[] = [];
    const note = (event: string, fields: object = {}) => void events.push({ event, ...fields });
    await followLogs(auditors, { debug: note, info: note, warn: note, error: note }, new AbortController().signal);
    expect(events).toEqual([{ event: 'audit-failed', origin: ORIGIN, code: 'changes-invalid', epoch: 8 }]);
    expect((await server.add(await ask(8, 8))).status).toBe(200);
  });

  test('a fork of what was vouched for is refused and kept', async () => {
    const { open, ask, log, evidence } = await createWorld(history.slice(0, 20));
    const { server } = open();
    expect((await server.add(await ask(0, 20))).status).toBe(200);
    const fork = await serveLog(ORIGIN, [...history.slice(0, 19), ...history.slice(20, 21)]);
    expect(await server.add(formatAddCheckpoint(20, [], await fork.sign(20)))).toMatchObject({
      status: 409,
      body: '20\n',
    });
    expect(evidence).toMatchObject([{ code: 'log-forked', notes: [await log.sign(20), await fork.sign(20)] }]);
  });

  test('changes that are withheld are no refusal: nothing is cosigned, and the directory may try again', async () => {
    const { log, open, ask, evidence } = await createWorld(history.slice(0, 20));
    const { server } = open();
    log.instead.set('/v1/epochs/3/changes', new WhereaboutsError('path-unknown'));
    expect((await server.add(await ask(0, 20))).status).toBe(502);
    log.instead.clear();
    expect((await server.add(await ask(0, 20))).status).toBe(200);
    expect(evidence).toEqual([]);
  });
});
