// Which attestations their issuers are to be asked about again (§4.1). Any instance may ask: a row is claimed by the statement
// that puts it off, so that no two ask about it, and whoever dies half-way has only put it off. Decides nothing about answers.
import { and, asc, eq, gt, lte, min, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import type { AttestationId } from './records.ts';
import { evidence } from './schema.ts';

const HOUR = 3_600;
const DAY = 86_400;

/** An attestation a live record under `name` rests on. */
export interface DueAttestation extends AttestationId {
  readonly name: Uint8Array;
}

const isDue = (now: number) => and(lte(evidence.recheckAt, now), gt(evidence.expiresAt, now));

/** In an hour, after a second failure in two, and so on up to a day. */
const putOff = (now: number) => ({
  recheckAt: sql`${now}::bigint + least(${DAY}::bigint, ${HOUR}::bigint << least(${evidence.recheckFailures}, 5))`,
  recheckFailures: sql`${evidence.recheckFailures} + 1`,
});

/** Registrable domains of issuers with something due, the longest due first. */
export async function findDueDomains(db: Db, now: number, limit: number): Promise<string[]> {
  const rows = await db
    .select({ domain: evidence.domain })
    .from(evidence)
    .where(isDue(now))
    .groupBy(evidence.domain)
    .orderBy(asc(min(evidence.recheckAt)))
    .limit(limit);
  return rows.map(({ domain }) => domain);
}

/** Takes at most `limit` of what is due for one domain: until the answer is settled they count as having had none. */
export async function claimDue(db: Db, domain: string, now: number, limit: number): Promise<DueAttestation[]> {
  // A common table expression: a plain subquery could be run again for every row, and lock more than the limit.
  const due = db.$with('due').as(
    db
      .select({ name: evidence.name, issuer: evidence.issuer })
      .from(evidence)
      .where(and(eq(evidence.domain, domain), isDue(now)))
      .orderBy(asc(evidence.recheckAt))
      .limit(limit)
      .for('update', { skipLocked: true }),
  );
  return db
    .with(due)
    .update(evidence)
    .set(putOff(now))
    .from(due)
    .where(and(eq(evidence.name, due.name), eq(evidence.issuer, due.issuer)))
    .returning({ name: evidence.name, issuer: evidence.issuer, jti: evidence.jti });
}

/** The issuer answered: asked again at `at`. */
export async function scheduleRecheck(db: Db, { name, issuer, jti }: DueAttestation, at: number): Promise<void> {
  await db
    .update(evidence)
    .set({ recheckAt: at, recheckFailures: 0 })
    .where(and(eq(evidence.name, name), eq(evidence.issuer, issuer), eq(evidence.jti, jti)));
}

/** The issuer did not answer: whatever else is due there waits too. */
export async function postponeIssuer(db: Db, issuer: string, now: number): Promise<void> {
  await db
    .update(evidence)
    .set(putOff(now))
    .where(and(eq(evidence.issuer, issuer), isDue(now)));
}
