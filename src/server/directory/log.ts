// The log as C2SP tools follow it (c2sp.org/tlog-tiles): checkpoint, tiles of the tree, entries. And what else readers ask of
// it: change lists, config texts. What an epoch is made of can be read as soon as it is signed, so that an auditor can
// recompute it before it cosigns; the checkpoint comes last.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { formatEntries, formatTile, isTileOf, parseTilePath } from '../../protocol/log/tile.ts';

import type { DirectoryContext } from '../context.ts';
import { findConfig } from '../store/configs.ts';
import { findChanges, readHead, readLeaves, readLogRow } from '../store/log.ts';
import { readRecent } from './published.ts';

const WIDTH = 256;
const HEIGHT = 8;

/** The newest checkpoint, with its witnesses. */
export const readCheckpoint = async (ctx: DirectoryContext): Promise<string> => (await readRecent(ctx)).note;

/** A tile by its path below the log; `path-unknown` for what is no tile of the log. */
export async function readTile(ctx: DirectoryContext, path: string): Promise<Uint8Array> {
  const tile = parsePath(path);
  const { size } = await readHead(ctx.db, ctx.domain);
  if (!isTileOf(tile, size)) throw new WhereaboutsError('path-unknown');
  const first = Number(tile.index) * WIDTH;
  if (tile.level === 'entries') return formatEntries(await readLeaves(ctx.db, first, tile.width));
  const row = await readLogRow(ctx.db, tile.level * HEIGHT, first, tile.width);
  return formatTile(tile, (_level, index) => {
    const hash = row[index - first];
    if (hash === undefined) throw new WhereaboutsError('internal-error', 'a node of the log is missing');
    return hash;
  });
}

function parsePath(path: string) {
  try {
    return parseTilePath(path);
  } catch (cause) {
    throw new WhereaboutsError('path-unknown', undefined, { cause });
  }
}

/** The change list of an epoch (§6.2); `path-unknown` for one that is yet to come. */
export async function readChanges(ctx: DirectoryContext, epoch: number): Promise<Uint8Array> {
  const changes = await findChanges(ctx.db, epoch);
  if (changes === undefined) throw new WhereaboutsError('path-unknown');
  return changes;
}

/** The config text of the published epoch. */
export async function readConfig(ctx: DirectoryContext): Promise<string> {
  const { said } = await readRecent(ctx);
  return readConfigOf(ctx, said.config);
}

/** A config text by its hash, however old; `path-unknown` for one that never was. */
export async function readConfigOf(ctx: DirectoryContext, hash: Uint8Array): Promise<string> {
  const found = await findConfig(ctx.db, hash);
  if (found === undefined) throw new WhereaboutsError('path-unknown');
  return found.text;
}
