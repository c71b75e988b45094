// What outlives records, so that nothing comes back by replay (§5.2): the highest `seq` of each holder, the newest attestation of each
// issuer, and attestations that were withdrawn. Many at a time.
import { sql } from 'drizzle-orm';
import { concat, formatHex } from '../../protocol/wire.ts';
import type { Db } from './database.ts';
import { nthOf, numberList, octetList, textList } from './packing.ts';
import type { AttestationId, RecordPlace } from './records.ts';
import { holderMarks, issuerMarks, withdrawnAttestations } from './schema.ts';
import { together } from './together.ts';

export interface HolderMark extends RecordPlace {
  readonly seq: number;
}

export interface IssuerMark extends RecordPlace {
  readonly issuer: string;
  /** Of its newest attestation, in seconds; `holder` is whose that is. */
  readonly issuedAt: number;
}

/** The highest `seq` ever accepted at each of these places; a place that never was is left out. */
export async function findHolderMarks(db: Db, places: readonly RecordPlace[]): Promise<HolderMark[]> {
  const wanted = sql`unnest(${octetList(places.map(({ name }) => name))}, ${octetList(places.map(({ holder }) => holder))}) as k(name, holder)`;
  return db
    .select({ name: holderMarks.name, holder: holderMarks.holder, seq: holderMarks.seq })
    .from(holderMarks)
    .innerJoin(wanted, sql`${holderMarks.name} = k.name and ${holderMarks.holder} = k.holder`);
}

/** The same for one place, asked together with others. */
export const findHolderMark = together(async (db: Db, places: readonly RecordPlace[]) => {
  const nameOf = ({ name, holder }: RecordPlace) => formatHex(concat(name, holder));
  const found = new Map((await findHolderMarks(db, places)).map((mark) => [nameOf(mark), mark]));
  return places.map((place) => found.get(nameOf(place)));
});

/** The newest attestation ever accepted from each of these issuers under these names. */
export async function findIssuerMarks(
  db: Db,
  wanted: readonly { readonly name: Uint8Array; readonly issuer: string }[],
): Promise<IssuerMark[]> {
  const { name, issuer, holder, issuedAt } = issuerMarks;
  const k = sql`unnest(${octetList(wanted.map((one) => one.name))}, ${textList(wanted.map((one) => one.issuer))}) as k(name, issuer)`;
  return db
    .select({ name, issuer, holder, issuedAt })
    .from(issuerMarks)
    .innerJoin(k, sql`${name} = k.name and ${issuer} = k.issuer`);
}

/** Those of these attestations that were withdrawn by their issuers. */
export async function findWithdrawn(db: Db, attestations: readonly AttestationId[]): Promise<AttestationId[]> {
  const { issuer, jti } = withdrawnAttestations;
  const k = sql`unnest(${textList(attestations.map((one) => one.issuer))}, ${octetList(attestations.map((one) => one.jti))}) as k(issuer, jti)`;
  return db
    .select({ issuer, jti })
    .from(withdrawnAttestations)
    .innerJoin(k, sql`${issuer} = k.issuer and ${jti} = k.jti`);
}

/** Remembers each `seq` until `until`; marks only rise. One a place. */
export async function markHolders(tx: Db, marks: readonly HolderMark[], until: number): Promise<void> {
  if (marks.length === 0) return;
  await tx.execute(sql`insert into ${holderMarks} (name, holder, seq, until)
    select k.name, k.holder, k.seq, ${until}::bigint
    from unnest(${octetList(marks.map(({ name }) => name))}, ${octetList(marks.map(({ holder }) => holder))},
      ${numberList(marks.map(({ seq }) => seq))}) as k(name, holder, seq)
    on conflict (name, holder) do update set seq = greatest(${holderMarks.seq}, excluded.seq), until = excluded.until`);
}

/** Remembers each issuer's newest attestation under a name until `until`; the decision made sure that none is older. */
export async function markIssuers(tx: Db, marks: readonly IssuerMark[], until: number): Promise<void> {
  if (marks.length === 0) return;
  const column = (pick: (mark: IssuerMark) => Uint8Array) => nthOf(concat(...marks.map(pick)), sql`k.n`, 32);
  await tx.execute(sql`insert into ${issuerMarks} (name, holder, issuer, issued_at, until)
    select ${column(({ name }) => name)}, ${column(({ holder }) => holder)}, k.issuer, k.issued, ${until}::bigint
    from unnest(${textList(marks.map(({ issuer }) => issuer))}, ${numberList(marks.map(({ issuedAt }) => issuedAt))})
      with ordinality as k(issuer, issued, n)
    on conflict (name, issuer) do update set holder = excluded.holder, issued_at = excluded.issued_at, until = excluded.until`);
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
