// Epochs: every octet of two known directories, made by the sequencer's half and replayed by the auditor's, and random ones
// against a map that is hashed whole.
import { describe, expect, test } from 'vitest';
import { formatEntry, parseIndex } from '../../../src/protocol/bucket.ts';
import { advanceAudit, auditEpoch, beginAudit, resumeAudit, verifyAudited } from '../../../src/protocol/log/audit.ts';
import { parseBucketLeaf } from '../../../src/protocol/log/bucket-leaf.ts';
import { formatChanges, parseChanges, type Change } from '../../../src/protocol/log/changes.ts';
import { sequenceChanges, sequenceDepth, type Bucket, type SequencedEpoch } from '../../../src/protocol/log/epoch.ts';
import { ZEROS, leafHash, sha256 } from '../../../src/protocol/log/hash.ts';
import { EMPTY_HISTORY, formatHistoryEntry, parseHistory, verifyHistory } from '../../../src/protocol/log/history.ts';
import { parseEpochLeaf } from '../../../src/protocol/log/leaf-text.ts';
import { EMPTY_SUBTREES } from '../../../src/protocol/log/map.ts';
import { treeHash } from '../../../src/protocol/log/merkle.ts';
import { formatHex, utf8 } from '../../../src/protocol/wire.ts';
import { ownVector } from '../../support/vectors.ts';
import { Directory } from './directory.ts';
import { codeOf, hex } from './support.ts';

interface EpochVector {
  epoch: number;
  time: number;
  depth: number;
  map_root: string;
  changes: { name: string; holder: string; entry: string | null; new: string }[];
  change_list: string;
  changes_root: string;
  leaf_hashes?: string[];
  buckets: {
    index: number;
    entries: number;
    index_octets: string;
    entries_root: string;
    history_length: number;
    history_head: string;
    history: string[];
    history_from: number;
    leaf_data: string;
    leaf_hash: string;
  }[];
  log_leaf: string;
  log_leaf_hash: string;
}
interface MapVector {
  origin: string;
  config_text: string;
  epochs: EpochVector[];
  log_roots?: string[];
  log_root?: string;
  live_records?: number;
  checkpoints?: { size: number; note: string }[];
}

const bare = (text: string): Uint8Array => (text === '' ? new Uint8Array(0) : hex(text));

/** Plays an epoch of a vector and compares every octet. */
function playEpoch(directory: Directory, vector: EpochVector): SequencedEpoch {
  const changes = vector.changes.map((change): Change => {
    if (change.entry !== null) expect(formatHex(leafHash(hex(change.entry)))).toBe(change.new);
    return { name: hex(change.name), holder: hex(change.holder), new: hex(change.new) };
  });
  expect(formatHex(formatChanges(changes))).toBe(vector.change_list);
  expect(parseChanges(bare(vector.change_list))).toEqual(changes);
  const isNewDepth = directory.depth !== undefined && directory.depth !== vector.depth;
  const epoch = isNewDepth
    ? directory.changeDepth(vector.depth, vector.time)
    : directory.change(changes, vector.time, vector.depth);
  expect(new TextDecoder().decode(epoch.logLeaf)).toBe(vector.log_leaf);
  expect(formatHex(leafHash(epoch.logLeaf))).toBe(vector.log_leaf_hash);
  expect(formatHex(epoch.leaf.mapRoot)).toBe(vector.map_root);
  expect(formatHex(epoch.leaf.changesRoot)).toBe(vector.changes_root);
  expect(parseEpochLeaf(epoch.logLeaf)).toEqual(epoch.leaf);
  for (const b of vector.buckets) {
    const bucket = directory.bucket(b.index);
    const leafData = directory.leafData(b.index);
    expect(formatHex(leafData)).toBe(b.leaf_data);
    expect(formatHex(leafHash(leafData))).toBe(b.leaf_hash);
    const history = directory.history(b.index);
    expect(history.slice(b.history_from).map((entry) => formatHex(formatHistoryEntry(entry)))).toEqual(b.history);
    expect(bucket?.records.map(({ leaf }) => formatHex(leaf))).toEqual(
      parseIndex(bare(b.index_octets)).map((entry) => formatHex(leafHash(formatEntry(entry)))),
    );
    expect(parseBucketLeaf(leafData)).toEqual({
      depth: vector.depth,
      index: b.index,
      count: b.entries,
      entriesRoot: hex(b.entries_root),
      historyLength: b.history_length,
      historyHead: hex(b.history_head),
    });
    const leaf = { length: b.history_length, head: hex(b.history_head) };
    verifyHistory(
      EMPTY_HISTORY,
      parseHistory(bare(history.map((e) => formatHex(formatHistoryEntry(e))).join(''))),
      leaf,
    );
  }
  return epoch;
}

