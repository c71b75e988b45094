// Where the log stands and whether there is something to do, in one statement: what every instance asks every second.
import { eq, isNull, lte, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { epochs, logHead, waiting } from './log-schema.ts';
import { readHead, type Head } from './log.ts';
import { records } from './schema.ts';

export interface LogState extends Head {
  /** The newest epoch that is signed; undefined before the first. */
  readonly last:
    | { readonly leaf: Uint8Array; readonly era: number; readonly records: number; readonly root: Uint8Array }
    | undefined;
  /** Changes wait for their epoch. */
  readonly hasWaiting: boolean;
  /** Records have ended and are still in force. */
  readonly hasEnded: boolean;
}

/** `now` in seconds. */
export async function readLogState(db: Db, domain: string, now: number): Promise<LogState> {
  const rows = await db
    .select({
      size: logHead.size,
      published: logHead.published,
      leaf: epochs.leaf,
      era: epochs.era,
      records: epochs.records,
      root: epochs.root,
      hasWaiting: sql<boolean>`exists(select 1 from ${waiting} where ${isNull(waiting.epoch)})`,
      hasEnded: sql<boolean>`exists(select 1 from ${records} where ${lte(records.expiresAt, now)})`,
    })
    .from(logHead)
    .leftJoin(epochs, eq(epochs.epoch, sql`${logHead.size} - 1`))
    .where(eq(logHead.domain, domain));
  const [row] = rows;
  if (row === undefined) {
    await readHead(db, domain);
    return readLogState(db, domain, now);
  }
  const { size, published, leaf, era, root, hasWaiting, hasEnded } = row;
  const last =
    leaf === null || era === null || row.records === null || root === null
      ? undefined
      : { leaf, era, records: row.records, root };
  return { size, published, last, hasWaiting, hasEnded };
}
