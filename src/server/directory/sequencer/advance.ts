// One step of the log (§6.3): look where it stands, finish what is signed, sequence what is due. Run by a timer on Node, by
// cron on Workers, and by every request that waits for its change. Recovery is no other path: a step never asks who died.
import { WhereaboutsError } from '../../../protocol/errors.ts';
import type { DirectoryContext } from '../../context.ts';
import { describeFailure } from '../../failure.ts';
import { readDepth } from '../../store/locks.ts';
import { claimHead, releaseHead } from '../../store/log.ts';
import { readLogState, type LogState } from '../../store/log-state.ts';
import { traced } from '../../trace.ts';
import { nowSeconds } from '../times.ts';
import { parseLast } from './before.ts';
import { chooseConfig, noteConfig, type EpochConfig } from './config.ts';
import { decideDepth, decideStep } from './decide.ts';
import { IDLE, type Done } from './flight.ts';
import { publish } from './publish.ts';
import { sequence, type Sequenced } from './sequence.ts';
import { checkStart } from './start-check.ts';
import { tidy } from './tidy.ts';
import { sleep } from './waiting.ts';

/** How long other instances leave the log to the one at work. Past it they take over; what it does then comes to nothing. */
const CLAIM_MILLISECONDS = 4_000;

/**
 * Takes one step, or joins the one under way in this process. `patient`: waits where it is only too early. Throws
 * `database-stale` where nothing may be signed, `config-invalid` where the operator erred; any other failure is logged, and
 * the next step begins where it left.
 */
export async function advance(ctx: DirectoryContext, options: { readonly patient: boolean }): Promise<Done> {
  // Outside the step: who may not sign at all is told so, each and every one.
  await ctx.flight.start(() => checkStart(ctx));
  return ctx.flight.join(async () => {
    try {
      return await step(ctx, options.patient);
    } catch (error) {
      if (isHopeless(error)) throw error;
      // Our own words hold nothing that was sent.
      const why = error instanceof WhereaboutsError ? { why: error.message } : {};
      ctx.log.error('epoch-failed', { ...describeFailure(error), ...why });
      ctx.metrics.count('epochs_total', { outcome: 'failed' });
      return IDLE;
    }
  });
}

/** Only the operator can help: who waits need not go on. */
const isHopeless = (error: unknown): boolean =>
  error instanceof WhereaboutsError && (error.code === 'config-invalid' || error.code === 'database-stale');

async function step(ctx: DirectoryContext, patient: boolean): Promise<Done> {
  // Refuses a database of another directory before anything else.
  await readDepth(ctx.db, ctx.domain);
  const state = await readLogState(ctx.db, ctx.domain, nowSeconds(ctx));
  const last = parseLast(state);
  const config = await chooseConfig(ctx, last?.config);
  const isDue =
    state.hasWaiting ||
    state.hasEnded ||
    config.text !== undefined ||
    (last !== undefined && decideDepth(last.depth, last.records, ctx.sequencing.depth) > last.depth);
  const next = decideStep({ ...state, last, isDue, now: ctx.clock() }, ctx.sequencing);
  if (next.do === 'wait') {
    if (!patient || next.milliseconds === Infinity) return IDLE;
    await sleep(next.milliseconds);
    return step(ctx, false);
  }
  return underClaim(ctx, () =>
    traced('epoch', {}, () => (next.do === 'publish' ? finish(ctx) : epoch(ctx, state, config))),
  );
}

async function underClaim(ctx: DirectoryContext, work: () => Promise<Done>): Promise<Done> {
  const { db, domain, flight } = ctx;
  const now = ctx.clock();
  const claim = { domain, by: flight.instance, now, until: now + CLAIM_MILLISECONDS };
  if (!(await claimHead(db, claim))) return IDLE;
  // Publication ends the claim with the same stroke. Otherwise it is ended here; if that fails as well, it ends by itself.
  const release = () => releaseHead(db, domain, flight.instance).catch(() => undefined);
  try {
    const done = await work();
    if (done.idle) await release();
    return done;
  } catch (error) {
    await release();
    throw error;
  }
}

async function finish(ctx: DirectoryContext): Promise<Done> {
  await publish(ctx);
  return { published: new Map(), idle: false };
}

async function epoch(ctx: DirectoryContext, state: LogState, config: EpochConfig): Promise<Done> {
  const made = await sequence(ctx, state, config);
  if (made === undefined) return IDLE;
  noteConfig(ctx, config);
  const published = await publish(ctx);
  if (published <= state.size) return IDLE;
  ctx.later(tidy(ctx, made));
  return { published: publishedBy(made), idle: false };
}

const publishedBy = ({ draft, batch }: Sequenced): Map<number, number> =>
  new Map(batch.ids.map((id) => [id, draft.epoch.leaf.epoch]));
