// Checks that a log only grew since its last checkpoint was seen (§6.6, L6). Who keeps checkpoints, and where, is the client's.
import { WhereaboutsError } from '../errors.ts';
import { compareOctets } from '../wire.ts';
import { verifyConsistency } from './merkle-verify.ts';

/** As much of a checkpoint as growth needs. */
export interface Seen {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * Checks `now` against the checkpoint seen before. Smaller throws `checkpoint-stale`, same-sized and different
 * `log-forked`, larger without a proof that holds `consistency-invalid`: the last two with both notes are evidence.
 */
export function verifyGrowth(seen: Seen, now: Seen, proof: readonly Uint8Array[]): void {
  if (now.size < seen.size) throw new WhereaboutsError('checkpoint-stale', 'the log was larger before');
  if (now.size === seen.size && compareOctets(now.root, seen.root) !== 0)
    throw new WhereaboutsError('log-forked', 'two roots of one size');
  // The empty log is the beginning of every log.
  if (seen.size === 0) return;
  verifyConsistency({ old: seen.size, size: now.size, oldRoot: seen.root, root: now.root, proof });
}
