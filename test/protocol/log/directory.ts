// A directory's trees in memory, as the sequencer keeps them in its database: buckets, map nodes, histories.
import { formatChanges, type Change } from '../../../src/protocol/log/changes.ts';
import { sequenceChanges, sequenceDepth, type Bucket, type SequencedEpoch } from '../../../src/protocol/log/epoch.ts';
import { leafHash } from '../../../src/protocol/log/hash.ts';
import type { HistoryEntry } from '../../../src/protocol/log/history.ts';
import { mapPath } from '../../../src/protocol/log/map.ts';

export class Directory {
  readonly origin: string;
  /** Of the next epoch. */
  config: Uint8Array;
  readonly #buckets = new Map<number, Bucket>();
  readonly #leafData = new Map<number, Uint8Array>();
  readonly #histories = new Map<number, HistoryEntry[]>();
  readonly #nodes = new Map<string, Uint8Array>();
  #last: SequencedEpoch | undefined;
  /** Of the last epoch. */
  changeList: Uint8Array = new Uint8Array(0);
  /** Of the log, one an epoch. */
  readonly logLeaves: Uint8Array[] = [];

  constructor(origin: string, config: Uint8Array) {
    this.origin = origin;
    this.config = config;
  }

  get depth(): number | undefined {
    return this.#last?.leaf.depth;
  }
  get records(): number {
    return [...this.#buckets.values()].reduce((sum, { records }) => sum + records.length, 0);
  }
  bucket(index: number): Bucket | undefined {
    return this.#buckets.get(index);
  }
  leafData(index: number): Uint8Array {
    return this.#leafData.get(index) ?? new Uint8Array(0);
  }
  history(index: number): HistoryEntry[] {
    return this.#histories.get(index) ?? [];
  }
  leafHashes(): Uint8Array[] {
    return Array.from({ length: 2 ** (this.depth ?? 0) }, (_, index) => leafHash(this.leafData(index)));
  }
  path(index: number): Uint8Array[] {
    return mapPath(this.depth ?? 0, index, this.#stored);
  }

  change(changes: readonly Change[], now: number, depth: number): SequencedEpoch {
    const bucket = (index: number) => this.#buckets.get(index);
    const input = { ...this.#circumstances(now), depth, changes, bucket, nodes: this.#stored };
    this.#commit(sequenceChanges(input));
    this.changeList = formatChanges(changes);
    return this.#committed;
  }

  changeDepth(depth: number, now: number): SequencedEpoch {
    const previous = this.#committed.leaf;
    const epoch = sequenceDepth({ ...this.#circumstances(now), previous, depth, buckets: this.#buckets });
    for (const state of [this.#buckets, this.#leafData, this.#histories, this.#nodes]) state.clear();
    this.#commit(epoch);
    this.changeList = new Uint8Array(0);
    return epoch;
  }

  readonly #stored = { get: (level: number, index: number) => this.#nodes.get(`${level}/${index}`) };

  get #committed(): SequencedEpoch {
    if (this.#last === undefined) throw new Error('no epoch yet');
    return this.#last;
  }
  #circumstances(now: number) {
    return { origin: this.origin, config: this.config, now, previous: this.#last?.leaf };
  }
  #commit(epoch: SequencedEpoch): void {
    this.#last = epoch;
    this.logLeaves.push(epoch.logLeaf);
    for (const { index, records, history, leafData, entries } of epoch.buckets) {
      this.#buckets.set(index, { records, history });
      this.#leafData.set(index, leafData);
      this.#histories.set(index, [...this.history(index), ...entries]);
    }
    for (const { level, index, hash } of epoch.nodes) this.#nodes.set(`${level}/${index}`, hash);
  }
}
