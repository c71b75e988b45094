// A directory's log for people to look at: the newest checkpoint, the epochs before it and the tree over them. Every hash of the
// tree is computed here from what was read, and has to come to the signed root; what is drawn was checked.
import { WhereaboutsError } from '../protocol/errors.ts';
import { nodeHash } from '../protocol/log/hash.ts';
import type { EpochLeaf } from '../protocol/log/leaf-text.ts';
import type { ReadNode, TreeNode } from '../protocol/log/merkle.ts';
import { formatTilePath, tileReader, tilesOfNodes } from '../protocol/log/tile.ts';
import { equalOctets, formatHex } from '../protocol/wire.ts';
import type { Directory } from './directory.ts';
import { readEpochLeaf } from './epoch-leaf.ts';
import { readHashes, type Source } from './source.ts';

/** An epoch proven to be in the log. */
export interface ShownEpoch {
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly depth: number;
  /** How many records changed. */
  readonly changes: number;
  /** Root of the map, hex. */
  readonly map: string;
}

/** The leaves [start, end) of the log's tree; without children a single epoch, or a complete subtree of older ones. */
export interface ShownNode {
  readonly start: number;
  readonly end: number;
  /** Hex. */
  readonly hash: string;
  readonly children?: readonly [ShownNode, ShownNode];
}

export interface LogView {
  readonly directory: string;
  readonly origin: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** Names of the witnesses' keys that count. */
  readonly witnesses: readonly string[];
  /** Size of the log when this client saw it last: it was proven to have only grown since. Absent the first time. */
  readonly seen?: number;
  /** Newest first. */
  readonly epochs: readonly ShownEpoch[];
  readonly tree: ShownNode;
}

const VIEW_MILLISECONDS = 15_000;

/** Reads the newest `count` epochs and the tree. Throws as `Directory.head`, and where anything does not come to the signed root. */
export async function readLogView(directory: Directory, count: number, now: number): Promise<LogView> {
  const until = now + VIEW_MILLISECONDS;
  const { checkpoint, witnesses, seen } = await directory.head(until, { fresh: true });
  const { size, root } = checkpoint;
  const from = Math.max(0, size - count);
  const { epochs, tree } = await directory.read(until, async (source) => {
    const reading = rememberTiles(source);
    const leaves: EpochLeaf[] = [];
    for (let epoch = size - 1; epoch >= from; epoch--) leaves.push(await readEpochLeaf(reading, checkpoint, epoch));
    return { epochs: leaves, tree: await readTree(reading, size, from) };
  });
  if (!equalOctets(tree.hash, root))
    throw new WhereaboutsError('inclusion-invalid', 'the tiles of the log do not come to its root');
  return {
    directory: directory.domain,
    origin: checkpoint.origin,
    size,
    root: formatHex(root),
    witnesses,
    ...(seen === undefined ? {} : { seen }),
    epochs: epochs.map(({ epoch, time, depth, changes, mapRoot }) => ({
      epoch,
      time,
      depth,
      changes,
      map: formatHex(mapRoot),
    })),
    tree: show(tree),
  };
}

/** A source that reads each tile once: neighbours share theirs. */
function rememberTiles(source: Source): Source {
  const tiles = new Map<string, Promise<Uint8Array>>();
  return {
    ...source,
    readTile: (path, maxOctets) => {
      const known = tiles.get(path) ?? source.readTile(path, maxOctets);
      tiles.set(path, known);
      return known;
    },
  };
}

interface Node extends Omit<ShownNode, 'hash' | 'children'> {
  readonly hash: Uint8Array;
  readonly children?: readonly [Node, Node];
}

const show = ({ hash, children, ...range }: Node): ShownNode => ({
  ...range,
  hash: formatHex(hash),
  ...(children === undefined ? {} : { children: [show(children[0]), show(children[1])] }),
});

async function readTree(source: Source, size: number, from: number): Promise<Node> {
  const paths = tilesOfNodes(edgesOf({ start: 0, end: size }, from).map(nodeOf), size).map(formatTilePath);
  const tiles = new Map(await Promise.all(paths.map(async (path) => [path, await readHashes(source, path)] as const)));
  return grow(
    { start: 0, end: size },
    from,
    tileReader(size, (path) => tiles.get(path)),
  );
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** A single leaf, or nothing newer than `from`: then it is the left half of something and therefore complete. */
const isEdge = ({ start, end }: Range, from: number): boolean => end - start === 1 || end <= from;

const nodeOf = ({ start, end }: Range): TreeNode => ({
  level: Math.round(Math.log2(end - start)),
  index: start / (end - start),
});

/** RFC 6962 §2.1: the left half is the largest power of two smaller than the whole. */
function halves({ start, end }: Range): [Range, Range] {
  let width = 1;
  while (width * 2 < end - start) width *= 2;
  return [
    { start, end: start + width },
    { start: start + width, end },
  ];
}

const edgesOf = (range: Range, from: number): Range[] =>
  isEdge(range, from) ? [range] : halves(range).flatMap((half) => edgesOf(half, from));

function grow(range: Range, from: number, read: ReadNode): Node {
  if (isEdge(range, from)) {
    const { level, index } = nodeOf(range);
    return { ...range, hash: read(level, index) };
  }
  const [left, right] = halves(range);
  const children = [grow(left, from, read), grow(right, from, read)] as const;
  return { ...range, hash: nodeHash(children[0].hash, children[1].hash), children };
}
