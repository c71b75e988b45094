// What is forgotten after an epoch: versions that no reader at the published epoch, or a few before it, can want.
import type { DirectoryContext } from '../../context.ts';
import { logFailure } from '../../failure.ts';
import { pruneEras, pruneMap } from '../../store/map.ts';
import { pruneEntries, pruneTrail } from '../../store/prune.ts';
import type { Sequenced } from './sequence.ts';

/** Epochs before the published one that can still be read: a reader that began before it was published may finish. */
export const KEPT_EPOCHS = 8;
/** Checkpoints, and numbers of changes in their epochs, that are kept for whoever asks again. */
const KEPT_TRAIL = 1_024;
/** Entries and sealed octets are swept every so many epochs: writers wait for it. */
const SWEEP_EVERY = 16;

/** Forgets what the epoch just published made superfluous. Nothing depends on it: what is left over goes another time. */
export async function tidy(ctx: DirectoryContext, { draft }: Sequenced): Promise<void> {
  const { db, log } = ctx;
  const { epoch, era } = draft;
  const now = epoch.leaf.epoch;
  const until = now - KEPT_EPOCHS;
  const touched = epoch.buckets.map(({ index }) => index);
  if (era !== now) await logFailure(log, 'tidy-failed', pruneMap(db, { era, epoch: until }, touched, epoch.nodes));
  if (now % SWEEP_EVERY === 0) await logFailure(log, 'tidy-failed', sweep(ctx, now, era));
}

/** Forgets entries, sealed octets, eras and checkpoints past their time; `era` is that of epoch `now`. */
export async function sweep({ db }: DirectoryContext, now: number, era: number): Promise<void> {
  const until = now - KEPT_EPOCHS;
  await pruneEntries(db, until);
  if (era <= until) await pruneEras(db, era);
  await pruneTrail(db, now - KEPT_TRAIL);
}
