// The log cut into tiles as c2sp.org/tlog-tiles serves it: paths, contents, and proofs from tiles. Trees are merkle.ts.
// A tile proves nothing: what is made from tiles counts only once merkle-verify.ts has checked it against a signed root.
import { WhereaboutsError } from '../errors.ts';
import { Reader, Writer, concat } from '../wire.ts';
import { HASH_OCTETS } from './hash.ts';
import { treeHash, type ReadNode, type TreeNode } from './merkle.ts';

/** Hashes or entries in a full tile, and levels of the tree in one. */
const WIDTH = 256;
const HEIGHT = 8;

export interface Tile {
  /** Level of tiles, not of nodes; entries stand below level 0. */
  readonly level: number | 'entries';
  readonly index: bigint;
  /** 1 to 256; fewer than 256 make it partial. */
  readonly width: number;
}

/** How many full tiles a tree of `size` leaves has at a level, and the width of the partial one after them (0: none). */
export function tileRow(level: number | 'entries', size: number): { readonly full: number; readonly partial: number } {
  const hashes = Math.floor(size / WIDTH ** (level === 'entries' ? 0 : level));
  return { full: Math.floor(hashes / WIDTH), partial: hashes % WIDTH };
}

/** The tree of `size` leaves has this tile: full, or partial of this or a larger width. */
export function isTileOf(tile: Tile, size: number): boolean {
  const { full, partial } = tileRow(tile.level, size);
  return tile.index < BigInt(full) || (tile.index === BigInt(full) && tile.width <= partial);
}

/** A number in groups of three digits, each but the last with an x in front: 1234067 is x001/x234/067. */
export function formatGroups(number: bigint | number): string {
  const digits = number.toString();
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? [];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
}

/** Path below the log's prefix: tile/<L>/<N>[.p/<W>], N in groups of three digits. */
export const formatTilePath = ({ level, index, width }: Tile): string =>
  `tile/${level}/${formatGroups(index)}${width === WIDTH ? '' : `.p/${width}`}`;

const PATH =
  /^tile\/(?<level>entries|[0-9]{1,2})\/(?<groups>(?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/(?<width>[0-9]{1,3}))?$/;

/** A tile's path; another spelling of the same tile throws `request-invalid`, as does what is no tile's path. */
export function parseTilePath(path: string): Tile {
  const { level = '', groups = '', width } = PATH.exec(path)?.groups ?? {};
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: BigInt(groups.replaceAll(/[x/]/g, '')),
    width: width === undefined ? WIDTH : Number(width),
  };
  // Levels 0 to 63, widths 1 to 255; leading zeros, and a full tile called partial, fall to the comparison.
  const isLegal = tile.level === 'entries' || tile.level < 64;
  if (!isLegal || tile.width < 1 || tile.width > WIDTH || formatTilePath(tile) !== path)
    throw new WhereaboutsError('request-invalid', 'not the path of a tile');
  return tile;
}

/** Contents of a tile of hashes: those of its leaves, one after the other. */
export function formatTile({ level, index, width }: Tile, read: ReadNode): Uint8Array {
  if (level === 'entries') throw new RangeError('a tile of entries holds no hashes');
  const first = Number(index) * WIDTH;
  return concat(...Array.from({ length: width }, (_, i) => read(level * HEIGHT, first + i)));
}

/** Contents of a tile of entries: each with its length in 16 bits before it. */
export const formatEntries = (entries: readonly Uint8Array[]): Uint8Array =>
  entries.reduce((writer, entry) => writer.u16(entry.length).octets(entry), new Writer()).finish();

/** The entries of a tile, `width` of them; throws `request-invalid`. */
export function parseEntries(octets: Uint8Array, width: number): Uint8Array[] {
  const reader = new Reader(octets);
  const entries = Array.from({ length: width }, () => reader.octets(reader.u16()));
  reader.finish();
  return entries;
}

/** The tile that holds entry `index` of a log of `size` entries. */
export function entriesTile(index: number, size: number): Tile {
  const at = Math.floor(index / WIDTH);
  return { level: 'entries', index: BigInt(at), width: Math.min(WIDTH, size - at * WIDTH) };
}

/** The widest tile a log of `size` entries has that `node` can be computed from. */
export function tileOfNode(node: TreeNode, size: number): Tile {
  const level = Math.floor(node.level / HEIGHT);
  const at = Math.floor((node.index * 2 ** (node.level % HEIGHT)) / WIDTH);
  const { full, partial } = tileRow(level, size);
  return { level, index: BigInt(at), width: at < full ? WIDTH : partial };
}

/** The tiles that `nodes` of a log of `size` entries are computed from, once each: what to fetch. */
export function tilesOfNodes(nodes: readonly TreeNode[], size: number): Tile[] {
  const tiles = nodes.map((node) => tileOfNode(node, size));
  return [...new Map(tiles.map((tile) => [formatTilePath(tile), tile])).values()];
}

/** Reads the nodes of a log of `size` entries from tiles fetched by path; one missing or cut throws `inclusion-invalid`. */
export function tileReader(size: number, fetched: (path: string) => Uint8Array | undefined): ReadNode {
  return (level, index) => {
    const tile = tileOfNode({ level, index }, size);
    const octets = fetched(formatTilePath(tile));
    if (octets?.length !== tile.width * HASH_OCTETS)
      throw new WhereaboutsError('inclusion-invalid', 'a tile of the log is missing or cut off');
    const span = 2 ** (level % HEIGHT);
    const first = (index * span) % WIDTH;
    return treeHash(
      Array.from({ length: span }, (_, i) => octets.subarray((first + i) * HASH_OCTETS, (first + i + 1) * HASH_OCTETS)),
    );
  };
}
