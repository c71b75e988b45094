// Trees: foreign RFC 6962 vectors, our own consistency proofs, and laws over every size up to 300.
import { describe, expect, test } from 'vitest';
import { EMPTY_ROOT, leafHash, nodeHash } from '../../../src/protocol/log/hash.ts';
import {
  appendLeaf,
  consistencyNodes,
  inclusionNodes,
  makeConsistency,
  makeInclusion,
  memoryTree,
  rootNodes,
  treeHash,
  treeRoot,
  type HashedNode,
} from '../../../src/protocol/log/merkle.ts';
import { computeRoot, verifyConsistency, verifyInclusion } from '../../../src/protocol/log/merkle-verify.ts';
import { EMPTY_SUBTREES, emptyRoot, mapPath, mapSiblings, updateMap } from '../../../src/protocol/log/map.ts';
import { formatHex, utf8 } from '../../../src/protocol/wire.ts';
import { ownVector } from '../../support/vectors.ts';
import { base64, codeOf, foreignTest, hex } from './support.ts';

const leavesOf = (size: number): Uint8Array[] =>
  Array.from({ length: size }, (_, i) => leafHash(Uint8Array.of(i >> 8, i)));

describe('foreign', () => {
  interface Inclusion {
    cases: {
      leafIdx: string;
      treeSize: string;
      root: string;
      leafHash: string;
      proof: string[] | null;
      wantErr: boolean;
      desc: string;
    }[];
  }
  foreignTest<Inclusion>('rfc6962-inclusion.json', 'inclusion proofs', async ({ cases }) => {
    for (const c of cases) {
      const input = {
        leaf: base64(c.leafHash),
        index: Number(c.leafIdx),
        size: Number(c.treeSize),
        proof: (c.proof ?? []).map(base64),
        root: base64(c.root),
      };
      expect(await codeOf(() => verifyInclusion(input)), c.desc).toBe(c.wantErr ? 'inclusion-invalid' : 'accepted');
    }
    expect(cases.length).toBe(49);
    expect(cases.filter(({ wantErr }) => !wantErr).length).toBe(3);
  });

  interface Consistency {
    cases: {
      size1: string;
      size2: string;
      root1: string;
      root2: string;
      proof: string[] | null;
      wantErr: boolean;
      desc: string;
    }[];
  }
  foreignTest<Consistency>('rfc6962-consistency.json', 'consistency proofs', async ({ cases }) => {
    for (const c of cases) {
      const input = {
        old: Number(c.size1),
        size: Number(c.size2),
        oldRoot: base64(c.root1),
        root: base64(c.root2),
        proof: (c.proof ?? []).map(base64),
      };
      expect(await codeOf(() => verifyConsistency(input)), c.desc).toBe(c.wantErr ? 'consistency-invalid' : 'accepted');
    }
    expect(cases.length).toBe(49);
    expect(cases.filter(({ wantErr }) => !wantErr).length).toBe(3);
  });

  interface Constants {
    hasher: { empty_root: string; empty_leaf: string; leaf_L123456: string; node_N123_N456: string };
    leaf_inputs_hex: string[];
    node_hashes: string[][];
    root_hashes_by_size: string[];
  }
  foreignTest<Constants>('rfc6962-constants.json', 'hashes and roots', (vector) => {
    const { hasher } = vector;
    expect(formatHex(EMPTY_ROOT)).toBe(hasher.empty_root);
    expect(formatHex(leafHash(new Uint8Array(0)))).toBe(hasher.empty_leaf);
    expect(formatHex(leafHash(utf8('L123456')))).toBe(hasher.leaf_L123456);
    // Upstream's node hash is over inputs of four octets, which are no hashes: ours refuses them.
    expect(() => nodeHash(utf8('N123'), utf8('N456'))).toThrow(RangeError);
    const leaves = vector.leaf_inputs_hex.map((input) => leafHash(hex(input)));
    for (const [size, root] of vector.root_hashes_by_size.entries()) {
      expect(formatHex(treeHash(leaves.slice(0, size)))).toBe(root);
      expect(formatHex(computeRoot(leaves.slice(0, size)))).toBe(root);
    }
    const read = memoryTree(leaves);
    for (const [level, row] of vector.node_hashes.entries())
      for (const [index, hash] of row.entries()) expect(formatHex(read(level, index))).toBe(hash);
    expect(vector.root_hashes_by_size.length).toBe(5);
    expect(Object.keys(hasher).length).toBe(4);
  });
});