describe.each([
  ['map-depth4-epochs.json', 10],
  ['map-random-epochs.json', 14],
])('%s', (file, count) => {
  const vector = ownVector<MapVector>(`map-log/${file}`);
  const config = sha256(utf8(vector.config_text));

  test('every epoch, as a directory makes it', () => {
    const directory = new Directory(vector.origin, config);
    const logLeaves: Uint8Array[] = [];
    for (const epoch of vector.epochs) {
      logLeaves.push(leafHash(playEpoch(directory, epoch).logLeaf));
      if (epoch.leaf_hashes) expect(directory.leafHashes().map(formatHex)).toEqual(epoch.leaf_hashes);
      if (vector.log_roots) expect(formatHex(treeHash(logLeaves))).toBe(vector.log_roots[epoch.epoch]);
    }
    if (vector.log_root !== undefined) expect(formatHex(treeHash(logLeaves))).toBe(vector.log_root);
    if (vector.live_records !== undefined) expect(directory.records).toBe(vector.live_records);
    expect(vector.epochs.length).toBe(count);
    if (vector.checkpoints) expect(vector.checkpoints.length).toBe(11);
  });

  test('every epoch, as an auditor replays it', () => {
    let state = beginAudit(vector.origin);
    const logLeaves: Uint8Array[] = [];
    for (const epoch of vector.epochs) {
      state = advanceAudit(state, auditEpoch(state, utf8(epoch.log_leaf), bare(epoch.change_list)));
      logLeaves.push(hex(epoch.log_leaf_hash));
      verifyAudited(state, { size: logLeaves.length, root: treeHash(logLeaves) });
      for (const b of epoch.buckets) expect(formatHex(state.buckets.get(b.index)?.leafHash ?? ZEROS)).toBe(b.leaf_hash);
      // Every other epoch the auditor is stopped and goes on from what it stored.
      if (epoch.epoch % 2 === 1) state = resumeAudit(state);
    }
  });
});

test('what an auditor refuses, and from which epoch on', async () => {
  const vector = ownVector<{
    origin: string;
    cases: {
      title: string;
      ok: boolean;
      first_bad_epoch: number | null;
      epochs: { log_leaf: string; change_list: string }[];
    }[];
  }>('map-log/audit.json');
  const codes: Record<string, string> = {};
  for (const c of vector.cases) {
    let state = beginAudit(vector.origin);
    let bad: number | null = null;
    for (const [n, { log_leaf, change_list }] of c.epochs.entries()) {
      const before = { last: state.last, log: state.log, buckets: new Map(state.buckets) };
      const code = await codeOf(() => auditEpoch(state, utf8(log_leaf), bare(change_list)));
      if (code !== 'accepted') {
        [bad, codes[c.title]] = [n, code];
        expect({ last: state.last, log: state.log, buckets: state.buckets }).toEqual(before);
        break;
      }
      state = advanceAudit(state, auditEpoch(state, utf8(log_leaf), bare(change_list)));
    }
    expect(bad, c.title).toBe(c.first_bad_epoch);
  }
  expect(codes).toEqual({
    'a change is missing from the list': 'map-invalid',
    'the list names a change that the map does not hold': 'map-invalid',
    'list not in ascending order': 'changes-invalid',
    'one record twice in the list': 'changes-invalid',
    'number of changes in the log leaf is wrong': 'changes-invalid',
    'changes root is wrong': 'changes-invalid',
    'map root is wrong': 'map-invalid',
    'time does not grow': 'epoch-invalid',
    'epoch number jumps': 'epoch-invalid',
    'another origin': 'epoch-invalid',
    'a change hidden from list and history (record altered in the map only)': 'map-invalid',
    'a record removed without a trace': 'map-invalid',
    'history chain of a bucket wound back to its beginning': 'map-invalid',
    'history length not counted up': 'map-invalid',
    'a used bucket shown as never used': 'map-invalid',
    'split without history entries': 'map-invalid',
    'split: only the children with records get the history entry': 'map-invalid',
    "split: children carry the parent's chain on": 'map-invalid',
    "split: the entry holds the parent's head instead of its leaf hash": 'map-invalid',
    'split: a record stays in the wrong child': 'map-invalid',
    'merge: the two leaf hashes in the wrong order': 'map-invalid',
    'merge: the old chain of that number taken up again': 'map-invalid',
    'split in an epoch that also lists a change': 'epoch-invalid',
    'depth in the log leaf grows without a split': 'map-invalid',
  });
  expect(vector.cases.filter(({ ok }) => ok).length).toBe(1);
  expect(vector.cases.filter(({ ok }) => !ok).length).toBe(24);
});

