// Live records and what outlives them (§5.2): what a deposit or a withdrawal reads and writes. Decides nothing.
import { and, count, countDistinct, eq, gt, gte, inArray, lt, ne, sql } from 'drizzle-orm';
import { bucketRange } from '../../protocol/bucket.ts';
import { equalOctets } from '../../protocol/wire.ts';
import type { Db } from './database.ts';
import { evidence, holderMarks, issuerMarks, records, sealed, withdrawnAttestations } from './schema.ts';

/** What tells one attestation from every other. */
export interface AttestationId {
  readonly issuer: string;
  readonly jti: Uint8Array;
}

/** One attestation a record rests on. Times in seconds. */
export interface Evidence extends AttestationId {
  readonly digest: Uint8Array;
  /** Registrable domain of the issuer. */
  readonly domain: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** When its issuer is asked again whether it stands (§4.1). */
  readonly recheckAt: number;
}

export interface StoredRecord {
  readonly name: Uint8Array;
  readonly holder: Uint8Array;
  readonly digest: Uint8Array;
  readonly length: number;
  readonly seq: number;
  readonly listed: boolean;
  readonly depositedAt: number;
  readonly expiresAt: number;
  /** Id of the OPRF key the name was first filed under. */
  readonly key: string;
  readonly evidence: readonly Evidence[];
}

export interface IssuerMark {
  readonly issuer: string;
  readonly holder: Uint8Array;
  readonly issuedAt: number;
}

/** All records under `name`, expired ones that nobody has swept yet included. */
export async function findRecords(db: Db, name: Uint8Array): Promise<StoredRecord[]> {
  const [rows, proofs] = await Promise.all([
    db.select().from(records).where(eq(records.name, name)).prepare('find_records').execute(),
    db.select().from(evidence).where(eq(evidence.name, name)).prepare('find_evidence').execute(),
  ]);
  return rows.map((row) => ({
    ...row,
    listed: row.listed === 1,
    evidence: proofs.filter(({ holder }) => equalOctets(holder, row.holder)),
  }));
}

/** The highest `seq` ever accepted from `holder` under `name`. */
export async function findHolderMark(db: Db, name: Uint8Array, holder: Uint8Array): Promise<number | undefined> {
  const rows = await db
    .select({ seq: holderMarks.seq })
    .from(holderMarks)
    .where(and(eq(holderMarks.name, name), eq(holderMarks.holder, holder)))
    .prepare('find_holder_mark')
    .execute();
  return rows[0]?.seq;
}

export async function findIssuerMarks(db: Db, name: Uint8Array, issuers: readonly string[]): Promise<IssuerMark[]> {
  return db
    .select({ issuer: issuerMarks.issuer, holder: issuerMarks.holder, issuedAt: issuerMarks.issuedAt })
    .from(issuerMarks)
    .where(and(eq(issuerMarks.name, name), inArray(issuerMarks.issuer, [...issuers])))
    .prepare('find_issuer_marks')
    .execute();
}

/** Whether one of these attestations was withdrawn by its issuer. */
export async function findWithdrawn(db: Db, attestations: readonly AttestationId[]): Promise<boolean> {
  const rows = await db
    .select()
    .from(withdrawnAttestations)
    .where(
      inArray(
        withdrawnAttestations.jti,
        attestations.map(({ jti }) => jti),
      ),
    )
    .prepare('find_withdrawn')
    .execute();
  return rows.some((row) => attestations.some((one) => one.issuer === row.issuer && equalOctets(one.jti, row.jti)));
}

/** Records in force in a bucket, ended ones that nobody has taken out yet included: their entries are still in the map. */
export async function countBucket(db: Db, depth: number, bucket: number): Promise<number> {
  const { from, to } = bucketRange(depth, bucket);
  const rows = await db
    .select({ records: count() })
    .from(records)
    .where(and(gte(records.name, from), to === undefined ? undefined : lt(records.name, to)))
    .prepare('count_bucket')
    .execute();
  return rows[0]?.records ?? 0;
}

