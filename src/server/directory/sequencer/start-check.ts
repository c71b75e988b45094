// Before anything is signed: is this database the newest there is of its log? One restored from a backup would sign a second
// history, and every reader would have proof that the directory lies. Whoever saw the log knows better than the database.
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { formatCheckpoint, type Checkpoint } from '../../../protocol/log/checkpoint.ts';
import { EMPTY_ROOT } from '../../../protocol/log/hash.ts';
import { rootNodes, treeRoot } from '../../../protocol/log/merkle.ts';
import { formatNote, signNote } from '../../../protocol/log/note.ts';
import { openCheckpoint } from '../../../protocol/log/verify-epoch.ts';
import { compareOctets } from '../../../protocol/wire.ts';
import type { DirectoryContext } from '../../context.ts';
import { findCheckpoint, readHead, readLogNodes } from '../../store/log.ts';
import { originOf } from '../keys.ts';
import { nodeReader } from './before.ts';
import { proveGrowth } from './publish.ts';
import { within } from './waiting.ts';

/** How long a start waits for the copy outside the database. */
const READ_MILLISECONDS = 5_000;

const stale = (who: string): WhereaboutsError =>
  new WhereaboutsError(
    'database-stale',
    `${who} has seen a log that this database does not hold: nothing will be signed. It was probably restored from an older ` +
      'backup. Restore the newest state; if that is lost, begin a new log with a new key and another domain',
  );

/** Throws `database-stale` where the published checkpoint or a witness knows more than the database, or something else. */
export async function checkStart(ctx: DirectoryContext): Promise<void> {
  const head = await readHead(ctx.db, ctx.domain);
  const shown = await readShown(ctx);
  if (shown !== undefined) await checkShown(ctx, shown);
  const stored = await findCheckpoint(ctx.db, head.size);
  // A checkpoint of the empty log says nothing that could be contradicted.
  const note = stored?.signed ?? (await signEmpty(ctx));
  const opinions = await ctx.witnesses.ask({
    size: head.size,
    note,
    prove: (old) => proveGrowth(ctx.db, old, head.size),
  });
  for (const { witness, verdict, size = 0 } of opinions) {
    ctx.metrics.count('witness_verdicts_total', { witness, verdict });
    if (verdict === 'cosigned') continue;
    // Another instance of ours may have gone on meanwhile.
    const isAhead = verdict === 'ahead' && size > (await readHead(ctx.db, ctx.domain)).size;
    if (isAhead || verdict === 'forked') throw stale(`the witness ${witness}`);
    ctx.log.warn('witness-unchecked', { witness, verdict });
  }
}

async function readShown({ sequencing }: DirectoryContext): Promise<string | undefined> {
  if (sequencing.shown === undefined) return undefined;
  const found = await within(
    READ_MILLISECONDS,
    sequencing.shown.read().then((note) => ({ note })),
  );
  if (found !== undefined) return found.note;
  throw new WhereaboutsError(
    'config-invalid',
    "nothing is signed without the checkpoint's copy (WHEREABOUTS_CHECKPOINT), and its disk does not answer",
  );
}

async function checkShown(ctx: DirectoryContext, note: string): Promise<void> {
  const checkpoint = await openShown(ctx, note);
  const { size } = await readHead(ctx.db, ctx.domain);
  if (checkpoint.size > size) throw stale('the published checkpoint');
  const nodes = await readLogNodes(ctx.db, rootNodes(checkpoint.size));
  const root = treeRoot(checkpoint.size, nodeReader(nodes));
  if (compareOctets(root, checkpoint.root) !== 0) throw stale('the published checkpoint');
}

async function openShown(ctx: DirectoryContext, note: string): Promise<Checkpoint> {
  try {
    return await openCheckpoint(note, { origin: originOf(ctx), log: ctx.logSigner.key, witnesses: [], quorum: 0 });
  } catch (cause) {
    throw new WhereaboutsError(
      'config-invalid',
      "the checkpoint's copy (WHEREABOUTS_CHECKPOINT) is none that this domain's log key has signed: give the directory the " +
        'log key it had, or, if the copy is damaged or of another log, remove it after making sure that the database is the newest',
      { cause },
    );
  }
}

async function signEmpty(ctx: DirectoryContext): Promise<string> {
  const text = formatCheckpoint({ origin: originOf(ctx), size: 0, root: EMPTY_ROOT });
  return formatNote(text, [await signNote(text, ctx.logSigner)]);
}
