// Live records and the octets they stand for (§5.2): what a deposit or a withdrawal reads and writes, many at a time. What outlives
// records is marks.ts. Decides nothing.
import { and, countDistinct, eq, gt, sql } from 'drizzle-orm';
import { concat, formatHex } from '../../protocol/wire.ts';
import { atOnce } from './at-once.ts';
import { chains } from './chain-schema.ts';
import type { Db } from './database.ts';
import { bucketEnd, bucketStart, isIn, nthOf, numberList, octetList, octetRows, textList } from './packing.ts';
import { evidence, records, sealed } from './schema.ts';

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

/** Where a record stands: one of a name's. */
export type RecordPlace = Pick<StoredRecord, 'name' | 'holder'>;

/** All records under `names`, expired ones that nobody has swept yet included. */
export async function findRecords(db: Db, names: readonly Uint8Array[]): Promise<StoredRecord[]> {
  const list = octetList(names);
  const [rows, proofs] = await Promise.all([
    db.select().from(records).where(isIn(records.name, list)),
    db.select().from(evidence).where(isIn(evidence.name, list)),
  ]);
  const proofsOf = Map.groupBy(proofs, placeText);
  return rows.map((row) => ({ ...row, listed: row.listed === 1, evidence: proofsOf.get(placeText(row)) ?? [] }));
}

const placeText = ({ name, holder }: RecordPlace): string => `${formatHex(name)} ${formatHex(holder)}`;

/** Records in force and chains in these buckets, ended ones that nobody has taken out yet included: their entries are still in the map. */
export async function countBuckets(db: Db, depth: number, buckets: readonly number[]): Promise<Map<number, number>> {
  const [start, end] = [bucketStart(sql`k.bucket`, depth), bucketEnd(sql`k.bucket`, depth)];
  const rows = await db
    .select({
      bucket: sql`k.bucket`.mapWith(Number),
      entries: sql`((select count(*) from ${records} where ${records.name} >= ${start} and ${records.name} < ${end})
        + (select count(*) from ${chains} where ${chains.name} >= ${start} and ${chains.name} < ${end}))`.mapWith(
        Number,
      ),
    })
    .from(sql`unnest(${numberList(buckets)}) as k(bucket)`);
  return new Map(rows.map((row) => [row.bucket, row.entries]));
}

/** Live records that rest on attestations from each of `domains` (registrable domains); a domain without any is left out. */
export async function countDomains(db: Db, domains: readonly string[], now: number): Promise<Map<string, number>> {
  if (domains.length === 0) return new Map();
  const rows = await db
    .select({ domain: evidence.domain, live: countDistinct(sql`(${records.name}, ${records.holder})`) })
    .from(evidence)
    .innerJoin(records, and(eq(records.name, evidence.name), eq(records.holder, evidence.holder)))
    .where(and(isIn(evidence.domain, textList(domains)), gt(records.expiresAt, now)))
    .groupBy(evidence.domain);
  return new Map(rows.map(({ domain, live }) => [domain, live]));
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
export async function removeRecords(tx: Db, gone: readonly RecordPlace[]): Promise<void> {
  if (gone.length === 0) return;
  const places = sql`unnest(${octetList(gone.map(({ name }) => name))}, ${octetList(gone.map(({ holder }) => holder))}) as k(name, holder)`;
  for (const table of [evidence, records])
    await tx.execute(
      sql`delete from ${table} using ${places} where ${table.name} = k.name and ${table.holder} = k.holder`,
    );
}

export interface NewRecord {
  readonly record: StoredRecord;
  readonly sealed: Uint8Array;
}

/** Puts records in; whatever stood in their places was removed before. */
export async function insertRecords(tx: Db, come: readonly NewRecord[]): Promise<void> {
  if (come.length === 0) return;
  const rows = come.map(({ record }) => record);
  const n = sql`k.n`;
  const column = (pick: (row: StoredRecord) => Uint8Array) => nthOf(concat(...rows.map(pick)), n, 32);
  const digests = column(({ digest }) => digest);
  const numbers = (pick: (row: StoredRecord) => number) => numberList(rows.map(pick));
  await atOnce(
    // There already where the same octets come back before those of their first time are pruned.
    tx.execute(sql`insert into ${sealed} (digest, octets) select ${digests}, k.octets
      from ${octetRows(come.map((one) => one.sealed))} on conflict do nothing`),
    tx.execute(sql`insert into ${records} (name, holder, digest, length, seq, listed, deposited_at, expires_at, key)
      select ${column(({ name }) => name)}, ${column(({ holder }) => holder)}, ${digests}, k.length, k.seq, k.listed, k.at, k.until, k.key
      from unnest(${numbers(({ length }) => length)}, ${numbers(({ seq }) => seq)}, ${numbers(({ listed }) => (listed ? 1 : 0))},
        ${numbers(({ depositedAt }) => depositedAt)}, ${numbers(({ expiresAt }) => expiresAt)}, ${textList(rows.map(({ key }) => key))})
        with ordinality as k(length, seq, listed, at, until, key, n)`),
    insertEvidence(tx, rows),
  );
}

async function insertEvidence(tx: Db, rows: readonly StoredRecord[]): Promise<void> {
  const proofs = rows.flatMap(({ name, holder, evidence: own }) => own.map((one) => ({ ...one, name, holder })));
  type Proof = (typeof proofs)[number];
  const n = sql`k.n`;
  const column = (pick: (proof: Proof) => Uint8Array, octets = 32) => nthOf(concat(...proofs.map(pick)), n, octets);
  const numbers = (pick: (proof: Proof) => number) => numberList(proofs.map(pick));
  await tx.execute(sql`insert into ${evidence} (name, holder, jti, digest, issuer, domain, issued_at, expires_at, recheck_at)
    select ${column(({ name }) => name)}, ${column(({ holder }) => holder)}, ${column(({ jti }) => jti, 16)},
      ${column(({ digest }) => digest)}, k.issuer, k.domain, k.issued, k.until, k.recheck
    from unnest(${textList(proofs.map(({ issuer }) => issuer))}, ${textList(proofs.map(({ domain }) => domain))},
      ${numbers(({ issuedAt }) => issuedAt)}, ${numbers(({ expiresAt }) => expiresAt)}, ${numbers(({ recheckAt }) => recheckAt)})
      with ordinality as k(issuer, domain, issued, until, recheck, n)`);
}
