// Takes away the files of states that no reader can want any more (§6.8). A state that was replaced never comes back, and an
// epoch is believed for 15 minutes: what is found unused at one sweep is removed at a later one. Which files those are is
// remembered in the store, so that any instance may go on.
import { LIMITS } from '../../protocol/limits.ts';
import { leafHash } from '../../protocol/log/hash.ts';
import { parseTilePath, tileRow } from '../../protocol/log/tile.ts';
import { mapTileOf, parseVersionPath, type VersionPath } from '../../protocol/publication.ts';
import { formatHex, parseUtf8, utf8 } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { readPublished, type Published } from '../directory/published.ts';
import { KEPT_EPOCHS } from '../directory/sequencer/tidy.ts';
import { readHead } from '../store/log.ts';
import { readBucketLeaves, readMapNodes } from '../store/map.ts';
import type { PublicationStore } from './store.ts';

/** Paths of files that nobody wants, one a line, after the time (milliseconds) from which that is so. */
const UNUSED_PATH = 'unused';
const UNUSED_OCTETS = 64 * 1024 * 1024;
/** Twice as long as anybody may believe an epoch (§6.6): a reader may have begun at the last moment. */
const KEPT_MILLISECONDS = 2 * LIMITS.epochAgeSeconds * 1_000;

const PREFIXES = ['bucket/', 'sealed/', 'map/', 'history/', 'tile/'];

/** Removes what the sweep before found unused, once that is long enough ago, and finds what is unused now. */
export async function sweepFiles(ctx: DirectoryContext, store: PublicationStore): Promise<void> {
  const found = await store.find(UNUSED_PATH, UNUSED_OCTETS);
  const [since, ...paths] = found === undefined ? [] : parseUtf8(found.octets).split('\n');
  if (since !== undefined && ctx.clock() - Number(since) < KEPT_MILLISECONDS) return;
  // Looked at once more: the list may have been written to by whoever can write to the store.
  const removed = await findUnused(ctx, paths);
  await store.remove(removed);

  const unused: string[] = [];
  for (const prefix of PREFIXES)
    for await (const part of store.list(prefix)) unused.push(...(await findUnused(ctx, part)));
  // Not written where another instance has swept meanwhile: what this one found it will find again.
  await store.replace(UNUSED_PATH, [String(ctx.clock()), ...unused].join('\n'), found?.version);
  ctx.log.debug('publication-swept', { removed: removed.length, unused: unused.length });
}

/**
 * Those of the files that no published epoch from now on needs. The files were listed before: whatever is among them is of
 * the epoch that is read here or of one before it.
 */
async function findUnused(ctx: DirectoryContext, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  for (;;) {
    const at = await readPublished(ctx);
    const versions = paths.flatMap((path) => parseVersionPath(path) ?? []);
    const used = await findUsed(ctx, at, versions);
    const { published } = await readHead(ctx.db, ctx.domain);
    if (at.epoch < published - KEPT_EPOCHS) continue;
    const isUnused = (path: string): boolean => {
      const version = parseVersionPath(path);
      if (version !== undefined) return version.depth !== at.said.depth || used.get(version.place) !== version.hash;
      if (path.startsWith('history/')) return !path.startsWith(`history/${at.era}/`);
      return path.startsWith('tile/') && isOldTile(path, at.epoch + 1);
    };
    return paths.filter(isUnused);
  }
}

/** The hash that each of these places has in an epoch, in hex. */
async function findUsed(
  { db }: DirectoryContext,
  at: Published,
  versions: readonly VersionPath[],
): Promise<ReadonlyMap<string, string>> {
  const { depth } = at.said;
  const here = versions.filter((version) => version.depth === depth);
  const buckets = here.filter(({ row }) => row === undefined);
  const leaves = await readBucketLeaves(db, at, [...new Set(buckets.map(({ index }) => index))]);
  const tiles = here.flatMap(({ row, index, place }) => {
    if (row === undefined) return [];
    const { level, width } = mapTileOf(depth, row, 0);
    return [{ level: level + Math.log2(width), index, place }];
  });
  const nodes = await readMapNodes(db, at, tiles);
  const hashes = new Map(nodes.map(({ level, index, hash }) => [`${level}/${index}`, formatHex(hash)]));
  return new Map([
    ...buckets.map(({ place, index }) => [place, formatHex(leafHash(leaves.get(index) ?? utf8('')))] as const),
    ...tiles.map(({ place, level, index }) => [place, hashes.get(`${level}/${index}`) ?? ''] as const),
  ]);
}

/** A partial tile of a smaller log than the one of `size` epochs; what is no tile at all is left alone. */
function isOldTile(path: string, size: number): boolean {
  try {
    const { level, index, width } = parseTilePath(path);
    const { full, partial } = tileRow(level, size);
    return width < 256 && (index < BigInt(full) || width < partial);
  } catch {
    return false;
  }
}
