// The map in the database (§6.2): leaf data of buckets and the nodes above them, by the epoch that made them.
import { and, asc, desc, eq, lt, lte, sql } from 'drizzle-orm';
import type { HashedNode, TreeNode } from '../../protocol/log/merkle.ts';
import { concat } from '../../protocol/wire.ts';
import { atOnce } from './at-once.ts';
import { newestNode } from './buckets.ts';
import type { Db } from './database.ts';
import { bucketLeaves, mapNodes } from './log-schema.ts';
import { nthOf, numberList } from './packing.ts';

/** A state of the map: its era, and the epoch as of which it is read. */
export interface MapPlace {
  readonly era: number;
  readonly epoch: number;
}

const LEAF_OCTETS = 112;

/** Leaf data of these buckets; one never used is left out. */
export async function readBucketLeaves(
  db: Db,
  { era, epoch }: MapPlace,
  buckets: readonly number[],
): Promise<Map<number, Uint8Array>> {
  if (buckets.length === 0) return new Map();
  const newest = sql`lateral (select ${bucketLeaves.data} from ${bucketLeaves} where ${bucketLeaves.era} = ${era}::bigint
    and ${bucketLeaves.bucket} = k.bucket and ${bucketLeaves.epoch} <= ${epoch}::bigint order by ${bucketLeaves.epoch} desc limit 1) as l`;
  const rows = await db
    .select({ bucket: sql`k.bucket`.mapWith(Number), data: sql`l.data`.mapWith(bucketLeaves.data) })
    .from(sql`unnest(${numberList(buckets)}) as k(bucket)`)
    .innerJoin(newest, sql`true`);
  return new Map(rows.map(({ bucket, data }) => [bucket, data]));
}

/** Leaf data of every used bucket. */
export async function readAllBucketLeaves(db: Db, { era, epoch }: MapPlace): Promise<Map<number, Uint8Array>> {
  const rows = await db
    .selectDistinctOn([bucketLeaves.bucket], { bucket: bucketLeaves.bucket, data: bucketLeaves.data })
    .from(bucketLeaves)
    .where(and(eq(bucketLeaves.era, era), lte(bucketLeaves.epoch, epoch)))
    .orderBy(asc(bucketLeaves.bucket), desc(bucketLeaves.epoch));
  return new Map(rows.map(({ bucket, data }) => [bucket, data]));
}

/** Those of these nodes that are there: where nothing below was ever used, none is. */
export async function readMapNodes(
  db: Db,
  { era, epoch }: MapPlace,
  nodes: readonly TreeNode[],
): Promise<HashedNode[]> {
  if (nodes.length === 0) return [];
  const lists = sql`${numberList(nodes.map(({ level }) => level))}, ${numberList(nodes.map(({ index }) => index))}`;
  // One row with everything: thousands of rows of one hash would cost more to take apart than to find.
  const rows = await db
    .select({
      packed: sql<Uint8Array | null>`string_agg(int4send(k.n::int) || m.hash, ''::bytea)`.mapWith(mapNodes.hash),
    })
    .from(sql`unnest(${lists}) with ordinality as k(level, index, n)`)
    .innerJoin(sql`lateral ${newestNode(sql`${era}::bigint`, sql`${epoch}::bigint`)} as m`, sql`true`);
  const packed = rows[0]?.packed ?? new Uint8Array(0);
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  return Array.from({ length: packed.length / 36 }, (_, i) => ({
    ...(nodes[view.getInt32(36 * i) - 1] ?? { level: 0, index: 0 }),
    hash: packed.subarray(36 * i + 4, 36 * i + 36),
  }));
}

/** Stores what an epoch made of the map. */
export async function insertMap(
  tx: Db,
  { era, epoch }: MapPlace,
  buckets: readonly { readonly index: number; readonly leafData: Uint8Array }[],
  nodes: readonly HashedNode[],
): Promise<void> {
  if (buckets.length === 0) return;
  const data = concat(...buckets.map(({ leafData }) => leafData));
  await atOnce(
    tx.execute(sql`insert into ${bucketLeaves} (era, bucket, epoch, data)
      select ${era}::bigint, k.bucket, ${epoch}::bigint, ${nthOf(data, sql`k.n`, LEAF_OCTETS)}
      from unnest(${numberList(buckets.map(({ index }) => index))}) with ordinality as k(bucket, n)`),
    tx.execute(sql`insert into ${mapNodes} (era, level, index, epoch, hash)
      select ${era}::bigint, k.level, k.index, ${epoch}::bigint, ${nthOf(concat(...nodes.map(({ hash }) => hash)), sql`k.n`, 32)}
      from unnest(${listOf(nodes)}) with ordinality as k(level, index, n)`),
  );
}

const listOf = (nodes: readonly TreeNode[]) =>
  sql`${numberList(nodes.map(({ level }) => level))}, ${numberList(nodes.map(({ index }) => index))}`;

/**
 * Forgets what was made of these buckets and nodes before the version that epoch `until` sees. A version dies only when
 * a newer one of its own place is kept, so that every later epoch stays whole.
 */
export async function pruneMap(
  db: Db,
  { era, epoch: until }: MapPlace,
  buckets: readonly number[],
  nodes: readonly TreeNode[],
): Promise<void> {
  if (buckets.length === 0) return;
  await db.execute(sql`delete from ${bucketLeaves} using unnest(${numberList(buckets)}) as k(bucket)
    where ${bucketLeaves.era} = ${era}::bigint and ${bucketLeaves.bucket} = k.bucket and ${bucketLeaves.epoch} < (select max(l.epoch)
      from ${bucketLeaves} l where l.era = ${era}::bigint and l.bucket = k.bucket and l.epoch <= ${until}::bigint)`);
  await db.execute(sql`delete from ${mapNodes} using unnest(${listOf(nodes)}) as k(level, index)
    where ${mapNodes.era} = ${era}::bigint and ${mapNodes.level} = k.level and ${mapNodes.index} = k.index
      and ${mapNodes.epoch} < (select max(m.epoch) from ${mapNodes} m
        where m.era = ${era}::bigint and m.level = k.level and m.index = k.index and m.epoch <= ${until}::bigint)`);
}

/** Forgets all buckets and nodes of eras before `era`. */
export async function pruneEras(db: Db, era: number): Promise<void> {
  await db.delete(bucketLeaves).where(lt(bucketLeaves.era, era));
  await db.delete(mapNodes).where(lt(mapNodes.era, era));
}
