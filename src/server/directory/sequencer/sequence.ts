// The first half of an epoch: from what waits to a signed checkpoint in the database. Any number of instances may do this at
// once; the compare-and-swap in the commit lets one through, and what the others made is forgotten unseen.
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { formatCheckpoint } from '../../../protocol/log/checkpoint.ts';
import { formatNote, signNote } from '../../../protocol/log/note.ts';
import { formatTlogProof } from '../../../protocol/log/tlog-proof.ts';
import { verifyEpoch } from '../../../protocol/log/verify-epoch.ts';
import { concat } from '../../../protocol/wire.ts';
import type { DirectoryContext } from '../../context.ts';
import { atOnce } from '../../store/at-once.ts';
import { insertConfig } from '../../store/configs.ts';
import { countMerged, replaceEntries } from '../../store/entries.ts';
import { insertHistory } from '../../store/history.ts';
import { lockDirectory, readDepth, writeDepth } from '../../store/locks.ts';
import { advanceHead, insertEpoch } from '../../store/log.ts';
import type { LogState } from '../../store/log-state.ts';
import { insertMap } from '../../store/map.ts';
import { expireRecords, markSequenced, readWaiting, retireRecords } from '../../store/waiting.ts';
import { originOf } from '../keys.ts';
import { nowSeconds } from '../times.ts';
import { chooseBatch, type Batch } from './batch.ts';
import { parseLast, readBefore, readWhole, type LastEpoch } from './before.ts';
import type { EpochConfig } from './config.ts';
import { decideDepth } from './decide.ts';
import { draftChanges, draftDepth, type Draft } from './draft.ts';
import { verifyDraft } from './self-check.ts';
import { stage } from './stage.ts';

/** Changes in one epoch, but for the last of a retired key, which all leave together. */
const BATCH = 10_000;

const NO_CHANGES: Batch = { changes: [], gone: [], come: [], growth: 0, ids: [] };

/** What an epoch that was committed is made of. */
export interface Sequenced {
  readonly draft: Draft;
  readonly batch: Batch;
}

/** Sequences one epoch; undefined where another instance did it first. */
export async function sequence(
  ctx: DirectoryContext,
  state: LogState,
  config: EpochConfig,
): Promise<Sequenced | undefined> {
  const last = parseLast(state);
  // Durable. What waits was committed by the deposits and withdrawals themselves; what ends by itself is filed now, in
  // transactions of its own. If we die after this, it waits with the rest.
  if (state.hasEnded) await expireRecords(ctx.db, nowSeconds(ctx));
  if (config.retired.length > 0) await retireRecords(ctx.db, config.retired);

  // Computed, and checked with the code of those who will judge it. Nothing is written: if we die, nothing happened.
  const made = await stage(ctx, 'make', () => make(ctx, state.size, last, config));
  ctx.log.debug('epoch-made', { epoch: state.size, changes: made.batch.changes.length });

  // Signed. The signature leaves this function only through the database.
  const note = await stage(ctx, 'sign', () => sign(ctx, made.draft));
  ctx.log.debug('epoch-signed', { epoch: state.size });

  // Committed, or not: head, note, leaf, tree, entries, map, histories and the queue change together, and only if the head
  // still is where we read it. Once this returns the epoch stands for ever. If the reply is lost on the way we do not know
  // whether it stands; the next step reads the head and goes on from there, whoever takes it.
  const won = await stage(ctx, 'commit', () => commit(ctx, state, last, config, { ...made, note }));
  if (!won) {
    ctx.log.debug('epoch-lost', { epoch: state.size });
    ctx.metrics.count('epochs_total', { outcome: 'lost' });
    return undefined;
  }
  ctx.log.debug('epoch-committed', { epoch: state.size });
  ctx.metrics.observe('epoch_changes', {}, made.batch.changes.length);
  return made;
}

