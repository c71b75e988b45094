// The sweep a directory's doors run every hour. What may go is decided here; the SQL is store/purge.
import type { DirectoryContext, Quota } from '../context.ts';
import { purgeConversations } from '../store/conversations.ts';
import { purgeDescriptions } from '../store/descriptions.ts';
import { findPublished } from '../store/log.ts';
import { purgeRest } from '../store/purge.ts';
import { sweep } from './sequencer/tidy.ts';

const DAY = 86_400;

/** Removes everything that has ended; records leave through the sequencer, and here what is left of them. */
export async function purge(ctx: DirectoryContext): Promise<void> {
  const now = Math.floor(ctx.clock() / 1000);
  await purgeRest(ctx.db, now, ctx.clock() - quotaLife(Object.values(ctx.quotas)) * 1000);
  await purgeDescriptions(ctx.db, now - DAY);
  await purgeConversations(ctx.db, now);
  const published = await findPublished(ctx.db, ctx.domain);
  if (published !== undefined) await sweep(ctx, published.epoch, published.era);
  ctx.log.info('purged');
}

/** Seconds after which every quota is full again, so that forgetting one gives nothing away. */
function quotaLife(quotas: readonly (Quota | number)[]): number {
  const lives = quotas.map((quota) =>
    // One that never refills is kept for its window only by who sets it so; a month is our own patience.
    typeof quota === 'number' || quota.refill === 0 ? 0 : (quota.capacity / quota.refill) * quota.seconds,
  );
  return Math.max(30 * DAY, ...lives);
}
