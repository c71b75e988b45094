// Entries of buckets as the sequencer reads and writes them (§6.1): whole buckets at once, packed, because an epoch touches
// a thousand of them. An epoch's rows are never changed but for the end they get when a later epoch replaces them.
import { and, count, gt, isNull, lte, max, or, sql, type SQL } from 'drizzle-orm';
import type { Entry } from '../../protocol/bucket.ts';
import { concat } from '../../protocol/wire.ts';
import type { Db } from './database.ts';
import { entries } from './log-schema.ts';
import { bucketEnd, bucketStart, nthOf, numberList } from './packing.ts';

const seenAt = (epoch: number): SQL | undefined =>
  and(lte(entries.from, epoch), or(isNull(entries.to), gt(entries.to, epoch)));

/** name ‖ holder ‖ leaf(entry) of every record, ascending: what trees are made of. */
const RECORDS = sql<Uint8Array>`string_agg(${entries.name} || ${entries.holder} || ${entries.leaf}, ''::bytea
  order by ${entries.name}, ${entries.holder})`;

/** As many buckets as one statement reads, some 65,000 records: it takes a tenth of the time any statement may, however large an epoch. */
const AT_ONCE = 1024;

/** Records of these buckets as of `epoch`, 96 octets each; a bucket without any is left out. */
export async function readRecords(
  db: Db,
  depth: number,
  epoch: number,
  buckets: readonly number[],
): Promise<Map<number, Uint8Array>> {
  const read = new Map<number, Uint8Array>();
  for (let at = 0; at < buckets.length; at += AT_ONCE)
    for (const { bucket, records } of await readSome(db, depth, epoch, buckets.slice(at, at + AT_ONCE)))
      read.set(bucket, records);
  return read;
}

/** Bucket by bucket: joined as a whole, the planner at times reads all records for each bucket. */
async function readSome(db: Db, depth: number, epoch: number, buckets: readonly number[]) {
  const [start, end] = [bucketStart(sql`k.bucket`, depth), bucketEnd(sql`k.bucket`, depth)];
  const found = db
    .select({ records: RECORDS.as('records') })
    .from(entries)
    .where(and(sql`${entries.name} >= ${start} and ${entries.name} < ${end}`, seenAt(epoch)))
    .as('r');
  return await db
    .select({ bucket: sql`k.bucket`.mapWith(Number), records: sql`r.records`.mapWith(entries.leaf) })
    .from(sql`unnest(${numberList(buckets)}) as k(bucket)`)
    .crossJoinLateral(found)
    .where(sql`r.records is not null`);
}

/** Records of all buckets as of `epoch`. */
export const readAllRecords = (db: Db, depth: number, epoch: number): Promise<Map<number, Uint8Array>> =>
  readRecords(
    db,
    depth,
    epoch,
    Array.from({ length: 2 ** depth }, (_, bucket) => bucket),
  );

/** The top `depth` bits of a name. */
function bucketOf(depth: number): SQL {
  const octet = (at: number) =>
    sql`(get_byte(${entries.name}, ${sql.raw(String(at))})::bigint << ${sql.raw(String(24 - 8 * at))})`;
  return sql`((${octet(0)} | ${octet(1)} | ${octet(2)} | ${octet(3)}) >> ${sql.raw(String(32 - depth))})`;
}

/** An entry as it comes into the map. */
export interface NewEntry extends Entry {
  readonly leaf: Uint8Array;
}

/** From `epoch` on the places in `gone` are empty, or taken by `come`. */
export async function replaceEntries(
  tx: Db,
  epoch: number,
  gone: readonly { readonly name: Uint8Array; readonly holder: Uint8Array }[],
  come: readonly NewEntry[],
): Promise<void> {
  const n = sql`k.n`;
  if (gone.length > 0)
    await tx.execute(sql`update ${entries} set to_epoch = ${epoch}::bigint from generate_series(1, ${gone.length}::int) as k(n)
      where ${entries.name} = ${nthOf(concat(...gone.map(({ name }) => name)), n, 32)}
      and ${entries.holder} = ${nthOf(concat(...gone.map(({ holder }) => holder)), n, 32)} and ${entries.to} is null`);
  if (come.length > 0)
    await tx.execute(sql`insert into ${entries} (name, holder, digest, leaf, length, from_epoch)
      select ${nthOf(concat(...come.map(({ name }) => name)), n, 32)}, ${nthOf(concat(...come.map(({ holder }) => holder)), n, 32)},
        ${nthOf(concat(...come.map(({ digest }) => digest)), n, 32)}, ${nthOf(concat(...come.map(({ leaf }) => leaf)), n, 32)},
        k.length, ${epoch}::bigint
      from unnest(${numberList(come.map(({ length }) => length))}) with ordinality as k(length, n)`);
}

/** The most records a bucket would hold at `depth`. */
export async function countMerged(db: Db, depth: number, epoch: number): Promise<number> {
  const counts = db
    .select({ records: count().as('records') })
    .from(entries)
    .where(seenAt(epoch))
    .groupBy(bucketOf(depth))
    .as('counts');
  const rows = await db.select({ most: max(counts.records).mapWith(Number) }).from(counts);
  return rows[0]?.most ?? 0;
}
