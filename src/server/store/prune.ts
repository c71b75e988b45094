// Forgets versions no reader asks for any more. The log, change lists and histories are never touched: they are for ever.
import { lt, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { lockDirectory } from './locks.ts';
import { checkpoints, entries, waiting } from './log-schema.ts';
import { records, sealed } from './schema.ts';

/** Entries swept while writers wait. */
const BATCH = 1_000;

/**
 * Forgets entries that were replaced in epoch `until` or before, with the sealed octets that no entry, record or waiting
 * change needs any more.
 */
export async function pruneEntries(db: Db, until: number): Promise<void> {
  const old = sql`${entries.to} <= ${until}::bigint`;
  const [row] = await db.select({ name: entries.name }).from(entries).where(old).limit(1);
  if (row === undefined) return;
  await db.transaction(async (tx) => {
    // The same octets may be on their way back in: their deposit holds the directory too, and is over or yet to begin.
    await lockDirectory(tx);
    await tx.execute(sql`with old as (delete from ${entries} where ctid in (select ctid from ${entries} where ${old} limit ${BATCH}::int)
      returning digest)
      delete from ${sealed} using old where ${sealed.digest} = old.digest
        and not exists (select 1 from ${entries} e where e.digest = ${sealed.digest} and (e.to_epoch is null or e.to_epoch > ${until}::bigint))
        and not exists (select 1 from ${records} r where r.digest = ${sealed.digest})
        and not exists (select 1 from ${waiting} w where w.digest = ${sealed.digest} and w.epoch is null)`);
  });
}

/** Forgets checkpoints of logs shorter than `size`, and changes that were part of epochs before that. */
export async function pruneTrail(db: Db, size: number): Promise<void> {
  await db.delete(checkpoints).where(lt(checkpoints.size, size));
  await db.delete(waiting).where(lt(waiting.epoch, size));
}
