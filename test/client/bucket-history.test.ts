// A bucket's history followed back through every depth (§6.1, §6.2): honest ones are told whole, and each lie about one is
// refused, though everything around it is as signed.
import { describe, expect, test } from 'vitest';
import {
  readGrowth,
  readWholeHistory,
  type ChainPlace,
  type HistoryReader,
  type KnownChain,
} from '../../src/client/bucket-history.ts';
import { parseBucketLeaf, UNUSED_LEAF } from '../../src/protocol/log/bucket-leaf.ts';
import { compareRecords, isRemoval, type Change } from '../../src/protocol/log/changes.ts';
import { leafHash, nodeHash, sha256, ZEROS } from '../../src/protocol/log/hash.ts';
import {
  depthEntry,
  EMPTY_HISTORY,
  extendHistory,
  formatHistoryEntry,
  type HistoryChain,
  type HistoryEntry,
} from '../../src/protocol/log/history.ts';
import { computeRoot } from '../../src/protocol/log/merkle-verify.ts';
import { concat, utf8 } from '../../src/protocol/wire.ts';
import { Directory } from '../protocol/log/directory.ts';
import { codeOf } from '../protocol/log/support.ts';

const hash = (text: string): Uint8Array => sha256(utf8(text));
/** A name by its first octet: at depth 4, 0x00 to 0x0f are in bucket 0; at depth 5, 0x08 and above in bucket 1. */
const name = (first: number): Uint8Array => concat(Uint8Array.of(first), hash('name').subarray(1));
const set = (first: number, record: string, holder = 'h'): Change => ({
  name: name(first),
  holder: hash(holder),
  new: leafHash(utf8(record)),
});
const remove = (first: number, holder = 'h'): Change => ({ ...set(first, '', holder), new: ZEROS });

interface Era {
  readonly from: number;
  readonly depth: number;
  readonly chains: Map<number, HistoryEntry[]>;
}

/** Histories as a directory serves them; `instead`: of a bucket at a depth, whatever the time. */
class Served {
  readonly trees = new Directory('directory.example/whereabouts', ZEROS);
  readonly eras: Era[] = [];
  readonly asked: (ChainPlace & { from: number })[] = [];
  readonly instead = new Map<string, readonly HistoryEntry[]>();
  /** Entries in one reply. */
  page = Infinity;

  epoch(...changes: Change[]): this {
    return this.#keep(this.trees.change(changes.toSorted(compareRecords), 1, this.eras.at(-1)?.depth ?? 4));
  }
  depth(depth: number): this {
    return this.#keep(this.trees.changeDepth(depth, 1));
  }
  #keep({ leaf: { epoch, depth }, buckets }: ReturnType<Directory['change']>): this {
    if (this.eras.at(-1)?.depth !== depth) this.eras.push({ from: epoch, depth, chains: new Map() });
    for (const { index } of buckets) this.eras.at(-1)?.chains.set(index, this.trees.history(index));
    return this;
  }

  history({ depth, bucket, era }: ChainPlace): readonly HistoryEntry[] {
    const found = this.eras.findLast((one) => one.depth === depth && (era === undefined || one.from === era));
    return this.instead.get(`${depth}/${bucket}`) ?? found?.chains.get(bucket) ?? [];
  }
  readonly reader: HistoryReader = {
    readHistory: async (place, from) => {
      this.asked.push({ ...place, from });
      return concat(...this.history(place).slice(from).slice(0, this.page).map(formatHistoryEntry));
    },
    readDepth: async (epoch) => this.eras.findLast(({ from }) => from <= epoch)?.depth ?? -1,
  };

  leaf(bucket: number): HistoryChain & { entriesRoot: Uint8Array } {
    const leaf = parseBucketLeaf(this.trees.leafData(bucket));
    if (leaf === undefined) throw new Error('a bucket never used');
    return { length: leaf.historyLength, head: leaf.historyHead, entriesRoot: leaf.entriesRoot };
  }
  /** The chain of a bucket as it is now. */
  known(bucket: number): KnownChain {
    const { depth = 4 } = this.trees;
    const { length, head } = this.leaf(bucket);
    return { depth, bucket, length, head, since: this.history({ depth, bucket }).at(-1)?.epoch ?? 0 };
  }
  whole(bucket: number, known: readonly KnownChain[] = [], leaf = this.leaf(bucket)) {
    return readWholeHistory(this.reader, known, { depth: this.trees.depth ?? 4, bucket }, leaf);
  }
}

