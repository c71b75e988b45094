// Writing histories of buckets (§6.1): appended with the epoch that made them and never changed. Reading is buckets.ts.
import { sql } from 'drizzle-orm';
import type { HistoryEntry } from '../../protocol/log/history.ts';
import { concat } from '../../protocol/wire.ts';
import type { Db } from './database.ts';
import { history } from './log-schema.ts';
import { nthOf, numberList } from './packing.ts';

export interface NewHistory {
  readonly bucket: number;
  /** Place in the bucket's history, from 0. */
  readonly n: number;
  readonly entry: HistoryEntry;
}

/** Appends to histories of an era; all of one epoch. */
export async function insertHistory(tx: Db, era: number, epoch: number, added: readonly NewHistory[]): Promise<void> {
  if (added.length === 0) return;
  const column = (pick: (entry: HistoryEntry) => Uint8Array) =>
    nthOf(concat(...added.map(({ entry }) => pick(entry))), sql`k.ordinality`, 32);
  await tx.execute(sql`insert into ${history} (era, bucket, n, epoch, name, holder, value)
    select ${era}::bigint, k.bucket, k.n, ${epoch}::bigint, ${column(({ name }) => name)}, ${column(({ holder }) => holder)},
      ${column((entry) => entry.new)}
    from unnest(${numberList(added.map(({ bucket }) => bucket))}, ${numberList(added.map(({ n }) => n))})
      with ordinality as k(bucket, n, ordinality)`);
}