describe('rules of an epoch', () => {
  const origin = 'directory.example/whereabouts';
  const config = sha256(utf8('config'));
  const change = (name: string, entry?: string): Change => ({
    name: sha256(utf8(name)),
    holder: sha256(utf8('holder')),
    new: entry === undefined ? ZEROS : leafHash(utf8(entry)),
  });

  test('changes out of order, twice, or of nothing are refused', async () => {
    const directory = new Directory(origin, config);
    const [a, b] = [change('a', '1'), change('b', '1')].toSorted((x, y) => Buffer.compare(x.name, y.name));
    if (a === undefined || b === undefined) throw new Error('two changes');
    for (const changes of [[b, a], [a, a], [change('c')]])
      expect(await codeOf(() => directory.change(changes, 1, 4))).toBe('changes-invalid');
    expect(await codeOf(() => directory.change([a, b], 1, 4))).toBe('accepted');
  });

  test('time grows although the clock goes back', () => {
    const directory = new Directory(origin, config);
    const times = [1000, 1000, 3, 2000].map((now) => directory.change([], now, 4).leaf.time);
    expect(times).toEqual([1000, 1001, 1002, 2000]);
  });

  test('the depth changes by one, and an auditor takes no other', async () => {
    const directory = new Directory(origin, config);
    const first = directory.change([change('a', '1')], 1, 4);
    expect(() => directory.changeDepth(6, 2)).toThrow(RangeError);
    expect(() => directory.changeDepth(4, 2)).toThrow(RangeError);
    expect(() => directory.change([], 2, 5)).toThrow(RangeError);
    const state = advanceAudit(beginAudit(origin), auditEpoch(beginAudit(origin), first.logLeaf, directory.changeList));
    const jump = utf8(new TextDecoder().decode(directory.changeDepth(5, 2).logLeaf).replace('depth 5', 'depth 6'));
    expect(await codeOf(() => auditEpoch(state, jump, new Uint8Array(0)))).toBe('epoch-invalid');
  });

  test('a removal of nothing is refused by the auditor too', async () => {
    const removal = change('a');
    const leaf = sequenceChanges({
      origin,
      config,
      now: 1,
      previous: undefined,
      depth: 4,
      changes: [removal],
      // A directory that pretends there was something.
      bucket: (): Bucket => ({ records: [{ ...removal, leaf: ZEROS }], history: EMPTY_HISTORY }),
      nodes: { get: () => undefined },
    });
    const list = formatChanges([removal]);
    expect(await codeOf(() => auditEpoch(beginAudit(origin), leaf.logLeaf, list))).toBe('changes-invalid');
    expect(await codeOf(() => auditEpoch(beginAudit(origin), leaf.logLeaf, list.subarray(1)))).toBe('changes-invalid');
  });

  test('an auditor cosigns only what it replayed', async () => {
    const directory = new Directory(origin, config);
    const epoch = directory.change([], 1, 4);
    const state = advanceAudit(beginAudit(origin), auditEpoch(beginAudit(origin), epoch.logLeaf, new Uint8Array(0)));
    const root = leafHash(epoch.logLeaf);
    expect(await codeOf(() => verifyAudited(state, { size: 1, root }))).toBe('accepted');
    expect(await codeOf(() => verifyAudited(state, { size: 2, root }))).toBe('inclusion-invalid');
    expect(await codeOf(() => verifyAudited(state, { size: 1, root: ZEROS }))).toBe('inclusion-invalid');
  });

  test('an audit that has not begun is gone on with as it was', () => {
    expect(resumeAudit(beginAudit(origin))).toEqual(beginAudit(origin));
  });

  test('merging 2 unused buckets leaves their parent unused; a map of no depth has one bucket', () => {
    const directory = new Directory(origin, config);
    directory.change([change('a', '1')], 1, 1);
    const merged = directory.changeDepth(0, 2);
    expect(merged.buckets.length).toBe(1);
    expect(merged.leaf.mapRoot).toEqual(merged.buckets[0]?.leafHash);
    expect(directory.change([], 3, 0).leaf.mapRoot).toEqual(merged.leaf.mapRoot);
    const nothing = sequenceDepth({
      origin,
      config,
      now: 1,
      previous: { epoch: 0, time: 0, depth: 5, mapRoot: ZEROS },
      depth: 4,
      buckets: new Map(),
    });
    expect(nothing.leaf.mapRoot).toEqual(EMPTY_SUBTREES[4]);
  });

  test('a history that was rewound, cut or reordered is refused', async () => {
    const directory = new Directory(origin, config);
    directory.change([change('a', '1')], 1, 0);
    directory.change([change('a', '2')], 2, 0);
    directory.change([change('a')], 3, 0);
    const history = directory.history(0);
    const leaf = { length: 3, head: directory.bucket(0)?.history.head ?? ZEROS };
    const verify = (entries: typeof history, known = EMPTY_HISTORY) =>
      codeOf(() => verifyHistory(known, entries, leaf));
    expect(await verify(history)).toBe('accepted');
    for (const wrong of [history.slice(1), history.slice(0, 2), history.toReversed(), [], [...history, ...history]])
      expect(await verify(wrong)).toBe('bucket-invalid');
    expect(await verify([], leaf)).toBe('accepted');
    expect(await codeOf(() => parseHistory(new Uint8Array(103)))).toBe('bucket-invalid');
    expect(await codeOf(() => parseHistory(new Uint8Array(104).fill(0xff)))).toBe('bucket-invalid');
  });
});

