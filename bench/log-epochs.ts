// Epochs of 1,000 and 10,000 changes with 64 entries in every touched bucket: making one from what is stored, and the look the
// directory takes at it before it signs. CPU of this process; what the database does comes on top (log-receipts.ts).
import { randomBytes } from 'node:crypto';
import { bucketNumber } from '../src/protocol/bucket.ts';
import { parseBucketLeaf } from '../src/protocol/log/bucket-leaf.ts';
import { compareRecords, formatChanges, type Change } from '../src/protocol/log/changes.ts';
import { bucketLeafData } from '../src/protocol/log/epoch.ts';
import { leafHash, sha256 } from '../src/protocol/log/hash.ts';
import { parseEpochLeaf, formatEpochLeaf } from '../src/protocol/log/leaf-text.ts';
import { updateMap } from '../src/protocol/log/map.ts';
import { concat, utf8 } from '../src/protocol/wire.ts';
import type { Before, StoredBucket } from '../src/server/directory/sequencer/before.ts';
import { draftChanges } from '../src/server/directory/sequencer/draft.ts';
import { verifyDraft } from '../src/server/directory/sequencer/self-check.ts';
import { compare, print, type Line } from './measure.ts';
import { naiveLeaf, naiveNode, naiveRoot } from './naive-merkle.ts';

const [ENTRIES, ORIGIN, NOW] = [64, 'directory.example/whereabouts', 1_790_000_000_000];
const config = sha256(utf8('config'));
const random = (octets: number): Uint8Array => new Uint8Array(randomBytes(octets));

export async function benchEpochs(): Promise<Record<string, Line[]>> {
  const results: Record<string, Line[]> = {};
  for (const depth of [12, 20])
    for (const count of [1_000, 10_000]) {
      const { before, changes } = makeBefore(depth, count);
      const circumstances = { origin: ORIGIN, config, now: NOW + 1_000 };
      const draft = draftChanges(before, circumstances, changes);
      const lines = await compare(
        [
          { name: 'made', units: 1, run: () => void draftChanges(before, circumstances, changes) },
          { name: 'looked at before it is signed', units: 1, run: () => verifyDraft(ORIGIN, before, draft) },
          { name: 'the same trees by the RFC’s text', units: 1, run: () => naiveEpoch(before, changes) },
        ],
        { rounds: count > 1_000 ? 3 : 7 },
      );
      const [made = 0, looked = 0] = lines.map(({ perSecond }) => 1_000 / perSecond);
      const title =
        `an epoch of ${count} changes at depth ${depth}, ${before.buckets.size} buckets of ${ENTRIES}: ` +
        `${made.toFixed(0)} ms to make, ${looked.toFixed(0)} ms to look at`;
      print(title, lines);
      results[title] = lines;
    }
  return results;
}

/** A directory whose touched buckets hold 64 records each, and changes of records: half of them new, the others replaced. */
export function makeBefore(depth: number, count: number): { before: Before; changes: Change[] } {
  const changes = Array.from({ length: count }, (): Change => ({
    name: random(32),
    holder: random(32),
    new: random(32),
  }));
  const buckets = new Map<number, StoredBucket>();
  for (const change of changes) {
    const index = bucketNumber(change.name, depth);
    if (buckets.has(index)) continue;
    const records = [];
    for (let i = 0; i < ENTRIES; i++) {
      const name = random(32);
      name.set(change.name.subarray(0, 3));
      records.push({ name, holder: random(32), leaf: random(32) });
    }
    if (buckets.size % 2 === 0) records[0] = { ...change, leaf: random(32) };
    records.sort(compareRecords);
    const leafData = bucketLeafData(depth, index, { records, history: { length: 70, head: random(32) } });
    const leaf = parseBucketLeaf(leafData);
    if (leaf === undefined) throw new Error('a bucket without leaf data');
    buckets.set(index, {
      leaf,
      leafHash: leafHash(leafData),
      history: { length: leaf.historyLength, head: leaf.historyHead },
      records: concat(...records.map((record) => concat(record.name, record.holder, record.leaf))),
    });
  }
  const leaves = new Map([...buckets].map(([index, bucket]) => [index, bucket.leafHash]));
  const { root: mapRoot, written } = updateMap(depth, leaves, { get: () => undefined });
  const nodes = Array.from({ length: depth + 1 }, () => new Map<number, Uint8Array>());
  for (const { level, index, hash } of written) nodes[level]?.set(index, hash);
  const logLeaf = formatEpochLeaf({
    origin: ORIGIN,
    epoch: 0,
    time: NOW,
    depth,
    mapRoot,
    changes: 0,
    changesRoot: random(32),
    config,
  });
  const root = leafHash(logLeaf);
  const last = { ...parseEpochLeaf(logLeaf), era: 0, records: buckets.size * ENTRIES, root };
  const edge = [{ level: 0, index: 0, hash: root }];
  const before = { size: 1, last, depth, edge, touched: [...buckets.keys()], buckets, nodes };
  return { before, changes: changes.toSorted(compareRecords) };
}

/** Roots of touched buckets, map and change list, by an implementation that stores no nodes: the whole map every time. */
function naiveEpoch({ depth, buckets }: Before, changes: readonly Change[]): void {
  const touched = Map.groupBy(changes, ({ name }) => bucketNumber(name, depth));
  const leaves = new Map<number, Uint8Array>();
  for (const [index, own] of touched) {
    const { records } = buckets.get(index) ?? { records: new Uint8Array(0) };
    const hashes = Array.from({ length: records.length / 96 }, (_, i) => records.subarray(i * 96 + 64, i * 96 + 96));
    leaves.set(index, naiveLeaf(naiveRoot([...hashes, ...own.map((change) => change.new)])));
  }
  // Unused parts are hashed once a level: all 2^d leaves would take minutes.
  let [row, empty] = [leaves, naiveLeaf(new Uint8Array(0))];
  for (let level = 0; level < depth; level++) {
    const above = new Map<number, Uint8Array>();
    for (const index of row.keys()) {
      const left = index - (index % 2);
      above.set(left / 2, naiveNode(row.get(left) ?? empty, row.get(left + 1) ?? empty));
    }
    [row, empty] = [above, naiveNode(empty, empty)];
  }
  naiveRoot(changes.map((change) => naiveLeaf(formatChanges([change]))));
}
