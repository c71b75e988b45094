// The auditor: foreign and our own histories through a served log, going on after a stop, and everything it must not vouch for.
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { Auditor, type AuditStore } from '../../src/client/auditor.ts';
import { formatSnapshot, parseSnapshot } from '../../src/client/audit-snapshot.ts';
import type { SavedEvidence } from '../../src/client/checkpoints.ts';
import { createLogReader } from '../../src/client/log-reader.ts';
import { CODES, WhereaboutsError, type Code } from '../../src/protocol/errors.ts';
import { advanceAudit, auditEpoch, beginAudit } from '../../src/protocol/log/audit.ts';
import { concat, utf8 } from '../../src/protocol/wire.ts';
import { codeOf, hex } from '../protocol/log/support.ts';
import { ownVector } from '../support/vectors.ts';
import { makeHistory, ORIGIN, serveLog, type FakeLog } from './fake-log.ts';

const API = async () => 'https://directory.example/';

interface Kept extends AuditStore {
  checkpoint?: string | undefined;
  snapshot?: Uint8Array | undefined;
  readonly evidence: SavedEvidence[];
}

function memoryStore(): Kept {
  const kept: Kept = {
    evidence: [],
    findCheckpoint: async () => kept.checkpoint,
    saveCheckpoint: async (note) => void (kept.checkpoint = note),
    findSnapshot: async () => kept.snapshot,
    saveSnapshot: async (octets) => void (kept.snapshot = octets),
    accuse: async (evidence) => void kept.evidence.push(evidence),
  };
  return kept;
}

function openAuditor(
  log: FakeLog,
  store: AuditStore,
  onProgress?: (epochs: number, of: number) => void,
  clock = () => 1_790_000_000_000,
): Auditor {
  const reader = createLogReader({ fetch: log.fetch, clock }, API);
  return new Auditor({ reader, policy: async () => log.policy, store, clock, onProgress });
}

async function refusal(work: () => Promise<unknown>): Promise<{ code: string; epoch: unknown }> {
  try {
    await work();
    return { code: 'accepted', epoch: undefined };
  } catch (error) {
    if (!(error instanceof WhereaboutsError)) throw error;
    return { code: error.code, epoch: error.extensions['epoch'] };
  }
}

test('what an auditor refuses, over the wire, and from which epoch on', async () => {
  const vector = ownVector<{
    origin: string;
    cases: {
      title: string;
      ok: boolean;
      first_bad_epoch: number | null;
      epochs: { log_leaf: string; change_list: string }[];
    }[];
  }>('map-log/audit.json');
  let accepted = 0;
  for (const { title, ok, first_bad_epoch, epochs } of vector.cases) {
    const served = epochs.map(({ log_leaf, change_list }) => ({ leaf: utf8(log_leaf), list: hex(change_list) }));
    const log = await serveLog(vector.origin, served);
    const store = memoryStore();
    const first = await refusal(() => openAuditor(log, store).follow());
    if (ok) {
      accepted += 1;
      expect(first, title).toEqual({ code: 'accepted', epoch: undefined });
      expect(store.checkpoint).toBe(await log.sign());
      expect(store.evidence).toEqual([]);
      continue;
    }
    expect(['changes-invalid', 'epoch-invalid', 'map-invalid'], title).toContain(first.code);
    expect(first.epoch, title).toBe(first_bad_epoch);
    // Nothing that holds a bad epoch is ever vouched for, and what the log signed is kept with it.
    expect(store.checkpoint, title).toBeUndefined();
    expect(store.evidence, title).toMatchObject([
      {
        origin: vector.origin,
        code: first.code,
        notes: [await log.sign()],
        reply: epochs[first_bad_epoch ?? 0]?.log_leaf,
      },
    ]);
    // What was before it can be vouched for, and the next run meets the same epoch again.
    const good = first_bad_epoch ?? 0;
    const again = openAuditor(log, store);
    if (good > 0)
      expect(await refusal(async () => again.vouch(await log.sign(good), undefined)), title).toEqual({
        code: 'accepted',
        epoch: undefined,
      });
    expect(await refusal(() => again.follow()), title).toEqual(first);
  }
  expect(accepted).toBe(1);
  expect(vector.cases.length).toBe(25);
});

