// Sweeps out what has ended: marks, refused attestations, uses, full quotas. Nobody is told by ended rows, so that nothing
// depends on when this runs. Records that end leave through the log like any other: waiting.ts.
import { lte } from 'drizzle-orm';
import type { Db } from './database.ts';
import { holderMarks, issuerMarks, quotas, uses, withdrawnAttestations } from './schema.ts';

/** How much longer single uses are kept: another instance's clock may be behind. */
const USES_GRACE_SECONDS = 3_600;

/** Removes marks, refused attestations and uses that have ended, and quotas nobody charged since `quotasSince` (ms). */
export async function purgeRest(db: Db, now: number, quotasSince: number): Promise<void> {
  await db.delete(holderMarks).where(lte(holderMarks.until, now));
  await db.delete(issuerMarks).where(lte(issuerMarks.until, now));
  await db.delete(withdrawnAttestations).where(lte(withdrawnAttestations.until, now));
  await db.delete(uses).where(lte(uses.until, now - USES_GRACE_SECONDS));
  await db.delete(quotas).where(lte(quotas.at, quotasSince));
}
