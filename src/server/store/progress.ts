// How far the log is, in one statement: what somebody who watches the directory wants to know.
import { eq, isNull, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { epochs, logHead, waiting } from './log-schema.ts';

export interface Progress {
  /** Epochs everybody sees. */
  readonly published: number;
  /** The newest of them; undefined before the first. */
  readonly newest: { readonly leaf: Uint8Array; readonly records: number } | undefined;
  /** Changes that wait. */
  readonly waiting: number;
}

/** Undefined where the directory never kept a log here. */
export async function findProgress(db: Db, domain: string): Promise<Progress | undefined> {
  const rows = await db
    .select({
      published: logHead.published,
      leaf: epochs.leaf,
      records: epochs.records,
      waiting: sql<number>`(select count(*)::int from ${waiting} where ${isNull(waiting.epoch)})`,
    })
    .from(logHead)
    .leftJoin(epochs, eq(epochs.epoch, sql`${logHead.published} - 1`))
    .where(eq(logHead.domain, domain))
    .prepare('find_progress')
    .execute();
  const [row] = rows;
  if (row === undefined) return undefined;
  const { leaf, records } = row;
  const newest = leaf === null || records === null ? undefined : { leaf, records };
  return { published: row.published, newest, waiting: row.waiting };
}
