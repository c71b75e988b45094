// Files of the log (§6.3, §6.8): tiles, change lists, config texts. All but partial tiles are for ever.
import { bucketNumber } from '../../protocol/bucket.ts';
import { CHANGE_OCTETS } from '../../protocol/log/changes.ts';
import { formatTilePath, tileRow, type Tile } from '../../protocol/log/tile.ts';
import { changesPath, configPath } from '../../protocol/publication.ts';
import { utf8 } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { readTile } from '../directory/log.ts';
import { listConfigs } from '../store/configs.ts';
import { findChanges } from '../store/log.ts';
import { unpack } from '../store/packing.ts';
import { inParallel } from './parallel.ts';
import type { PublicationStore } from './store.ts';

/** Epochs from one size of the log to another. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Writes change lists, config texts and full tiles that a span of the log brought; gives the buckets it changed, at `depth`. */
export async function writeLog(
  ctx: DirectoryContext,
  store: PublicationStore,
  span: Span,
  depth: number,
): Promise<ReadonlySet<number>> {
  const changed = new Set<number>();
  await inParallel(numbers(span), async (epoch) => {
    const changes = (await findChanges(ctx.db, epoch)) ?? new Uint8Array(0);
    if (changes.length === 0) return;
    await store.put(changesPath(epoch), changes);
    for (const change of unpack(changes, CHANGE_OCTETS)) changed.add(bucketNumber(change, depth));
  });
  for (const { hash, text, firstEpoch } of await listConfigs(ctx.db))
    if (firstEpoch >= span.from && firstEpoch < span.to) await store.put(configPath(hash), utf8(text));
  await writeTiles(ctx, store, fullTiles(span));
  return changed;
}

/** Writes the partial tiles of the larger of two logs that the smaller one, all of which is there, does not have. */
export const writeEdge = (ctx: DirectoryContext, store: PublicationStore, { from, to }: Span): Promise<void> =>
  writeTiles(
    ctx,
    store,
    levels(to).flatMap((level) => {
      const [before, { full, partial }] = [tileRow(level, from), tileRow(level, to)];
      if (partial === 0 || (before.full === full && before.partial === partial)) return [];
      return [{ level, index: BigInt(full), width: partial }];
    }),
  );

const writeTiles = (ctx: DirectoryContext, store: PublicationStore, tiles: Iterable<Tile>): Promise<void> =>
  inParallel(tiles, async (tile) => {
    const path = formatTilePath(tile);
    await store.put(path, await readTile(ctx, path));
  });

function* fullTiles({ from, to }: Span): Generator<Tile> {
  for (const level of levels(to))
    for (const index of numbers({ from: tileRow(level, from).full, to: tileRow(level, to).full }))
      yield { level, index: BigInt(index), width: 256 };
}

function* numbers({ from, to }: Span): Generator<number> {
  for (let number = from; number < to; number++) yield number;
}

function levels(size: number): Tile['level'][] {
  const levels: Tile['level'][] = ['entries'];
  for (let level = 0; size >= 256 ** level; level++) levels.push(level);
  return levels;
}