const chainOf = (entries: readonly HistoryEntry[]): HistoryChain => entries.reduce(extendHistory, EMPTY_HISTORY);
/** What a leaf that fits `entries` would say of them and of these records. */
const leafOf = (entries: readonly HistoryEntry[], records: readonly Change[] = []) => ({
  ...chainOf(entries),
  entriesRoot: computeRoot(records.map((record) => record.new)),
});
const told = ({ changes }: { changes: readonly HistoryEntry[] }) =>
  changes.map((change) => `${change.epoch} ${change.name[0]} ${isRemoval(change) ? '-' : '+'}`);

/** Records of both halves of bucket 0, one of them for a single epoch, and a bucket beside that comes into use late. */
const play = (): Served => new Served().epoch(set(0x01, 'a')).epoch(set(0x0f, 'b'), set(0x02, 'c')).epoch(remove(0x02));

describe('an honest history', () => {
  test('is told whole, once and oldest first, however the depth went', async () => {
    const served = play();
    const all = ['0 1', '1 2', '1 15', '2 2'];
    const expected = (bucket: number) =>
      all.filter((one) => {
        const { depth = 4 } = served.trees;
        return Math.floor(Number(one.split(' ')[1]) / 2 ** (8 - depth)) === bucket;
      });
    const check = async (...buckets: number[]) => {
      for (const bucket of buckets)
        expect(told(await served.whole(bucket)).map((one) => one.slice(0, -2))).toEqual(expected(bucket));
    };
    await check(0);
    served.depth(5);
    await check(0, 1);
    served.epoch(set(0x0e, 'd'), set(0x03, 'e')).epoch(remove(0x03));
    all.push('4 3', '4 14', '5 3');
    await check(0, 1);
    served.depth(4).epoch(set(0x01, 'f'));
    all.push('7 1');
    await check(0);
    served.epoch().epoch().depth(5).epoch(set(0x0a, 'g'));
    all.push('11 10');
    await check(0, 1);
    served.depth(6).epoch(set(0x04, 'h')).depth(5).depth(4).depth(3);
    all.push('13 4');
    await check(0);
    expect(await served.whole(0)).toMatchObject({ since: 16 });
  });

  test('is asked for by the time of its depth only where that came back', async () => {
    const served = play().depth(5);
    await served.whole(0);
    expect(new Set(served.asked.map(({ era }) => era))).toEqual(new Set([undefined]));
    served.epoch().depth(4);
    served.asked.length = 0;
    await served.whole(0);
    expect(new Set(served.asked.map(({ depth, era }) => `${depth} ${era ?? 'newest'}`))).toEqual(
      new Set(['4 newest', '4 0', '5 newest']),
    );
  });

  test('is found though its depth went to and fro between the epochs that are looked at first', async () => {
    const served = play();
    for (let epoch = 3; epoch < 10; epoch++) served.epoch();
    // From 13 back, 12, 11, 9 and 5 are looked at first: that depth 4 ended at 10 and began at 11 is not seen.
    served.depth(5).depth(4).epoch(set(0x05, 'x')).epoch().depth(5).depth(4);
    expect(told(await served.whole(0))).toEqual(['0 1 +', '1 2 +', '1 15 +', '2 2 -', '12 5 +']);
  });

  test('of a depth that came back while it was read is that of the time before', async () => {
    const served = play().depth(5);
    const [leaf, known] = [served.leaf(0), [served.known(0)]];
    served.epoch().depth(4);
    const place = { depth: 5, bucket: 0 };
    expect(told(await readWholeHistory(served.reader, known, place, leaf))).toEqual(['0 1 +', '1 2 +', '2 2 -']);
  });

  test('of two buckets, one of them never used, merges as well', async () => {
    const served = new Served().epoch(set(0x01, 'a')).depth(5).depth(4);
    const other = new Served().epoch().depth(5).epoch(set(0x09, 'a')).depth(4);
    for (const one of [served, other]) expect((await one.whole(0)).changes).toHaveLength(1);
  });

  test('contains every chain of it that was known at any time', async () => {
    const served = new Served();
    const known: KnownChain[] = [];
    const steps = [
      () => served.epoch(set(0x01, 'a')),
      () => served.epoch(set(0x0f, 'b')),
      () => served.depth(5),
      () => served.epoch(set(0x01, 'c')),
      () => served.epoch(set(0x02, 'd')),
      () => served.depth(4),
      () => served.epoch(set(0x01, 'e')),
      () => served.depth(5),
      () => served.depth(4),
    ];
    for (const step of steps) {
      step();
      known.push(served.known(0));
      expect(await codeOf(() => served.whole(0, known))).toBe('accepted');
    }
    expect(known).toHaveLength(9);
  });

  test('may be given in pages, and may have grown by now', async () => {
    const served = play();
    const leaf = served.leaf(0);
    served.epoch(set(0x05, 'later'));
    for (const page of [1, 2, 3, Infinity]) {
      served.page = page;
      expect(told(await served.whole(0, [], leaf))).toEqual(['0 1 +', '1 2 +', '1 15 +', '2 2 -']);
    }
  });

  test('with zeros for a name or for a holder is one of records: only both are a change of depth', async () => {
    for (const zeros of [{ name: ZEROS }, { holder: ZEROS }]) {
      const served = new Served().epoch({ ...set(0x01, 'a'), ...zeros });
      expect((await served.whole(0)).changes).toHaveLength(1);
    }
  });
});

