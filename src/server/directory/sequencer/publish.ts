// The second half of an epoch, and all of recovery: an epoch that is signed and durable is shown to witnesses, then to
// everybody. Takes nothing from whoever signed it but what is in the database, so that any instance can do it, at any time.
import { formatBase64 } from '../../../protocol/wire.ts';
import { consistencyNodes, makeConsistency } from '../../../protocol/log/merkle.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import type { DirectoryContext } from '../../context.ts';
import { logFailure } from '../../failure.ts';
import type { Db } from '../../store/database.ts';
import { findCheckpoint, publishHead, readHead, readLogNodes } from '../../store/log.ts';
import { nodeReader } from './before.ts';
import { stage } from './stage.ts';
import { within } from './waiting.ts';

/** How long everybody waits for the copy outside the database. */
const COPY_MILLISECONDS = 1_000;

/** Publishes the signed epoch, if there is one; gives the length of the log everybody sees then. */
export async function publish(ctx: DirectoryContext): Promise<number> {
  const { db, domain, log, metrics } = ctx;
  const { size, published } = await readHead(db, domain);
  if (size === published) return published;
  const checkpoint = await findCheckpoint(db, size);
  if (checkpoint === undefined) throw new WhereaboutsError('internal-error', 'the signed checkpoint is missing');

  // Witnesses. Nobody waits for one of them longer than a second, and none is needed: how many signed is the reader's to judge.
  const { signed } = checkpoint;
  const opinions = await stage(ctx, 'witness', () =>
    ctx.witnesses.ask({ size, note: signed, prove: (old) => proveGrowth(db, old, size) }),
  );
  const lines: string[] = [];
  for (const { witness, verdict, line } of opinions) {
    metrics.count('witness_verdicts_total', { witness, verdict });
    if (line !== undefined) lines.push(line);
    // `ahead`: another instance was quicker, and this epoch is published already. `forked` cannot be after the check at start,
    // unless the log key signs elsewhere too.
    else log.warn('witness-missing', { witness, verdict, size });
  }
  log.debug('epoch-witnessed', { size, witnesses: lines.length });

  // Publication: one more compare-and-swap, so that of several instances one decides whose lines are shown. If we die before
  // it, the next run asks the witnesses again, who have cosigned this very checkpoint and do so once more.
  const note = signed + lines.join('');
  const isOurs = await stage(ctx, 'publish', () => publishHead(db, domain, size, note));
  ctx.reading?.forget();
  if (!isOurs) return (await readHead(db, domain)).published;
  log.debug('epoch-published', { size });
  metrics.count('epochs_total', { outcome: 'published' });

  // From here on everybody sees it. The copy outside the database is for the check at start alone: without it the next start
  // knows less, and nothing else is lost.
  await logFailure(
    log,
    'checkpoint-unwritten',
    stage(ctx, 'copy', () => copyOut(ctx, size, note)),
  );
  return size;
}

/** A disk that hangs is left to itself, like a witness: those who wait for the epoch wait no longer. */
async function copyOut({ sequencing, log }: DirectoryContext, size: number, note: string): Promise<void> {
  if (sequencing.shown === undefined) return;
  const written = sequencing.shown.write(size, note).then(() => true);
  if ((await within(COPY_MILLISECONDS, written)) === undefined) log.warn('checkpoint-unwritten', { size, late: true });
}

/** Consistency proof between two sizes of the log, in base64. */
export async function proveGrowth(db: Db, old: number, size: number): Promise<string[]> {
  const nodes = await readLogNodes(db, consistencyNodes(old, size));
  return makeConsistency(old, size, nodeReader(nodes)).map(formatBase64);
}
