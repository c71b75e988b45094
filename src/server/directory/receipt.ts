// The answer to a change (§5.2): given once its epoch is published, with what proves it to anybody, offline. The change was
// durable before; whoever is not answered in time asks again and gets the same.
import { ENTRY_OCTETS } from '../../protocol/bucket.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { concat, equalOctets } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { findLastChange, findPublishedEpoch } from '../store/waiting.ts';
import { proveName, proveNameAt, type ProvenBucket } from './published.ts';
import { advance } from './sequencer/advance.ts';
import { sleep, within } from './sequencer/waiting.ts';

/** How often one that waits for another instance's work looks. */
const LOOK_MILLISECONDS = 40;
const RETRY_SECONDS = 2;

/** Waits until the change with this number is published; gives its epoch. `overloaded` when that takes too long. */
export async function awaitEpoch(ctx: DirectoryContext, id: number): Promise<number> {
  let isLate = false;
  const epoch = await within(
    ctx.sequencing.patience,
    look(ctx, id, () => isLate),
  );
  isLate = true;
  if (epoch !== undefined) return epoch;
  throw new WhereaboutsError('overloaded', 'the change is kept and waits for its epoch', {
    extensions: { retryAfter: RETRY_SECONDS },
  });
}

/** Steps, or lets others step, until the change is in. */
async function look(ctx: DirectoryContext, id: number, isLate: () => boolean): Promise<number | undefined> {
  while (!isLate()) {
    const { published, idle } = await advance(ctx, { patient: true });
    const epoch = published.get(id) ?? (await findPublishedEpoch(ctx.db, ctx.domain, id));
    if (epoch !== undefined) return epoch;
    if (idle) await sleep(LOOK_MILLISECONDS);
  }
  return undefined;
}

/** What is deposited, as far as its receipt is concerned. */
interface Deposited {
  readonly name: Uint8Array;
  readonly holder: Uint8Array;
  readonly digest: Uint8Array;
}

/** The receipt for a record: of the newest epoch that has it. `record-stale` where it was replaced before anybody asked. */
export async function proveDeposit(
  ctx: DirectoryContext,
  deposited: Deposited,
  id: number | undefined,
): Promise<ProvenBucket> {
  const { proven } = await findProof(ctx, deposited, id);
  if (proven === undefined) throw new WhereaboutsError('record-stale', 'the record was replaced meanwhile');
  return proven;
}

/** The receipt for a link: of an epoch where its chain ends with it, or where that has grown on. */
export async function proveChain(ctx: DirectoryContext, chain: Deposited, id: number): Promise<ProvenBucket> {
  const { proven, newest } = await findProof(ctx, chain, id);
  return proven ?? newest;
}

/** The bucket in the newest epoch, and in one that has exactly this. */
async function findProof(ctx: DirectoryContext, deposited: Deposited, id: number | undefined) {
  const epoch = id === undefined ? undefined : await awaitEpoch(ctx, id);
  const newest = await proveName(ctx, deposited.name, epoch);
  if (holds(newest, deposited)) return { proven: newest, newest };
  const then = epoch === undefined ? undefined : await proveNameAt(ctx, deposited.name, epoch);
  return { proven: then !== undefined && holds(then, deposited) ? then : undefined, newest };
}

/** The receipt for a deposit that was accepted before. */
export const proveRepeated = async (ctx: DirectoryContext, deposited: Deposited): Promise<ProvenBucket> =>
  proveDeposit(ctx, deposited, await findLastChange(ctx.db, deposited.name));

/** The bucket of `name` once everything accepted under it is published: the receipt for a withdrawal. */
export async function proveLatest(ctx: DirectoryContext, name: Uint8Array): Promise<ProvenBucket> {
  const last = await findLastChange(ctx.db, name);
  const epoch = last === undefined ? undefined : await awaitEpoch(ctx, last);
  return proveName(ctx, name, epoch);
}

/** Looked for as it is written: entries are in order, and so many that taking them all apart is most of a receipt. */
function holds({ index }: ProvenBucket, { name, holder, digest }: Deposited): boolean {
  const wanted = concat(name, holder, digest);
  for (let at = 0; at < index.length; at += ENTRY_OCTETS)
    if (equalOctets(index.subarray(at, at + wanted.length), wanted)) return true;
  return false;
}