/** Makes and checks an epoch of another depth, of changes, or a heartbeat. */
async function make(
  ctx: DirectoryContext,
  size: number,
  last: LastEpoch | undefined,
  config: EpochConfig,
): Promise<Sequenced> {
  const { db } = ctx;
  const origin = originOf(ctx);
  const circumstances = { origin, config: config.hash, now: ctx.clock() };
  if (last !== undefined && config.text === undefined) {
    const depth = await chooseDepth(ctx, last);
    if (depth !== last.depth) {
      const before = { ...(await readWhole(db, { size, last })), last };
      const draft = draftDepth(before, circumstances, depth);
      verifyDraft(origin, before, draft);
      return { draft, batch: NO_CHANGES };
    }
  }
  const waiting = await readWaiting(db, config.retired.length > 0 ? Number.MAX_SAFE_INTEGER : BATCH);
  const depth = last?.depth ?? (await readDepth(db, ctx.domain));
  const names = waiting.map(({ name }) => name);
  const before = await readBefore(db, { size, last, depth }, names);
  const records = new Map([...before.buckets].map(([index, bucket]) => [index, bucket.records]));
  const batch = chooseBatch(waiting, depth, records);
  const draft = draftChanges(before, circumstances, batch.changes);
  verifyDraft(origin, before, draft);
  return { draft, batch };
}

/** §6.1: a bucket never holds more than 256, so that a merge which would overfill one waits. */
async function chooseDepth(ctx: DirectoryContext, last: LastEpoch): Promise<number> {
  const depth = decideDepth(last.depth, last.records, ctx.sequencing.depth);
  if (depth >= last.depth) return depth;
  return (await countMerged(ctx.db, depth, last.epoch)) > LIMITS.bucketRecords ? last.depth : depth;
}

/** The note over a draft, looked at as a client looks at `GET /v1/epoch`: a wrong key shows here and not to everybody. */
async function sign(ctx: DirectoryContext, { epoch, root, inclusion }: Draft): Promise<string> {
  const origin = originOf(ctx);
  const size = epoch.leaf.epoch + 1;
  const text = formatCheckpoint({ origin, size, root });
  const note = formatNote(text, [await signNote(text, ctx.logSigner)]);
  const proof = formatTlogProof({ extra: epoch.logLeaf, index: size - 1, hashes: inclusion, checkpoint: note });
  const policy = { origin, log: ctx.logSigner.key, witnesses: [], quorum: 0 };
  const { leaf } = await verifyEpoch(proof, policy, Math.floor(epoch.leaf.time / 1000));
  if (leaf.epoch !== epoch.leaf.epoch) throw new WhereaboutsError('internal-error', 'another epoch was signed');
  return note;
}

async function commit(
  ctx: DirectoryContext,
  { size }: LogState,
  last: LastEpoch | undefined,
  config: EpochConfig,
  { draft, batch, note }: Sequenced & { readonly note: string },
): Promise<boolean> {
  const { epoch, era } = draft;
  const { depth } = epoch.leaf;
  const isNewEra = era === size;
  return ctx.db.transaction(async (tx) => {
    // Deposits count buckets of one depth and file into them: none is half-way while it changes.
    if (isNewEra) await lockDirectory(tx);
    if (!(await advanceHead(tx, ctx.domain, size))) return false;
    if (isNewEra) await writeDepth(tx, ctx.domain, depth);
    if (config.text !== undefined) await insertConfig(tx, { hash: config.hash, text: config.text, firstEpoch: size });
    const stored = {
      epoch: size,
      leaf: epoch.logLeaf,
      changes: draft.changeList,
      era,
      records: (last?.records ?? 0) + batch.growth,
      root: draft.root,
    };
    const checkpoint = { size: size + 1, signed: note, proof: concat(...draft.inclusion) };
    const added = epoch.buckets.flatMap(({ index, entries, history }) =>
      entries.map((entry, i) => ({ bucket: index, n: history.length - entries.length + i, entry })),
    );
    // Each is of a table of its own, so that none waits for another.
    await atOnce(
      insertEpoch(tx, stored, checkpoint, draft.logNodes, depth),
      replaceEntries(tx, size, batch.gone, batch.come),
      insertMap(tx, { era, epoch: size }, epoch.buckets, epoch.nodes),
      insertHistory(tx, era, size, added),
      markSequenced(tx, size, batch.ids),
    );
    return true;
  });
}
