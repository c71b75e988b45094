// One leaf of a directory's log, from its tiles (c2sp.org/tlog-tiles), proven to be in a checkpoint that was verified.
import { WhereaboutsError, failAsSync } from '../protocol/errors.ts';
import { leafHash } from '../protocol/log/hash.ts';
import { parseEpochLeaf, type EpochLeaf } from '../protocol/log/leaf-text.ts';
import { inclusionNodes, makeInclusion } from '../protocol/log/merkle.ts';
import { verifyInclusion } from '../protocol/log/merkle-verify.ts';
import { entriesTile, formatTilePath, parseEntries, tileReader, tilesOfNodes } from '../protocol/log/tile.ts';
import type { Seen } from '../protocol/log/verify-growth.ts';
import { readHashes, type Source } from './source.ts';

/** 256 leaves with their lengths. */
const ENTRIES_OCTETS = 256 * 1_024;

/** The leaf of an epoch before `checkpoint`. Throws `inclusion-invalid` or `epoch-invalid`. */
export async function readEpochLeaf(source: Source, { size, root }: Seen, epoch: number): Promise<EpochLeaf> {
  if (epoch < 0 || epoch >= size) throw new WhereaboutsError('epoch-invalid', 'an epoch the log does not have');
  const entries = entriesTile(epoch, size);
  const octets = await source.readTile(formatTilePath(entries), ENTRIES_OCTETS);
  const leaf = failAsSync('inclusion-invalid', 'a tile of the log is cut off', () =>
    parseEntries(octets, entries.width).at(epoch % 256),
  );
  if (leaf === undefined) throw new WhereaboutsError('inclusion-invalid', 'a tile of the log is cut off');
  const paths = tilesOfNodes(inclusionNodes(epoch, size), size).map(formatTilePath);
  const tiles = new Map(await Promise.all(paths.map(async (path) => [path, await readHashes(source, path)] as const)));
  const proof = makeInclusion(
    epoch,
    size,
    tileReader(size, (path) => tiles.get(path)),
  );
  verifyInclusion({ leaf: leafHash(leaf), index: epoch, size, proof, root });
  const parsed = parseEpochLeaf(leaf);
  if (parsed.epoch !== epoch) throw new WhereaboutsError('epoch-invalid', 'an epoch under another number');
  return parsed;
}