describe('a lie about a whole history', () => {
  type Lie = () => { served: Served; known?: readonly KnownChain[]; leaf?: ReturnType<Served['leaf']> };
  const shown = (entries: readonly HistoryEntry[], records: readonly Change[], served = play()): ReturnType<Lie> => {
    served.instead.set('4/0', entries);
    return { served, leaf: leafOf(entries, records) };
  };
  /** Those of bucket 0 without the record that came and went. */
  const cleaned = (served: Served): HistoryEntry[] =>
    [...served.history({ depth: 4, bucket: 0 })].filter((entry) => entry.name[0] !== 2);
  const at = (epoch: number, change: Change): HistoryEntry => ({ ...change, epoch });

  const LIES: Record<string, Lie> = {
    'cut short': () => {
      const served = play();
      served.instead.set('4/0', served.history({ depth: 4, bucket: 0 }).slice(0, 2));
      return { served };
    },
    'a record that came and went left out': () => {
      const served = play();
      served.instead.set('4/0', cleaned(served));
      return { served };
    },
    'a record that came and went, told as another one': () => {
      const served = play();
      const [first, second, third] = [at(1, set(0x03, 'x')), at(1, set(0x0f, 'b')), at(2, remove(0x03))];
      served.instead.set('4/0', [at(0, set(0x01, 'a')), first, second, third]);
      return { served };
    },
    'shorter than its length says, under one head': () => {
      const served = play();
      const leaf = served.leaf(0);
      return { served, leaf: { ...leaf, length: leaf.length + 1 } };
    },
    'of other records than the bucket holds': () => {
      const served = play();
      return { served, leaf: { ...served.leaf(0), entriesRoot: computeRoot([leafHash(utf8('other'))]) } };
    },
    'without what was known of it': () => {
      const served = play();
      return { ...shown(cleaned(served), [set(0x01, 'a'), set(0x0f, 'b')], served), known: [play().known(0)] };
    },
    'shorter than it was known to be': () => {
      const served = new Served().epoch(set(0x01, 'a')).epoch(set(0x01, 'b'), set(0x02, 'b'));
      const known = [{ ...served.known(0), since: 1 }];
      return { ...shown(served.history({ depth: 4, bucket: 0 }).slice(0, 2), [set(0x01, 'b')], served), known };
    },
    'without a chain known from later': () => {
      const served = play();
      return { served, known: [{ ...served.known(0), since: 9 }] };
    },
    'of another bucket than the chain that was known': () => {
      const served = play();
      return { served, known: [{ ...served.known(0), bucket: 1 }] };
    },
    'of another depth than the chain that was known': () => {
      const served = play();
      return { served, known: [{ ...served.known(0), depth: 5 }] };
    },
    'that goes back in time': () => shown([at(3, set(0x01, 'a')), at(2, set(0x01, 'b'))], [set(0x01, 'b')]),
    'with a change of depth in the middle': () => {
      const middle = depthEntry(1, hash('bound'));
      return shown([at(0, set(0x01, 'a')), middle], [middle, set(0x01, 'a')]);
    },
    'that begins with a change of depth where there was none': () => {
      const unused = leafHash(UNUSED_LEAF);
      return shown([depthEntry(2, nodeHash(unused, unused)), at(2, set(0x01, 'a'))], [set(0x01, 'a')]);
    },
    'before a split': () => {
      const served = play();
      served.instead.set('4/0', cleaned(served));
      return { served: served.depth(5) };
    },
    'before a merge': () => {
      const served = new Served().epoch().depth(5).epoch(set(0x01, 'a')).epoch(set(0x02, 'b')).epoch(remove(0x02));
      served.instead.set('5/0', served.history({ depth: 5, bucket: 0 }).slice(0, 1));
      return { served: served.depth(4) };
    },
  };

  test.each(Object.entries(LIES))('%s', async (_, lie) => {
    const { served, known, leaf } = lie();
    expect(await codeOf(() => served.whole(0, known, leaf))).toBe('bucket-invalid');
  });
  test('15 of them', () => expect(Object.keys(LIES)).toHaveLength(15));
});

