// Files of a publication (§6.8): paths, a bucket's file, tiles of the map. Each damage is refused.
import { describe, expect, test } from 'vitest';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { formatBucketLeaf } from '../../src/protocol/log/bucket-leaf.ts';
import { leafHash } from '../../src/protocol/log/hash.ts';
import {
  bucketPath,
  changesPath,
  configPath,
  endedPath,
  formatPublishedBucket,
  historyPath,
  mapPath,
  mapRows,
  mapTileOf,
  parsePublishedBucket,
  parseVersionPath,
  PUBLISHED_OCTETS,
  sealedPath,
} from '../../src/protocol/publication.ts';

const hash = new Uint8Array(32).fill(0xab);
const hex = 'ab'.repeat(32);

test('paths are those of §6.8', () => {
  const version = { depth: 14, bucket: 12_345, hash };
  expect(bucketPath(version)).toBe(`bucket/14/x012/345/${hex}`);
  expect(sealedPath(version)).toBe(`sealed/14/x012/345/${hex}`);
  expect(mapPath(14, mapTileOf(14, 0, 12_345), hash)).toBe(`map/14/0/048/${hex}`);
  expect(mapPath(14, mapTileOf(14, 1, 12_345), hash)).toBe(`map/14/1/000/${hex}`);
  expect(changesPath(1_234_067)).toBe('changes/x001/x234/067');
  expect(configPath(hash)).toBe(`config/${hex}`);
  expect(historyPath(7, 300, 2)).toBe('history/7/300/002');
  expect(endedPath(1_000, 3, 0)).toBe('ended/1000/003/000');
});

test('a version’s path says what it is of, and nothing else does', () => {
  expect(parseVersionPath(bucketPath({ depth: 4, bucket: 3, hash }))).toEqual({
    place: 'bucket/4/003',
    depth: 4,
    index: 3,
    hash: hex,
  });
  expect(parseVersionPath(mapPath(14, mapTileOf(14, 0, 12_345), hash))).toMatchObject({ depth: 14, row: 0, index: 48 });
  for (const path of [
    'epoch',
    `bucket/4/3/${hex}`,
    `bucket/4/003/${hex.slice(1)}`,
    `bucket/4/003/${hex.toUpperCase()}`,
    `history/4/003/${hex}`,
    `x/bucket/4/003/${hex}`,
    `bucket/4/../003/${hex}`,
  ])
    expect(parseVersionPath(path)).toBeUndefined();
});

test.each([
  [0, []],
  [4, [[0, 16]]],
  [8, [[0, 256]]],
  [
    9,
    [
      [0, 256],
      [8, 2],
    ],
  ],
  [
    24,
    [
      [0, 256],
      [8, 256],
      [16, 256],
    ],
  ],
] as const)('a map of depth %i is cut into rows that meet', (depth, rows) => {
  expect(mapRows(depth)).toBe(rows.length);
  for (const [row, [level, width]] of rows.entries()) {
    const last = mapTileOf(depth, row, 2 ** depth - 1);
    expect(last).toEqual({ row, level, width, index: 2 ** (depth - level) / width - 1 });
  }
});

describe('a bucket’s file', () => {
  const history = { historyLength: 513, historyHead: hash };
  const leafData = formatBucketLeaf({ depth: 4, index: 3, count: 2, entriesRoot: hash, ...history });
  const parts = { leafData, era: 77, index: new Uint8Array(200).fill(1), newest: new Uint8Array(104).fill(2) };
  const octets = formatPublishedBucket(parts);
  const codeOf = (file: Uint8Array, of = leafHash(leafData)): string => {
    try {
      parsePublishedBucket(file, of);
      return 'no failure';
    } catch (error) {
      return error instanceof WhereaboutsError ? error.code : String(error);
    }
  };

  test('comes back as it was made, padded', () => {
    expect(octets.length).toBe(4_096);
    expect(parsePublishedBucket(octets, leafHash(leafData))).toMatchObject(parts);
    expect(PUBLISHED_OCTETS.bucket).toBeGreaterThan(112 + 8 + 256 * 100 + 255 * 104);
  });

  test('of another state, cut off, longer, or of a bucket never used is refused', () => {
    expect(codeOf(octets)).toBe('no failure');
    expect(codeOf(octets, hash)).toBe('bucket-invalid');
    for (const length of [0, 111, 112, 119, 120, 424, 4_095])
      expect(codeOf(octets.slice(0, length))).toBe('bucket-invalid');
    expect(codeOf(new Uint8Array([...octets, ...new Uint8Array(4_096)]))).toBe('bucket-invalid');
    expect(codeOf(new Uint8Array(0), leafHash(new Uint8Array(0)))).toBe('bucket-invalid');
    for (let at = 0; at < 112; at++) {
      const other = Uint8Array.from(octets);
      other[at] = (other[at] ?? 0) ^ 1;
      expect(codeOf(other)).toBe('bucket-invalid');
    }
  });
});
