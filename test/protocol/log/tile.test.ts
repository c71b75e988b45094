// Tiles: foreign paths, and proofs of a log of 70,000 entries made from nothing but its tiles.
import { describe, expect, test } from 'vitest';
import { leafHash } from '../../../src/protocol/log/hash.ts';
import {
  consistencyNodes,
  inclusionNodes,
  makeConsistency,
  makeInclusion,
  memoryTree,
  rootNodes,
  treeRoot,
} from '../../../src/protocol/log/merkle.ts';
import { verifyConsistency, verifyInclusion } from '../../../src/protocol/log/merkle-verify.ts';
import {
  entriesTile,
  formatEntries,
  formatTile,
  formatTilePath,
  isTileOf,
  parseEntries,
  parseTilePath,
  tileReader,
  tileRow,
  tilesOfNodes,
} from '../../../src/protocol/log/tile.ts';
import { utf8 } from '../../../src/protocol/wire.ts';
import { codeOf, foreignTest } from './support.ts';

interface Paths {
  entries_for_index: { index: number | string; size: number | string; path: string }[];
  entries: { n: number; partial: number; path: string }[];
  tile: { level: number; n: number; partial: number; path: string }[];
  parse: { level: string; path: string; n?: number | string; partial?: number; ok: boolean }[];
  spec: { size: number; full_l0: number; partial_l0: number; full_l1: number; partial_l1: number; partial_l2: number };
}
foreignTest<Paths>('tile-paths.json', 'foreign paths', async (vector) => {
  for (const { index, size, path } of vector.entries_for_index)
    expect(formatTilePath(entriesTile(Number(index), Number(size)))).toBe(path);
  for (const { n, partial, path } of vector.entries)
    expect(formatTilePath({ level: 'entries', index: BigInt(n), width: partial || 256 })).toBe(path);
  for (const { level, n, partial, path } of vector.tile)
    expect(formatTilePath({ level, index: BigInt(n), width: partial || 256 })).toBe(path);
  for (const c of vector.parse) {
    const path = `tile/${c.level}/${c.path}`;
    expect(await codeOf(() => parseTilePath(path)), path).toBe(c.ok ? 'accepted' : 'request-invalid');
    if (c.ok)
      expect(parseTilePath(path)).toEqual({
        level: Number(c.level),
        index: BigInt(c.n ?? -1),
        width: c.partial || 256,
      });
  }
  const { spec } = vector;
  expect(tileRow(0, spec.size)).toEqual({ full: spec.full_l0, partial: spec.partial_l0 });
  expect(tileRow(1, spec.size)).toEqual({ full: spec.full_l1, partial: spec.partial_l1 });
  expect(tileRow(2, spec.size)).toEqual({ full: 0, partial: spec.partial_l2 });
  const { entries_for_index, entries, tile, parse } = vector;
  expect([entries_for_index, entries, tile, parse].map(({ length }) => length)).toEqual([4, 2, 3, 6]);
});

describe('paths', () => {
  test.each(['tile/0/000', 'tile/63/x001/000.p/1', 'tile/entries/x001/x000/000', 'tile/1/255.p/255'])('%s', (path) => {
    expect(formatTilePath(parseTilePath(path))).toBe(path);
  });
  test.each([
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/0',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/999',
    'tile/0/000/',
    'tile/entries/000\n',
    'tile/data/000',
  ])('%s is none', async (path) => {
    expect(await codeOf(() => parseTilePath(path))).toBe('request-invalid');
  });
  test('which tiles a log has', () => {
    const has = (path: string, size: number) => isTileOf(parseTilePath(path), size);
    expect([has('tile/0/000', 255), has('tile/0/000.p/255', 255), has('tile/0/000', 256)]).toEqual([false, true, true]);
    expect([has('tile/0/000.p/7', 256), has('tile/0/001.p/1', 256), has('tile/1/000.p/1', 256)]).toEqual([
      true,
      false,
      true,
    ]);
    expect([has('tile/0/001.p/44', 300), has('tile/0/002.p/1', 300)]).toEqual([true, false]);
    expect([has('tile/entries/000.p/3', 3), has('tile/entries/000.p/4', 3), has('tile/2/000.p/1', 65_535)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

test('proofs from tiles hold', async () => {
  const leaves = Array.from({ length: 70_000 }, (_, i) => leafHash(utf8(`${i}`)));
  const tree = memoryTree(leaves);
  for (const [old, size] of [
    [1, 70_000],
    [256, 257],
    [65_536, 70_000],
    [69_999, 70_000],
    [300, 65_536],
  ] as const) {
    const nodes = [...consistencyNodes(old, size), ...inclusionNodes(old - 1, size), ...rootNodes(size)];
    const tiles = new Map(tilesOfNodes(nodes, size).map((tile) => [formatTilePath(tile), formatTile(tile, tree)]));
    for (const path of tiles.keys()) expect(isTileOf(parseTilePath(path), size)).toBe(true);
    expect(tiles.size).toBeLessThan(12);
    const read = tileReader(size, (path) => tiles.get(path));
    const [root, oldRoot] = [treeRoot(size, read), treeRoot(old, tree)];
    expect(root).toEqual(treeRoot(size, tree));
    verifyConsistency({ old, size, oldRoot, root, proof: makeConsistency(old, size, read) });
    const leaf = leaves[old - 1] ?? root;
    verifyInclusion({ leaf, index: old - 1, size, proof: makeInclusion(old - 1, size, read), root });
    const cut = tileReader(size, (path) => tiles.get(path)?.subarray(32));
    expect(await codeOf(() => makeConsistency(old, size, cut))).toBe('inclusion-invalid');
  }
});

test('entries', async () => {
  const entries = ['', 'a', 'x'.repeat(300)].map(utf8);
  const octets = formatEntries(entries);
  expect(parseEntries(octets, 3).map((entry) => entry.length)).toEqual([0, 1, 300]);
  for (const wrong of [2, 4]) expect(await codeOf(() => parseEntries(octets, wrong))).toBe('request-invalid');
});