describe('a long log', async () => {
  const history = makeHistory(600);

  test('is replayed tile by tile, with progress, and saved', async () => {
    const log = await serveLog(ORIGIN, history);
    const store = memoryStore();
    const seen: string[] = [];
    const auditor = openAuditor(log, store, (epochs, of) => void seen.push(`${epochs}/${of}`));
    expect(await auditor.follow()).toMatchObject({ size: 600, note: await log.sign() });
    expect(seen.length).toBe(600);
    expect(seen.at(-1)).toBe('600/600');
    expect(log.asked.filter((path) => path.startsWith('/log/tile/entries/'))).toEqual([
      '/log/tile/entries/000',
      '/log/tile/entries/001',
      '/log/tile/entries/002.p/88',
    ]);
    expect(store.snapshot).toBeUndefined();
    await auditor.close();
    expect(parseSnapshot(store.snapshot ?? new Uint8Array(0))).toMatchObject({ last: { epoch: 599 } });
    // Nothing is saved twice.
    store.snapshot = undefined;
    await auditor.close();
    expect(store.snapshot).toBeUndefined();
  });

  test('is saved every half minute on the way, and where nothing was replayed not at all', async () => {
    const log = await serveLog(ORIGIN, history);
    const store = memoryStore();
    const [saved, read]: [number[], number[]] = [[], []];
    const counting: AuditStore = {
      ...store,
      saveSnapshot: async (octets) => void saved.push((parseSnapshot(octets).last?.epoch ?? 0) + 1),
      findSnapshot: async () => void read.push(0),
    };
    let now = 0;
    const auditor = openAuditor(
      log,
      counting,
      (epochs) => void (now = 110 * epochs),
      () => now,
    );
    await auditor.close();
    expect(saved).toEqual([]);
    // A tile takes 28 seconds.
    await auditor.follow();
    expect(saved).toEqual([512]);
    expect(read).toHaveLength(1);
    await auditor.close();
    expect(saved).toEqual([512, 600]);
  });

  test('is gone on with after a stop, from what was saved', async () => {
    const epochs = history.slice(0, 300);
    const log = await serveLog(ORIGIN, epochs);
    const store = memoryStore();
    const before = openAuditor(log, store);
    await before.follow();
    await before.close();
    epochs.push(...history.slice(300));
    log.asked.length = 0;
    const after = openAuditor(log, store);
    expect(await after.find()).toMatchObject({ size: 300 });
    expect(await after.follow()).toMatchObject({ size: 600 });
    const changes = log.asked.filter((path) => path.endsWith('/changes'));
    expect(changes.length).toBe(300);
    expect(changes).toContain('/v1/epochs/300/changes');
    expect(changes).not.toContain('/v1/epochs/299/changes');
  });

  test('is replayed again where the snapshot is lost or damaged; the checkpoint still binds', async () => {
    const log = await serveLog(ORIGIN, history.slice(0, 60));
    for (const damage of [() => undefined, (octets: Uint8Array) => octets.slice(0, -1), flip]) {
      const store = memoryStore();
      const before = openAuditor(log, store);
      await before.follow();
      await before.close();
      store.snapshot = damage(store.snapshot ?? new Uint8Array(0));
      log.asked.length = 0;
      expect(await openAuditor(log, store).follow()).toMatchObject({ size: 60 });
      expect(log.asked.filter((path) => path.endsWith('/changes')).length).toBe(60);
      log.shown = 59;
      expect(await refusal(() => openAuditor(log, store).follow())).toMatchObject({ code: 'checkpoint-stale' });
      // It may only have been slow.
      expect(store.evidence).toEqual([]);
      log.shown = undefined;
    }
  });

  test('is vouched for from its first checkpoint on, which may be of nothing', async () => {
    const log = await serveLog(ORIGIN, history.slice(0, 60));
    const auditor = openAuditor(log, memoryStore());
    for (const size of [0, 0, 1, 60]) {
      log.shown = size;
      expect(await auditor.follow()).toMatchObject({ size });
    }
  });

  test('whose checkpoint was lost is not vouched for anew below or beside what was replayed', async () => {
    const log = await serveLog(ORIGIN, history.slice(0, 60));
    const store = memoryStore();
    const before = openAuditor(log, store);
    await before.follow();
    await before.close();
    store.checkpoint = undefined;
    log.shown = 59;
    expect(await refusal(() => openAuditor(log, store).follow())).toMatchObject({ code: 'checkpoint-stale' });
    const fork = await serveLog(ORIGIN, [...history.slice(0, 59), ...history.slice(60, 61)]);
    expect(await refusal(() => openAuditor(fork, store).follow())).toMatchObject({ code: 'inclusion-invalid' });
    expect([store.checkpoint, store.evidence]).toEqual([undefined, []]);
  });

  test('partial tiles that are gone are read from the full ones', async () => {
    const log = await serveLog(ORIGIN, history);
    const gone = new WhereaboutsError('path-unknown');
    for (const path of ['/log/tile/entries/001.p/44', '/log/tile/0/001.p/44']) log.instead.set(path, gone);
    log.shown = 300;
    expect(await openAuditor(log, memoryStore()).follow()).toMatchObject({ size: 300 });
    expect(log.asked).toContain('/log/tile/entries/001');
  });

  test('what an auditor keeps is read back as it was', async () => {
    let state = beginAudit(ORIGIN);
    for (const { leaf, list } of history.slice(0, 130)) {
      state = advanceAudit(state, auditEpoch(state, leaf, list));
      const read = parseSnapshot(formatSnapshot(state));
      expect([...read.buckets].toSorted(([a], [b]) => a - b)).toEqual([...state.buckets].toSorted(([a], [b]) => a - b));
      expect({ ...read, buckets: 0, nodes: 0 }).toEqual({ ...state, buckets: 0, nodes: 0 });
    }
    const octets = formatSnapshot(state);
    expect(await codeOf(() => parseSnapshot(concat(octets, Uint8Array.of(0))))).toBe('request-invalid');
    expect(() => formatSnapshot(beginAudit(ORIGIN))).toThrow(RangeError);
    // Whole, and still not one: of another version, or with something left over.
    const seal = (body: Uint8Array) => concat(body, sha256(body));
    const body = octets.subarray(0, -32);
    expect(await codeOf(() => parseSnapshot(seal(body)))).toBe('accepted');
    for (const other of [body.with(20, 0x32), concat(body, Uint8Array.of(0))])
      expect(await codeOf(() => parseSnapshot(seal(other)))).toBe('request-invalid');
  });
});