test('a model of random deposits, removals, splits and merges: two implementations agree on every root', () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const directory = new Directory('directory.example/whereabouts', sha256(utf8('config')));
  let state = beginAudit('directory.example/whereabouts');
  const live = new Map<string, Change>();
  let depth = 3;
  for (let n = 0; n < 150; n++) {
    const changes = new Map<string, Change>();
    for (let i = random(6); i > 0; i--) {
      const key = `${random(60)}`;
      const made: Change = { name: sha256(utf8(key)), holder: sha256(utf8('h')), new: leafHash(utf8(`${n} ${i}`)) };
      changes.set(key, live.has(key) && random(3) === 0 ? { ...made, new: ZEROS } : made);
    }
    const deeper = random(10) === 0 ? 1 : random(10) === 0 ? -1 : 0;
    let epoch: SequencedEpoch;
    if (n > 0 && deeper !== 0 && depth + deeper >= 0 && depth + deeper <= 6) {
      depth += deeper;
      epoch = directory.changeDepth(depth, n);
    } else {
      for (const [key, made] of changes)
        if (made.new === ZEROS) live.delete(key);
        else live.set(key, made);
      epoch = directory.change(
        [...changes.values()].toSorted((a, b) => Buffer.compare(a.name, b.name)),
        n,
        depth,
      );
    }
    state = advanceAudit(state, auditEpoch(state, epoch.logLeaf, directory.changeList));
    // The whole map at once, from nothing but the buckets.
    expect(epoch.leaf.mapRoot).toEqual(treeHash(directory.leafHashes()));
    expect(directory.records).toBe(live.size);
  }
});