test('our own consistency proofs', async () => {
  interface Case {
    ok: boolean;
    old: number;
    new: number;
    old_root: string;
    new_root: string;
    proof: string[];
    fault?: string;
  }
  const vector = ownVector<{ leaves: string[]; cases: Case[] }>('map-log/log-consistency.json');
  const read = memoryTree(vector.leaves.map(hex));
  for (const c of vector.cases) {
    const input = { old: c.old, size: c.new, oldRoot: hex(c.old_root), root: hex(c.new_root), proof: c.proof.map(hex) };
    expect(await codeOf(() => verifyConsistency(input)), c.fault ?? '').toBe(c.ok ? 'accepted' : 'consistency-invalid');
    if (c.ok) expect(makeConsistency(c.old, c.new, read).map(formatHex)).toEqual(c.proof);
  }
  expect(vector.cases.filter(({ ok }) => ok).length).toBe(55);
  expect(vector.cases.filter(({ ok }) => !ok).length).toBe(16);
});

test('maps nobody used', () => {
  const { E } = ownVector<{ E: string[] }>('map-log/empty-subtrees.json');
  expect(EMPTY_SUBTREES.map(formatHex)).toEqual(E);
  expect(E.length).toBe(33);
});

describe('laws', () => {
  test('every leaf of every tree of up to 300 leaves is proven, from the nodes announced and no others', () => {
    let proofs = 0;
    const all = leavesOf(300);
    const tree = memoryTree(all);
    for (let size = 1; size <= 300; size++) {
      const root = treeRoot(size, tree);
      expect(root).toEqual(computeRoot(all.slice(0, size)));
      expect(root).toEqual(treeHash(all.slice(0, size)));
      for (const [index, leaf] of all.slice(0, size).entries()) {
        const announced = new Set(inclusionNodes(index, size).map((node) => `${node.level}/${node.index}`));
        const proof = makeInclusion(index, size, (level, at) => {
          if (!announced.has(`${level}/${at}`)) throw new Error('an unannounced node');
          return tree(level, at);
        });
        verifyInclusion({ leaf, index, size, proof, root });
        proofs++;
      }
    }
    expect(proofs).toBe((300 * 301) / 2);
  });

  test('every tree of up to 80 leaves is consistent with every earlier one, and with no other', async () => {
    const tree = memoryTree(leavesOf(80));
    for (let size = 1; size <= 80; size++) {
      for (let old = 1; old <= size; old++) {
        const announced = new Set(consistencyNodes(old, size).map((node) => `${node.level}/${node.index}`));
        const proof = makeConsistency(old, size, (level, at) => {
          if (!announced.has(`${level}/${at}`)) throw new Error('an unannounced node');
          return tree(level, at);
        });
        const input = { old, size, oldRoot: treeRoot(old, tree), root: treeRoot(size, tree), proof };
        verifyConsistency(input);
        const other = { ...input, oldRoot: leafHash(input.oldRoot) };
        expect(await codeOf(() => verifyConsistency(other))).toBe('consistency-invalid');
      }
    }
  });

  test('a log grows leaf by leaf from its right edge alone', () => {
    const stored = new Map<string, Uint8Array>();
    const store = ({ level, index, hash }: HashedNode) => stored.set(`${level}/${index}`, hash);
    const leaves = leavesOf(300);
    const tree = memoryTree(leaves);
    for (const [size, leaf] of leaves.entries()) {
      const edge = new Set(rootNodes(size).map(({ level, index }) => `${level}/${index}`));
      const completed = appendLeaf(size, leaf, (level, index) => {
        const key = `${level}/${index}`;
        const hash = stored.get(key);
        if (hash === undefined || !edge.has(key)) throw new Error('not on the edge');
        return hash;
      });
      for (const node of completed) {
        expect(node.hash).toEqual(tree(node.level, node.index));
        store(node);
      }
    }
  });

  test('a sparse map has the root and the paths of the whole tree', () => {
    const depth = 6;
    const nodes = new Map<string, Uint8Array>();
    const stored = { get: (level: number, index: number) => nodes.get(`${level}/${index}`) };
    const leaves = Array.from({ length: 2 ** depth }, () => emptyRoot(0));
    for (const touched of [[5], [5, 6, 63], [0, 1, 2, 3], [40], []]) {
      const changed = new Map(touched.map((index) => [index, leafHash(Uint8Array.of(index, touched.length))]));
      const announced = new Set(mapSiblings(depth, touched).map(({ level, index }) => `${level}/${index}`));
      const { root, written } = updateMap(depth, changed, {
        get: (level, index) => {
          if (touched.length > 0 && !announced.has(`${level}/${index}`)) throw new Error('an unannounced node');
          return stored.get(level, index);
        },
      });
      for (const { level, index, hash } of written) nodes.set(`${level}/${index}`, hash);
      for (const [index, hash] of changed) leaves[index] = hash;
      const tree = memoryTree(leaves);
      expect(root).toEqual(treeHash(leaves));
      for (const [index, leaf] of leaves.entries()) {
        const path = mapPath(depth, index, stored);
        expect(path).toEqual(makeInclusion(index, leaves.length, tree));
        verifyInclusion({ leaf, index, size: leaves.length, proof: path, root });
      }
    }
  });
});
