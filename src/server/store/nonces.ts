// An issuer's nonces (§4.6) in the table of single-use things: given once, taken once.
import { and, eq, gt } from 'drizzle-orm';
import type { Db } from './database.ts';
import { uses } from './schema.ts';

/** Keeps a nonce, as its keyed hash, until `until` (seconds). */
export async function saveNonce(db: Db, subject: Uint8Array, until: number): Promise<void> {
  await db.insert(uses).values({ subject, remaining: 1, until });
}

/** Takes a nonce away: true for exactly one of any number of callers, and only before its end. */
export async function takeNonce(db: Db, subject: Uint8Array, now: number): Promise<boolean> {
  const taken = await db
    .delete(uses)
    .where(and(eq(uses.subject, subject), gt(uses.until, now)))
    .returning({ until: uses.until });
  return taken.length > 0;
}
