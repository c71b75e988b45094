// The whole-state checker of a directory's log: replays every change list from epoch 0 as an auditor does, and compares what
// comes out with everything that is stored, read and accepted.
import { expect } from 'vitest';
import { bucketNumber, formatEntry } from '../../src/protocol/bucket.ts';
import { isChainEntry } from '../../src/protocol/chain/names.ts';
import { advanceAudit, auditEpoch, beginAudit, type AuditState } from '../../src/protocol/log/audit.ts';
import { parseBucketLeaf } from '../../src/protocol/log/bucket-leaf.ts';
import { parseCheckpoint } from '../../src/protocol/log/checkpoint.ts';
import { leafHash } from '../../src/protocol/log/hash.ts';
import { EMPTY_HISTORY, verifyHistory } from '../../src/protocol/log/history.ts';
import { parseEpochLeaf } from '../../src/protocol/log/leaf-text.ts';
import { memoryTree, treeRoot } from '../../src/protocol/log/merkle.ts';
import { parseNote } from '../../src/protocol/log/note.ts';
import { concat, formatHex } from '../../src/protocol/wire.ts';
import { chains } from '../../src/server/store/chain-schema.ts';
import type { Db } from '../../src/server/store/database.ts';
import * as log from '../../src/server/store/log-schema.ts';
import * as schema from '../../src/server/store/schema.ts';

const hex = (...parts: Uint8Array[]): string => formatHex(concat(...parts));
const sorted = (keys: Iterable<string>): string[] => [...keys].toSorted();

/** Reads the tables of the log, of one moment. */
function readTables(db: Db) {
  return db.transaction(
    async (tx) => ({
      heads: await tx.select().from(log.logHead),
      epochs: await tx.select().from(log.epochs).orderBy(log.epochs.epoch),
      checkpoints: await tx.select().from(log.checkpoints),
      logNodes: await tx.select().from(log.logNodes),
      eras: await tx.select().from(log.eras),
      entries: await tx.select().from(log.entries),
      leaves: await tx.select().from(log.bucketLeaves),
      nodes: await tx.select().from(log.mapNodes),
      history: await tx.select().from(log.history).orderBy(log.history.n),
      configs: await tx.select().from(log.configTexts),
      waiting: await tx.select().from(log.waiting).orderBy(log.waiting.id),
      records: await tx.select().from(schema.records),
      chains: await tx.select({ name: chains.name, holder: chains.id, digest: chains.digest }).from(chains),
      sealed: await tx.select({ digest: schema.sealed.digest }).from(schema.sealed),
      states: await tx.select().from(schema.directoryState),
    }),
    { isolationLevel: 'repeatable read' },
  );
}

type Tables = Awaited<ReturnType<typeof readTables>>;

/** Throws unless log, map, queue and records tell one story; gives the auditor's state after the newest signed epoch. */
export async function checkLog(db: Db): Promise<AuditState> {
  const tables = await readTables(db);
  const { heads, epochs } = tables;
  expect(heads.length, 'one log').toBeLessThanOrEqual(1);
  const { size = 0, published = 0 } = heads[0] ?? {};
  expect([0, 1], 'epochs that are signed and not published').toContain(size - published);
  expect(
    epochs.map(({ epoch }) => epoch),
    'every epoch',
  ).toEqual(Array.from({ length: size }, (_, i) => i));
  const state = replay(tables);
  checkTree(tables, size);
  if (size > 0) {
    checkMap(tables, state, size - 1);
    checkHistories(tables, state);
  }
  checkAccepted(tables, size - 1);
  checkOctets(tables);
  return state;
}

function replay({ epochs, eras, configs }: Tables): AuditState {
  let state = beginAudit(epochs[0] === undefined ? '' : parseEpochLeaf(epochs[0].leaf).origin);
  let era = 0;
  for (const { epoch, leaf, changes, era: stored, records } of epochs) {
    const before = state.last;
    state = advanceAudit(state, auditEpoch(state, leaf, changes));
    if (before === undefined || before.depth !== state.last?.depth) era = epoch;
    expect(stored, 'era').toBe(era);
    expect(eras.find((one) => one.era === era)?.depth, 'depth of the era').toBe(state.last?.depth);
    const count = [...state.buckets.values()].reduce((sum, bucket) => sum + bucket.records.length / 96, 0);
    expect(records, 'number of records').toBe(count);
    const known = configs.map(({ hash }) => hex(hash));
    expect(known, 'config texts').toContain(hex(state.last?.config ?? new Uint8Array()));
  }
  return state;
}

function checkTree({ epochs, checkpoints, logNodes }: Tables, size: number): void {
  const tree = memoryTree(epochs.map(({ leaf }) => leafHash(leaf)));
  for (const { level, index, hash } of logNodes) expect(hex(hash), 'node of the log').toBe(hex(tree(level, index)));
  let complete = 0;
  for (let width = 1; width <= size; width *= 2) complete += Math.floor(size / width);
  expect(logNodes.length, 'nodes of the log').toBe(complete);
  for (const { epoch, root } of epochs) expect(hex(root), 'root').toBe(hex(treeRoot(epoch + 1, tree)));
  for (const checkpoint of checkpoints)
    for (const note of [checkpoint.signed, checkpoint.published]) {
      if (note === null) continue;
      const signed = parseCheckpoint(parseNote(note).text);
      expect([signed.size, hex(signed.root)]).toEqual([checkpoint.size, hex(treeRoot(checkpoint.size, tree))]);
    }
}

