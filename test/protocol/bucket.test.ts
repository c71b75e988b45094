// Buckets: laws of entries, numbers and ranges; what an index and a reply of sealed records may not be.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bucketNumber,
  bucketRange,
  ENTRY_OCTETS,
  formatEntry,
  formatIndex,
  padLength,
  parseEntry,
  parseIndex,
  splitSealed,
  type Entry,
} from '../../src/protocol/bucket.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { compareOctets, concat, formatHex } from '../../src/protocol/wire.ts';
import { codeOf } from './log/support.ts';

const octets = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const entries: fc.Arbitrary<Entry> = fc.record({
  name: octets(32),
  holder: octets(32),
  digest: octets(32),
  length: fc.integer({ min: 0, max: 0xffffffff }),
});
const entryOf = (name: number, holder: number, length = 1_084): Entry => ({
  name: new Uint8Array(32).fill(name),
  holder: new Uint8Array(32).fill(holder),
  digest: new Uint8Array(32).fill(9),
  length,
});
const byPlace = (a: Entry, b: Entry): number => compareOctets(concat(a.name, a.holder), concat(b.name, b.holder));

describe('entries', () => {
  test('name, holder, digest, length: 100 octets, big-endian', () => {
    const text = formatHex(formatEntry({ ...entryOf(1, 2), length: 0x0102_0304 }));
    expect(text).toBe(`${'01'.repeat(32)}${'02'.repeat(32)}${'09'.repeat(32)}01020304`);
    expect(text.length / 2).toBe(ENTRY_OCTETS);
  });

  test('parse undoes format, format undoes parse', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        expect(parseEntry(formatEntry(entry))).toEqual(entry);
      }),
    );
    fc.assert(
      fc.property(octets(100), (text) => {
        expect(formatEntry(parseEntry(text))).toEqual(text);
      }),
    );
  });

  test('nothing but 100 octets is an entry', async () => {
    for (const length of [0, 1, 99, 101, 200])
      expect(await codeOf(() => parseEntry(new Uint8Array(length)))).toBe('record-invalid');
  });
});

describe('an index', () => {
  test('parse undoes format', () => {
    const indexes = fc
      .uniqueArray(entries, { comparator: (a, b) => byPlace(a, b) === 0, maxLength: 20 })
      .map((list) => list.toSorted(byPlace));
    fc.assert(
      fc.property(indexes, (index) => {
        expect(parseIndex(formatIndex(index))).toEqual(index);
      }),
    );
  });

  test('is strictly ascending by name, then holder, whatever follows', async () => {
    const good = [entryOf(1, 1), entryOf(1, 2), entryOf(2, 1)];
    expect(parseIndex(formatIndex(good))).toEqual(good);
    for (const bad of [
      [entryOf(1, 2), entryOf(1, 1)],
      [entryOf(2, 1), entryOf(1, 2)],
      [entryOf(1, 1), entryOf(1, 1)],
      [entryOf(1, 1, 1_084), entryOf(1, 1, 2_108)],
      [entryOf(1, 1), entryOf(3, 1), entryOf(2, 1)],
    ])
      expect(await codeOf(() => parseIndex(formatIndex(bad)))).toBe('record-invalid');
  });

  test('is of whole entries, 256 at most', async () => {
    const most = Array.from({ length: LIMITS.bucketRecords }, (_, i) => entryOf(i, 0));
    expect(parseIndex(formatIndex(most)).length).toBe(256);
    const more = [entryOf(0, 0), ...most.map((entry) => ({ ...entry, holder: new Uint8Array(32).fill(1) }))];
    expect(await codeOf(() => parseIndex(formatIndex(more)))).toBe('record-invalid');
    for (const cut of [1, 99, 101])
      expect(await codeOf(() => parseIndex(formatIndex(most).subarray(cut)))).toBe('record-invalid');
    expect(parseIndex(new Uint8Array())).toEqual([]);
  });
});

