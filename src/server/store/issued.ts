// Attestations an issuer has given out (§4.1), as octets it cannot read without being told their `jti`.
import { and, asc, desc, eq, gt, isNull, lte } from 'drizzle-orm';
import type { Db } from './database.ts';
import { issued } from './schema.ts';

/** One attestation as kept. Times are seconds since 1970. */
export interface IssuedRow {
  readonly issuer: string;
  readonly jtiHash: Uint8Array;
  readonly account: Uint8Array;
  readonly octets: Uint8Array;
  readonly expiresAt: number;
  readonly withdrawnAt: number | null;
  readonly directory: string;
  /** Id of the directory's OPRF key. */
  readonly key: string;
  readonly subject: Uint8Array;
  readonly reference: Uint8Array;
}

/** Keeps an attestation; durable when it returns. */
export async function saveIssued(db: Db, row: Omit<IssuedRow, 'withdrawnAt'>): Promise<void> {
  await db.insert(issued).values(row);
}

export async function findIssued(db: Db, issuer: string, jtiHash: Uint8Array): Promise<IssuedRow | undefined> {
  const [row] = await db
    .select()
    .from(issued)
    .where(and(eq(issued.issuer, issuer), eq(issued.jtiHash, jtiHash)));
  return row;
}

/** Marks an attestation as withdrawn: the first moment stays. */
export async function markWithdrawn(db: Db, issuer: string, jtiHash: Uint8Array, now: number): Promise<void> {
  await db
    .update(issued)
    .set({ withdrawnAt: now })
    .where(and(eq(issued.issuer, issuer), eq(issued.jtiHash, jtiHash), isNull(issued.withdrawnAt)));
}

/** Attestations of an issuer that have not ended, or of one account of it; oldest end first. */
export async function listIssued(db: Db, issuer: string, now: number, account?: Uint8Array): Promise<IssuedRow[]> {
  const whose = account === undefined ? [] : [eq(issued.account, account)];
  return await db
    .select()
    .from(issued)
    .where(and(eq(issued.issuer, issuer), gt(issued.expiresAt, now), ...whose))
    .orderBy(asc(issued.expiresAt));
}

/** Attestations for a subject that have not ended and were not withdrawn, newest end first. */
export async function findStanding(db: Db, issuer: string, subject: Uint8Array, now: number): Promise<IssuedRow[]> {
  return await db
    .select()
    .from(issued)
    .where(
      and(
        eq(issued.issuer, issuer),
        eq(issued.subject, subject),
        gt(issued.expiresAt, now),
        isNull(issued.withdrawnAt),
      ),
    )
    .orderBy(desc(issued.expiresAt));
}

/** Forgets attestations past their end. */
export async function purgeIssued(db: Db, now: number): Promise<void> {
  await db.delete(issued).where(lte(issued.expiresAt, now));
}
