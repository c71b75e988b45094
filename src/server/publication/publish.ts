// Publication as files (§6.8): what the published epoch changed is written from the database into a store, so that reads need
// neither. A step of its own, behind the one that publishes: no deposit waits for it. Any number of instances may take it.
import type { DirectoryContext } from '../context.ts';
import { formatEpoch, readPublished, type Published } from '../directory/published.ts';
import { originOf } from '../directory/keys.ts';
import { describeFailure } from '../failure.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { parseTlogProof } from '../../protocol/log/tlog-proof.ts';
import { openCheckpoint } from '../../protocol/log/verify-epoch.ts';
import { CHECKPOINT_PATH, EPOCH_PATH } from '../../protocol/publication.ts';
import { parseUtf8 } from '../../protocol/wire.ts';
import { listUsedBuckets } from '../store/publication.ts';
import { writeBucket, writeEnded } from './buckets.ts';
import { writeEdge, writeLog } from './log-files.ts';
import { writeMapTiles } from './map-tiles.ts';
import { inParallel } from './parallel.ts';
import { Reading } from './reading.ts';
import type { PublicationStore } from './store.ts';

/** What a process knows of a store it writes to; nothing that another one could not find out. */
export interface Progress {
  /** Epochs whose files this process has written, shown or not. */
  written: number;
  /** Size of the log as the store shows it, as far as this process has seen. */
  shown: number;
}

export const createProgress = (): Progress => ({ written: 0, shown: 0 });

/** Has identity over time: one a process and store. */
export class Publication {
  readonly #store: PublicationStore;
  readonly #progress: Progress;
  #current: Promise<void> | undefined;

  constructor(store: PublicationStore, progress: Progress = createProgress()) {
    this.#store = store;
    this.#progress = progress;
  }

  /**
   * Brings the store up to the published epoch, or joins whoever does so in this process. A first time may take long: on
   * `signal` it is left where it is.
   */
  publish(ctx: DirectoryContext, signal?: AbortSignal): Promise<void> {
    this.#current ??= this.#publish(ctx, signal).finally(() => (this.#current = undefined));
    return this.#current;
  }

  async #publish(ctx: DirectoryContext, signal: AbortSignal | undefined): Promise<void> {
    const put = async (path: string, octets: Uint8Array): Promise<void> => {
      signal?.throwIfAborted();
      await this.#store.put(path, octets);
    };
    try {
      await publishFiles(ctx, { ...this.#store, put }, this.#progress);
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  }
}

/** How often another writer may come first: with as many at once, one of them is the last. */
const LOST = 16;
const alwaysLost = () => new WhereaboutsError('overloaded', 'the store takes nothing in the place of what it shows');

async function publishFiles(ctx: DirectoryContext, store: PublicationStore, progress: Progress): Promise<void> {
  for (let lost = 0; lost < LOST;) {
    const goal = await readPublished(ctx);
    const size = goal.epoch + 1;
    if (size <= progress.shown) return;
    // The position is remembered by the store itself: what `epoch` shows was all written before it.
    const found = await findShown(ctx, store, EPOCH_PATH);
    if (found.size < progress.shown) progress.written = 0;
    progress.written = Math.max(progress.written, found.size);
    progress.shown = found.size;
    if (found.size >= size) return;

    // Files that never change. If we die here, or in the middle of it, readers go on with the epoch before, and whoever
    // comes next writes the same again.
    const isWhole = await writeParts(ctx, store, goal, progress.written);
    progress.written = size;
    ctx.log.debug('publication-written', { size, whole: isWhole });
    if (!isWhole) continue;
    await writeEdge(ctx, store, { from: found.size, to: size });

    // Shown: first to those who follow the log alone, then to everybody. Never an older one in the place of a newer one.
    // If we die in between, the log is ahead of `epoch` until the next epoch.
    await showCheckpoint(ctx, store, goal);
    if (!(await store.replace(EPOCH_PATH, formatEpoch(goal), found.version))) {
      lost += 1;
      continue;
    }
    progress.shown = size;
    ctx.log.debug('publication-shown', { size });
  }
  throw alwaysLost();
}

/** Writes what epochs from `since` on changed; false where the files came to be of several epochs. */
async function writeParts(
  ctx: DirectoryContext,
  store: PublicationStore,
  goal: Published,
  since: number,
): Promise<boolean> {
  const { era } = goal;
  const changed = await writeLog(ctx, store, { from: since, to: goal.epoch + 1 }, goal.said.depth);
  const isNewDepth = since <= era;
  if (isNewDepth) await writeEnded(ctx, store, since, era);
  const buckets = isNewDepth ? await listUsedBuckets(ctx.db, era) : [...changed];
  const reading = new Reading(ctx, goal);
  await inParallel(buckets, (bucket) => writeBucket(ctx, store, reading, bucket, since));
  await writeMapTiles(ctx, store, reading, buckets);
  return reading.isOfGoal;
}

async function showCheckpoint(ctx: DirectoryContext, store: PublicationStore, goal: Published): Promise<void> {
  for (let lost = 0; lost < LOST; lost++) {
    const found = await findShown(ctx, store, CHECKPOINT_PATH);
    if (found.size > goal.epoch || (await store.replace(CHECKPOINT_PATH, goal.note, found.version))) return;
  }
  throw alwaysLost();
}

interface Shown {
  readonly size: number;
  readonly version: string | undefined;
}

/** Size of the log that a file shows: 0 where there is none, or none that we signed, which is then written over. */
async function findShown(
  ctx: DirectoryContext,
  store: PublicationStore,
  path: typeof EPOCH_PATH | typeof CHECKPOINT_PATH,
): Promise<Shown> {
  const found = await store.find(path, LIMITS.bundleOctets);
  if (found === undefined) return { size: 0, version: undefined };
  const { octets, version } = found;
  try {
    const text = parseUtf8(octets);
    const note = path === EPOCH_PATH ? parseTlogProof(text).checkpoint : text;
    const policy = { origin: originOf(ctx), log: ctx.logSigner.key, witnesses: [], quorum: 0 };
    return { size: (await openCheckpoint(note, policy)).size, version };
  } catch (error) {
    ctx.log.warn('publication-damaged', describeFailure(error));
    return { size: 0, version };
  }
}