function flip(octets: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(octets);
  copy[100] = (copy[100] ?? 0) ^ 1;
  return copy;
}

describe('a log that lies', async () => {
  const history = makeHistory(40);
  const other = [...makeHistory(20), ...makeHistory(41).slice(21)];

  test('a fork: two roots of one size, and growth from another log', async () => {
    const store = memoryStore();
    const honest = await serveLog(ORIGIN, history);
    honest.shown = 30;
    await openAuditor(honest, store).follow();
    const fork = await serveLog(ORIGIN, other);
    fork.shown = 30;
    expect(await refusal(() => openAuditor(fork, store).follow())).toMatchObject({ code: 'log-forked' });
    fork.shown = 40;
    expect(await refusal(() => openAuditor(fork, store).follow())).toMatchObject({ code: 'consistency-invalid' });
    expect(store.evidence.map(({ code, notes }) => ({ code, notes }))).toEqual([
      { code: 'log-forked', notes: [await honest.sign(30), await fork.sign(30)] },
      { code: 'consistency-invalid', notes: [await honest.sign(30), await fork.sign(40)] },
    ]);
    expect(store.checkpoint).toBe(await honest.sign(30));
  });

  test('a log that goes on under another key is not the one vouched for, and contradicts nobody', async () => {
    const store = memoryStore();
    await openAuditor(await serveLog(ORIGIN, history), store).follow();
    const rekeyed = await serveLog(ORIGIN, other, 'another log of a test');
    expect(await refusal(() => openAuditor(rekeyed, store).follow())).toMatchObject({ code: 'checkpoint-invalid' });
    expect(store.evidence).toEqual([]);
  });

  test('a checkpoint of another key or origin', async () => {
    const log = await serveLog(ORIGIN, history);
    const elsewhere = await serveLog('other.example/whereabouts', history);
    log.instead.set('/log/checkpoint', utf8(await elsewhere.sign()));
    expect(await refusal(() => openAuditor(log, memoryStore()).follow())).toMatchObject({ code: 'checkpoint-invalid' });
  });

  test('epochs that are not those of the checkpoint, by whoever handed them out, accuse nobody', async () => {
    const log = await serveLog(ORIGIN, history);
    const fork = await serveLog(ORIGIN, other);
    const path = '/log/tile/entries/000.p/40';
    const { body } = await fork.fetch(`https://directory.example${path}`);
    log.instead.set(path, body);
    const store = memoryStore();
    expect(await refusal(() => openAuditor(log, store).follow())).toMatchObject({ code: 'inclusion-invalid' });
    expect(store.evidence).toEqual([]);
    expect(store.checkpoint).toBeUndefined();
    log.instead.clear();
    expect(await openAuditor(log, store).follow()).toMatchObject({ size: 40 });
  });

  test('what a server says of itself is told as it is only where that says why nothing was read', async () => {
    const log = await serveLog(ORIGIN, history);
    const told = ['overloaded', 'peer-unreachable', 'quota-exceeded', 'url-refused'];
    for (const code of Object.keys(CODES) as Code[]) {
      log.instead.set('/log/checkpoint', new WhereaboutsError(code));
      const expected = told.includes(code) ? code : 'peer-unreachable';
      expect(await refusal(() => openAuditor(log, memoryStore()).follow())).toMatchObject({ code: expected });
    }
    log.instead.set('/log/checkpoint', new TypeError('a bug'));
    await expect(openAuditor(log, memoryStore()).follow()).rejects.toThrow(TypeError);
  });

  test('a tile is asked for as a full one only where the partial one is gone', async () => {
    const entries = (log: FakeLog) => log.asked.filter((path) => path.startsWith('/log/tile/entries/'));
    const part = '/log/tile/entries/000.p/40';
    const short = await serveLog(ORIGIN, history);
    for (const code of ['overloaded', 'internal-error'] as const) {
      short.instead.set(part, new WhereaboutsError(code));
      await refusal(() => openAuditor(short, memoryStore()).follow());
      expect(entries(short)).toEqual([part]);
      short.asked.length = 0;
    }
    const full = '/log/tile/entries/000';
    const long = await serveLog(ORIGIN, makeHistory(256));
    long.instead.set(full, new WhereaboutsError('path-unknown'));
    expect(await refusal(() => openAuditor(long, memoryStore()).follow())).toMatchObject({ code: 'peer-unreachable' });
    expect(entries(long)).toEqual([full]);
  });

  test('a change list that is withheld is no change list, whatever the server calls it', async () => {
    const log = await serveLog(ORIGIN, history);
    const store = memoryStore();
    for (const code of ['path-unknown', 'map-invalid', 'peer-unreachable'] as const) {
      log.instead.set('/v1/epochs/7/changes', new WhereaboutsError(code));
      expect(await refusal(() => openAuditor(log, store).follow())).toEqual({
        code: 'peer-unreachable',
        epoch: undefined,
      });
    }
    expect(store.checkpoint).toBeUndefined();
    expect(store.evidence).toEqual([]);
  });
});

