// Changes that were accepted and wait for their epoch (§6.3). A change is filed in the transaction that accepts it, so that
// neither is ever there without the other; records that end on their own are filed here as well.
import { asc, eq, isNull, lt, lte, max, sql } from 'drizzle-orm';
import type { Entry } from '../../protocol/bucket.ts';
import { concat, formatHex } from '../../protocol/wire.ts';
import type { Db } from './database.ts';
import { lockDirectory } from './locks.ts';
import { logHead, waiting } from './log-schema.ts';
import { isIn, numberList, octetList, unpack } from './packing.ts';
import { evidence, records } from './schema.ts';
import { together } from './together.ts';

/** What one deposit or withdrawal does to a name: these holders leave and this record comes, in one epoch. */
export interface NameChange {
  readonly name: Uint8Array;
  readonly gone: readonly Uint8Array[];
  readonly record?: Omit<Entry, 'name'>;
}

export interface WaitingChange extends NameChange {
  /** Ascends in the order of acceptance within a bucket. */
  readonly id: number;
}

/** Files changes in order, one a name at most; the caller's transaction holds the buckets. Gives their numbers. */
export async function fileChanges(tx: Db, changes: readonly NameChange[]): Promise<number[]> {
  if (changes.length === 0) return [];
  const octets = (pick: (change: NameChange) => Uint8Array | undefined) => octetList(changes.map(pick));
  const filed = tx.$with('filed', { id: waiting.id, name: waiting.name })
    .as(sql`insert into ${waiting} (name, gone, holder, digest, length)
    select k.name, k.gone, k.holder, k.digest, k.length from unnest(${octets(({ name }) => name)}, ${octets(({ gone }) => concat(...gone))},
      ${octets(({ record }) => record?.holder)}, ${octets(({ record }) => record?.digest)}, ${numberList(changes.map(({ record }) => record?.length))})
      with ordinality as k(name, gone, holder, digest, length, n) order by k.n
    returning id, name`);
  const rows = await tx.with(filed).select().from(filed);
  const ids = new Map(rows.map(({ id, name }) => [formatHex(name), id]));
  return changes.map(({ name }) => ids.get(formatHex(name)) ?? 0);
}

/** Changes that wait, in order. */
export async function readWaiting(db: Db, limit: number): Promise<WaitingChange[]> {
  const rows = await db.select().from(waiting).where(isNull(waiting.epoch)).orderBy(asc(waiting.id)).limit(limit);
  return rows.map(({ id, name, gone, holder, digest, length }) => ({
    id,
    name,
    gone: [...unpack(gone, 32)],
    ...(holder === null || digest === null || length === null ? {} : { record: { holder, digest, length } }),
  }));
}

/** These changes are part of `epoch`. */
export async function markSequenced(tx: Db, epoch: number, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(
    sql`update ${waiting} set epoch = ${epoch}::bigint from unnest(${numberList(ids)}) as k(id) where ${waiting.id} = k.id`,
  );
}

/** The epoch a change is part of, once it is published. */
export const findPublishedEpoch = (db: Db, domain: string, id: number): Promise<number | undefined> =>
  publishedEpoch(db, { domain, id });

const publishedEpoch = together(async (db, changes: readonly { readonly domain: string; readonly id: number }[]) => {
  const ids = numberList(changes.map(({ id }) => id));
  const rows = await db
    .select({ id: waiting.id, epoch: waiting.epoch, domain: logHead.domain })
    .from(waiting)
    .innerJoin(logHead, lt(waiting.epoch, logHead.published))
    .where(isIn(waiting.id, ids));
  const found = new Map(rows.map(({ id, domain, epoch }) => [`${id} ${domain}`, epoch ?? undefined]));
  return changes.map(({ id, domain }) => found.get(`${id} ${domain}`));
});

/** The last change filed under `name`, as far as changes are remembered. */
export async function findLastChange(db: Db, name: Uint8Array): Promise<number | undefined> {
  const rows = await db
    .select({ id: max(waiting.id) })
    .from(waiting)
    .where(eq(waiting.name, name));
  return rows[0]?.id ?? undefined;
}

/** Records swept while writers wait. */
const BATCH = 1_000;

/** Takes up to a thousand records that have ended out of force and files that they leave. `now` in seconds. */
export async function expireRecords(db: Db, now: number): Promise<void> {
  await db.transaction(async (tx) => {
    // A deposit may be putting a fresh record in an expired one's place.
    await lockDirectory(tx);
    await leave(
      tx,
      sql`ctid in (select ctid from ${records} where ${lte(records.expiresAt, now)} order by expires_at limit ${BATCH}::int)`,
    );
  });
}

/** Takes every record out of force whose name was made with one of these OPRF keys, and files that they leave (§10). */
export async function retireRecords(db: Db, keys: readonly string[]): Promise<void> {
  await db.transaction(async (tx) => {
    await lockDirectory(tx);
    const list = sql.join(
      keys.map((key) => sql`${key}`),
      sql`, `,
    );
    await leave(tx, sql`${records.key} in (${list})`);
  });
}

/** One statement: what leaves the records is exactly what is filed. */
async function leave(tx: Db, which: ReturnType<typeof sql>): Promise<void> {
  await tx.execute(sql`with gone as (delete from ${records} where ${which} returning name, holder),
    forgotten as (delete from ${evidence} using gone where ${evidence.name} = gone.name and ${evidence.holder} = gone.holder)
    insert into ${waiting} (name, gone) select name, string_agg(holder, ''::bytea order by holder) from gone group by name order by name`);
}