describe('numbers', () => {
  const depths = fc.integer({ min: 0, max: 32 });

  test('a bucket is the top bits of a name', () => {
    fc.assert(
      fc.property(octets(32), depths, (name, depth) => {
        const bits = Array.from(name, (octet) => octet.toString(2).padStart(8, '0')).join('');
        expect(bucketNumber(name, depth)).toBe(Number.parseInt(`0${bits.slice(0, depth)}`, 2));
      }),
    );
  });

  test('a name lies in the range of its own bucket and of no neighbour', () => {
    const inside = (name: Uint8Array, depth: number, index: number): boolean => {
      const { from, to } = bucketRange(depth, index);
      return compareOctets(from, name) <= 0 && (to === undefined || compareOctets(name, to) < 0);
    };
    fc.assert(
      fc.property(octets(32), depths, (name, depth) => {
        const index = bucketNumber(name, depth);
        expect(inside(name, depth, index)).toBe(true);
        if (index > 0) expect(inside(name, depth, index - 1)).toBe(false);
        if (index + 1 < 2 ** depth) expect(inside(name, depth, index + 1)).toBe(false);
      }),
    );
  });

  test('ranges follow one another from the first name to the last', () => {
    for (const depth of [0, 1, 4, 7]) {
      let at: Uint8Array | undefined = new Uint8Array(32);
      for (let index = 0; index < 2 ** depth; index++) {
        const { from, to } = bucketRange(depth, index);
        expect(from).toEqual(at);
        expect(bucketNumber(from, depth)).toBe(index);
        at = to;
      }
      expect(at).toBeUndefined();
    }
    expect(bucketRange(32, 2 ** 32 - 1).to).toBeUndefined();
    expect(formatHex(bucketRange(32, 2 ** 32 - 1).from)).toBe(`ffffffff${'00'.repeat(28)}`);
  });
});

describe('sealed records of a bucket', () => {
  const unit = LIMITS.sealedPadOctets;
  const index = [entryOf(1, 1, 1_084), entryOf(2, 1, 8_252), entryOf(3, 1, 7_048)];
  const records = index.map(({ length }, i) => new Uint8Array(length).fill(i + 1));
  const whole = concat(...records);
  const padded = concat(whole, new Uint8Array(padLength(whole.length, unit)));

  test('padding leads to the next multiple and adds nothing to one', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 20_000 }), (length, size) => {
        const pad = padLength(length, size);
        expect((length + pad) % size).toBe(0);
        expect(pad >= 0 && pad < size).toBe(true);
      }),
    );
    expect([padLength(0, unit), padLength(unit, unit), padLength(1, unit)]).toEqual([0, 0, unit - 1]);
  });

  test('come apart in index order, with and without padding', () => {
    expect(whole.length).toBe(unit);
    expect(splitSealed(index, padded)).toEqual(records);
    const two = concat(...records.slice(0, 2), new Uint8Array(7_048));
    expect(splitSealed(index.slice(0, 2), two)).toEqual(records.slice(0, 2));
    expect(splitSealed([], new Uint8Array())).toEqual([]);
  });

  test('are refused short, long, with a unit too many, or with anything in the padding', async () => {
    const two = concat(...records.slice(0, 2), new Uint8Array(7_048));
    for (const bad of [
      two.subarray(1),
      concat(two, new Uint8Array(1)),
      concat(two, new Uint8Array(unit)),
      concat(...records.slice(0, 2)),
      new Uint8Array(),
      two.with(two.length - 1, 1),
      two.with(1_084 + 8_252, 1),
    ])
      expect(await codeOf(() => splitSealed(index.slice(0, 2), bad))).toBe('record-invalid');
    expect(await codeOf(() => splitSealed([], new Uint8Array(unit)))).toBe('record-invalid');
  });

  test('an index that claims more than a reply can hold is refused', async () => {
    const huge = Array.from({ length: 256 }, (_, i) => entryOf(i, 1, 0xffffffff));
    expect(await codeOf(() => splitSealed(huge, padded))).toBe('record-invalid');
  });
});