describe('what a chain grew by', () => {
  const grown = () => {
    const served = new Served().epoch(set(0x01, 'a'));
    const known = [served.known(0)];
    known.push(served.epoch(set(0x02, 'b')).epoch(set(0x03, 'c')).known(0));
    return { served: served.epoch(set(0x04, 'd')).epoch(set(0x05, 'e')), known };
  };
  const grow = ({ served, known }: ReturnType<typeof grown>, leaf: HistoryChain = served.leaf(0)) =>
    readGrowth(served.reader, known, { depth: 4, bucket: 0 }, leaf);

  test('is read from the shortest of those that are known, in pages or not', async () => {
    const given = grown();
    for (const page of [1, Infinity]) {
      given.served.page = page;
      expect(told({ changes: await grow(given) })).toEqual(['1 2 +', '2 3 +', '3 4 +', '4 5 +']);
    }
    expect(Math.min(...given.served.asked.map(({ from }) => from))).toBe(1);
    expect(
      await readGrowth(given.served.reader, [given.served.known(0)], { depth: 4, bucket: 0 }, given.served.leaf(0)),
    ).toEqual([]);
  });

  type Lie = (given: ReturnType<typeof grown>) => HistoryChain | undefined;
  const forge =
    (change: (entries: readonly HistoryEntry[]) => HistoryEntry[], isSigned: boolean): Lie =>
    ({ served }) => {
      const entries = change(served.history({ depth: 4, bucket: 0 }));
      served.instead.set('4/0', entries);
      return isSigned ? chainOf(entries) : undefined;
    };
  const LIES: Record<string, Lie> = {
    'another entry than was signed': forge((all) => all.with(4, { ...set(0x05, 'other'), epoch: 4 }), false),
    'shorter than its length says, under one head': ({ served }) => {
      const { length, head } = served.leaf(0);
      return { length: length + 1, head };
    },
    'another one than one of those known': forge((all) => all.with(1, { ...set(0x02, 'other'), epoch: 1 }), true),
    'cut to before one of those known': forge((all) => all.slice(0, 2), true),
    'cut to before all of those known': () => ({ length: 0, head: EMPTY_HISTORY.head }),
    'back in time': forge((all) => all.with(4, { ...set(0x05, 'e'), epoch: 2 }), true),
  };
  test.each(Object.entries(LIES))('%s', async (_, lie) => {
    const given = grown();
    const leaf = lie(given);
    expect(await codeOf(() => grow(given, leaf))).toBe('bucket-invalid');
  });
});