/** Live records that rest on an attestation from `domain` (a registrable domain), those under `name` left out. */
export async function countDomain(db: Db, domain: string, name: Uint8Array, now: number): Promise<number> {
  const rows = await db
    .select({ live: countDistinct(sql`(${records.name}, ${records.holder})`) })
    .from(evidence)
    .innerJoin(records, and(eq(records.name, evidence.name), eq(records.holder, evidence.holder)))
    .where(and(eq(evidence.domain, domain), ne(evidence.name, name), gt(records.expiresAt, now)))
    .prepare('count_domain')
    .execute();
  return rows[0]?.live ?? 0;
}

/** Names of records whose evidence holds this attestation. */
export async function findAttested(db: Db, { issuer, jti }: AttestationId): Promise<Uint8Array[]> {
  const rows = await db
    .select({ name: evidence.name })
    .from(evidence)
    .where(and(eq(evidence.issuer, issuer), eq(evidence.jti, jti)));
  return rows.map(({ name }) => name);
}

/** Takes records out of force: rows and evidence. Sealed octets stay until no published epoch has the record (prune.ts). */
export async function removeRecords(tx: Db, gone: readonly StoredRecord[]): Promise<void> {
  for (const { name, holder } of gone) {
    await Promise.all([
      tx.delete(evidence).where(and(eq(evidence.name, name), eq(evidence.holder, holder))),
      tx.delete(records).where(and(eq(records.name, name), eq(records.holder, holder))),
    ]);
  }
}

/** Puts a record in; whatever stood in its place was removed before. */
export async function insertRecord(tx: Db, record: StoredRecord, octets: Uint8Array): Promise<void> {
  const { evidence: proofs, listed, ...row } = record;
  const { name, holder } = row;
  await Promise.all([
    // There already where the same octets come back before those of their first time are pruned.
    tx.insert(sealed).values({ digest: row.digest, octets }).onConflictDoNothing().prepare('insert_sealed').execute(),
    tx
      .insert(records)
      .values({ ...row, listed: listed ? 1 : 0 })
      .prepare('insert_record')
      .execute(),
    tx
      .insert(evidence)
      .values(proofs.map((proof) => ({ ...proof, name, holder })))
      .prepare('insert_evidence')
      .execute(),
  ]);
}

/** Remembers a `seq` until `until`; marks only rise. */
export async function markHolder(
  tx: Db,
  mark: { readonly name: Uint8Array; readonly holder: Uint8Array; readonly seq: number; readonly until: number },
): Promise<void> {
  await tx
    .insert(holderMarks)
    .values(mark)
    .onConflictDoUpdate({
      target: [holderMarks.name, holderMarks.holder],
      set: { seq: sql`greatest(${holderMarks.seq}, excluded.seq)`, until: sql`excluded.until` },
    })
    .prepare('mark_holder')
    .execute();
}

/** Remembers each issuer's newest attestation under `name` until `until`; the decision made sure that none is older. */
export async function markIssuers(
  tx: Db,
  mark: {
    readonly name: Uint8Array;
    readonly holder: Uint8Array;
    readonly evidence: readonly Evidence[];
    readonly until: number;
  },
): Promise<void> {
  const { name, holder, until } = mark;
  await tx
    .insert(issuerMarks)
    .values(mark.evidence.map(({ issuer, issuedAt }) => ({ name, issuer, holder, issuedAt, until })))
    .onConflictDoUpdate({
      target: [issuerMarks.name, issuerMarks.issuer],
      set: { holder: sql`excluded.holder`, issuedAt: sql`excluded.issued_at`, until: sql`excluded.until` },
    })
    .prepare('mark_issuers')
    .execute();
}

/** Refuses an attestation until its end. */
export async function markWithdrawn(tx: Db, { issuer, jti }: AttestationId, until: number): Promise<void> {
  await tx
    .insert(withdrawnAttestations)
    .values({ issuer, jti, until })
    .onConflictDoUpdate({
      target: [withdrawnAttestations.issuer, withdrawnAttestations.jti],
      set: { until: sql`greatest(${withdrawnAttestations.until}, excluded.until)` },
    });
}