describe('vouching for one checkpoint', async () => {
  const history = makeHistory(600);

  test('one of two at once, and only from where the caller believes it to be', async () => {
    const log = await serveLog(ORIGIN, history.slice(0, 40));
    const auditor = openAuditor(log, memoryStore());
    const [five, six] = [await log.sign(5), await log.sign(6)];
    const both = await Promise.all([auditor.vouch(five, undefined), auditor.vouch(six, undefined)]);
    expect(both).toEqual([true, false]);
    expect(await auditor.vouch(six, undefined)).toBe(false);
    expect(await auditor.vouch(six, await auditor.find())).toBe(true);
    expect(await auditor.find()).toMatchObject({ size: 6, note: six });
    const last = await auditor.find();
    if (last === undefined) throw new Error('nothing vouched for');
    for (const other of [undefined, { ...last, size: 5 }, { ...last, root: new Uint8Array(32) }])
      expect(await auditor.vouch(await log.sign(7), other)).toBe(false);
    expect(await openAuditor(log, memoryStore()).vouch(six, last)).toBe(false);
  });

  test('a store that fails is no contradiction', async () => {
    const log = await serveLog(ORIGIN, history.slice(0, 40));
    const failing = { ...memoryStore(), findCheckpoint: async () => Promise.reject(new TypeError('the disk is gone')) };
    await expect(openAuditor(log, failing).accuse(await log.sign(5))).rejects.toThrow(TypeError);
  });

  test('far behind it says so instead of letting anybody wait', async () => {
    const log = await serveLog(ORIGIN, history);
    const auditor = openAuditor(log, memoryStore());
    expect(await refusal(async () => auditor.vouch(await log.sign(), undefined))).toMatchObject({ code: 'overloaded' });
    await auditor.follow();
    expect(await auditor.find()).toMatchObject({ size: 600 });
  });
});