/** The newest version of everything is the auditor's. */
function checkMap({ epochs, entries, leaves, nodes, states }: Tables, state: AuditState, last: number): void {
  const era = epochs[last]?.era ?? 0;
  const depth = state.last?.depth ?? 0;
  expect(states[0]?.depth, 'depth that deposits count by').toBe(depth);
  const open = entries.filter(({ to }) => to === null);
  for (const entry of entries) expect(hex(entry.leaf), 'leaf of an entry').toBe(hex(leafHash(formatEntry(entry))));
  const audited = [...state.buckets.values()].flatMap(({ records }) =>
    Array.from({ length: records.length / 96 }, (_, i) => hex(records.subarray(96 * i, 96 * i + 96))),
  );
  expect(sorted(open.map(({ name, holder, leaf }) => hex(name, holder, leaf))), 'entries').toEqual(sorted(audited));
  for (const [, some] of Map.groupBy(open, ({ name }) => bucketNumber(name, depth)))
    expect(some.length, 'entries in a bucket').toBeLessThanOrEqual(256);

  const newest = <T extends { epoch: number; era: number }>(rows: readonly T[], key: (row: T) => string) => {
    const found = new Map<string, T>();
    for (const row of rows) {
      if (row.era !== era) continue;
      const other = found.get(key(row));
      if (other === undefined || other.epoch < row.epoch) found.set(key(row), row);
    }
    return found;
  };
  const leafRows = newest(leaves, ({ bucket }) => String(bucket));
  expect(sorted(leafRows.keys()), 'used buckets').toEqual(sorted([...state.buckets.keys()].map(String)));
  for (const [bucket, { data }] of leafRows)
    expect(hex(leafHash(data)), 'bucket leaf').toBe(
      hex(state.buckets.get(Number(bucket))?.leafHash ?? new Uint8Array()),
    );
  const nodeRows = newest(nodes, ({ level, index }) => `${level}/${index}`);
  const wanted = state.nodes.flatMap((level, i) =>
    [...level].map(([index, hash]) => [`${i}/${index}`, hex(hash)] as const),
  );
  expect(new Map([...nodeRows].map(([key, { hash }]) => [key, hex(hash)])), 'nodes of the map').toEqual(
    new Map(wanted),
  );
}

/** Every chain of the present depth leads to its head. */
function checkHistories({ epochs, history, leaves }: Tables, state: AuditState): void {
  const era = epochs.at(-1)?.era ?? 0;
  const chains = Map.groupBy(
    history.filter((row) => row.era === era),
    ({ bucket }) => bucket,
  );
  expect(sorted([...chains.keys()].map(String)), 'histories').toEqual(sorted([...state.buckets.keys()].map(String)));
  for (const [bucket, rows] of chains) {
    const chain = rows.map(({ epoch, name, holder, value }) => ({ epoch, name, holder, new: value }));
    expect(rows.map(({ n }) => n)).toEqual(rows.map((_, i) => i));
    verifyHistory(EMPTY_HISTORY, chain, state.buckets.get(bucket)?.history ?? EMPTY_HISTORY);
  }
  for (const { data } of leaves) expect(parseBucketLeaf(data)).toBeDefined();
}

/** What is in the newest epoch and what waits make up what is in force. */
function checkAccepted({ entries, waiting, records, chains: filed }: Tables, last: number): void {
  const force = new Map(
    entries.filter(({ to }) => to === null).map((one) => [hex(one.name, one.holder), hex(one.digest)]),
  );
  for (const { epoch, name, gone, holder, digest } of waiting) {
    if (epoch !== null) {
      expect(epoch, 'epoch of a change').toBeLessThanOrEqual(last);
      continue;
    }
    for (let at = 0; at < gone.length; at += 32) force.delete(hex(name, gone.subarray(at, at + 32)));
    if (holder !== null && digest !== null) force.set(hex(name, holder), hex(digest));
  }
  const accepted = new Map([...records, ...filed].map(({ name, holder, digest }) => [hex(name, holder), hex(digest)]));
  expect(force, 'records in force').toEqual(accepted);
}

/** Octets of everything that is in force, waits, or can still be read; and no others. */
function checkOctets({ sealed, records, entries, waiting }: Tables): void {
  // Octets of chains are their links: check-chains.ts.
  const isRecord = ({ name, holder }: { name: Uint8Array; holder: Uint8Array | null }) =>
    holder !== null && !isChainEntry({ name, holder });
  const waits = waiting.filter(isRecord).flatMap(({ epoch, digest }) => (epoch === null ? (digest ?? []) : []));
  const listed = entries.filter(isRecord).map(({ digest }) => digest);
  const needed = [...records.map(({ digest }) => digest), ...listed, ...waits];
  expect(sorted(sealed.map(({ digest }) => hex(digest))), 'sealed octets').toEqual(
    sorted(new Set(needed.map((digest) => hex(digest)))),
  );
}
