// The sweep an issuer's doors run every hour: attestations past their end, nonces nobody used, quotas long full again.
import type { IssuerContext } from '../context.ts';
import { purgeDescriptions } from '../store/descriptions.ts';
import { purgeIssued } from '../store/issued.ts';
import { purgeRest } from '../store/purge.ts';

const DAY = 86_400;
/** The database may be a directory's too, whose quotas may take this long to be full again. */
const QUOTA_SECONDS = 400 * DAY;

/** Removes everything that has ended. */
export async function purgeIssuer(ctx: IssuerContext): Promise<void> {
  const now = Math.floor(ctx.clock() / 1000);
  await purgeIssued(ctx.db, now);
  await purgeRest(ctx.db, now, ctx.clock() - QUOTA_SECONDS * 1000);
  await purgeDescriptions(ctx.db, now - DAY);
}
