// Tiles of the map (§6.8): eight levels of it in one file, named by the node they hang from. One change writes one tile a row.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { emptyRoot } from '../../protocol/log/map.ts';
import { treeHash } from '../../protocol/log/merkle.ts';
import { mapPath, mapRows, mapTileOf, type MapTile } from '../../protocol/publication.ts';
import { concat, equalOctets } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { readMapNodes } from '../store/map.ts';
import { inParallel } from './parallel.ts';
import type { Reading } from './reading.ts';
import type { PublicationStore } from './store.ts';

/** Writes every tile on the way to one of these buckets. */
export async function writeMapTiles(
  ctx: DirectoryContext,
  store: PublicationStore,
  reading: Reading,
  buckets: readonly number[],
): Promise<void> {
  const { depth } = reading.goal.said;
  for (let row = 0; row < mapRows(depth); row++) {
    const tiles = new Map(buckets.map((bucket) => mapTileOf(depth, row, bucket)).map((tile) => [tile.index, tile]));
    await inParallel(tiles.values(), (tile) => writeTile(ctx, store, reading, tile));
  }
}

async function writeTile(
  { db }: DirectoryContext,
  store: PublicationStore,
  reading: Reading,
  tile: MapTile,
): Promise<void> {
  const { level, width } = tile;
  const { depth } = reading.goal.said;
  const wanted = Array.from({ length: width }, (_, i) => ({ level, index: tile.index * width + i }));
  const read = await reading.read(async (at) => ({ at, found: await readMapNodes(db, at, wanted) }));
  if (read === undefined) return;
  const hashes = new Map(read.found.map(({ index, hash }) => [index, hash]));
  const row = wanted.map(({ index }) => hashes.get(index) ?? emptyRoot(level));
  const hash = treeHash(row);
  // The last look before anybody follows it: from the signed root down every step is a tile that was written.
  if (tile.row === mapRows(depth) - 1 && !equalOctets(hash, read.at.said.mapRoot))
    throw new WhereaboutsError('internal-error', 'the stored map is not the one that was signed');
  await store.put(mapPath(depth, tile, hash), concat(...row));
}
