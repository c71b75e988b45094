// What only a publication asks of the database: which buckets and eras there are at all, and where a history was new.
import { and, asc, eq, gte, min } from 'drizzle-orm';
import type { Db } from './database.ts';
import { bucketLeaves, eras, history } from './log-schema.ts';

/** Numbers of the buckets that an era's map has leaf data of. */
export async function listUsedBuckets(db: Db, era: number): Promise<number[]> {
  const rows = await db
    .selectDistinct({ bucket: bucketLeaves.bucket })
    .from(bucketLeaves)
    .where(eq(bucketLeaves.era, era));
  return rows.map(({ bucket }) => bucket);
}

/** Numbers of the buckets that have a history in an era, however long ago it ended. */
export async function listHistories(db: Db, era: number): Promise<number[]> {
  const rows = await db.selectDistinct({ bucket: history.bucket }).from(history).where(eq(history.era, era));
  return rows.map(({ bucket }) => bucket);
}

/** Place of the first entry that epoch `since`, or one after it, added to a bucket's history; undefined where none did. */
export async function findNewHistory(
  db: Db,
  bucket: { readonly era: number; readonly bucket: number },
  since: number,
): Promise<number | undefined> {
  const rows = await db
    .select({ n: min(history.n) })
    .from(history)
    .where(and(eq(history.era, bucket.era), eq(history.bucket, bucket.bucket), gte(history.epoch, since)));
  return rows[0]?.n ?? undefined;
}

/** The epochs that began a depth, in order. */
export async function listEras(db: Db): Promise<number[]> {
  const rows = await db.select({ era: eras.era }).from(eras).orderBy(asc(eras.era));
  return rows.map(({ era }) => era);
}
