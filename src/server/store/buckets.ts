// Buckets as readers get them at a published epoch (§6.5): entries, what proves them, sealed records, histories. Everything
// is versioned by epoch, so that an epoch being written stands beside what is read and never in it.
import { and, asc, eq, exists, gt, gte, isNull, lt, lte, or, sql, type SQL } from 'drizzle-orm';
import { bucketRange } from '../../protocol/bucket.ts';
import type { Db } from './database.ts';
import { bucketLeaves, entries, history, logHead, mapNodes } from './log-schema.ts';
import { sealed } from './schema.ts';
import { builtOnce } from './statement.ts';

/** A bucket at an epoch. */
export interface Place {
  readonly era: number;
  readonly depth: number;
  readonly epoch: number;
  readonly bucket: number;
}

const seenAt = (epoch: number): SQL | undefined =>
  and(lte(entries.from, epoch), or(isNull(entries.to), gt(entries.to, epoch)));

const isIn = ({ depth, bucket }: Place): SQL | undefined => {
  const { from, to } = bucketRange(depth, bucket);
  return and(gte(entries.name, from), to === undefined ? undefined : lt(entries.name, to));
};

/** The newest node of the map at k.level, k.index as of an epoch, as a row with its hash. */
export const newestNode = (era: SQL, epoch: SQL): SQL =>
  sql`(select ${mapNodes.hash} from ${mapNodes} where ${mapNodes.era} = ${era} and ${mapNodes.level} = k.level
    and ${mapNodes.index} = k.index and ${mapNodes.epoch} <= ${epoch} order by ${mapNodes.epoch} desc limit 1)`;

export interface ReadBucket {
  /** Entries of the bucket, one after the other (§6.1). */
  readonly index: Uint8Array;
  /** Empty where the bucket was never used. */
  readonly leafData: Uint8Array;
  /** Nodes of the map beside its path, by level; none where nothing below was ever used. */
  readonly beside: ReadonlyMap<number, Uint8Array>;
  /** Epochs published when this was read: of an epoch much older than that, rows may be gone. */
  readonly published: number;
}

const { placeholder } = sql;
const levelsAsked = sql`${placeholder('levels')}::text::bigint[], ${placeholder('siblings')}::text::bigint[]`;
const [eraAsked, epochAsked] = [sql`${placeholder('era')}::bigint`, sql`${placeholder('epoch')}::bigint`];

const bucketQuery = builtOnce((db) => {
  const index = sql<Uint8Array | null>`(select string_agg(name || holder || digest || int4send(length), ''::bytea order by name, holder)
    from ${entries} where name >= ${placeholder('from')}::bytea and name < ${placeholder('to')}::bytea
    and from_epoch <= ${epochAsked} and (to_epoch is null or to_epoch > ${epochAsked}))`;
  const leafData = sql<Uint8Array | null>`(select data from ${bucketLeaves} where era = ${eraAsked} and bucket = ${placeholder('bucket')}::bigint
    and epoch <= ${epochAsked} order by epoch desc limit 1)`;
  const beside = sql<Uint8Array | null>`(select string_agg(int4send(k.level::int) || m.hash, ''::bytea)
    from unnest(${levelsAsked}) as k(level, index) cross join lateral ${newestNode(eraAsked, epochAsked)} as m)`;
  return db
    .select({
      index: index.mapWith(entries.leaf),
      leafData: leafData.mapWith(bucketLeaves.data),
      beside: beside.mapWith(mapNodes.hash),
      published: logHead.published,
    })
    .from(logHead)
    .where(eq(logHead.domain, placeholder('domain')))
    .prepare('read_bucket');
});

/** A bucket with what proves it, in one statement. */
export async function readBucket(db: Db, domain: string, place: Place): Promise<ReadBucket> {
  const { era, depth, epoch, bucket } = place;
  const levels = Array.from({ length: depth }, (_, level) => level);
  const siblings = levels.map((level) => {
    const at = Math.floor(bucket / 2 ** level);
    return at % 2 === 0 ? at + 1 : at - 1;
  });
  const { from, to = PAST_ALL } = bucketRange(depth, bucket);
  const range = { from, to, levels: `{${levels.join(',')}}`, siblings: `{${siblings.join(',')}}` };
  const [row] = await bucketQuery(db).execute({ domain, era, epoch, bucket, ...range });
  return {
    index: row?.index ?? NOTHING,
    leafData: row?.leafData ?? NOTHING,
    beside: unpackNodes(row?.beside ?? NOTHING),
    published: row?.published ?? 0,
  };
}

const NOTHING = new Uint8Array(0);
/** Greater than every name. */
const PAST_ALL = new Uint8Array(33).fill(0xff);
const NODE_OCTETS = 36;

/** level u32 ‖ hash, for each node there is. */
function unpackNodes(packed: Uint8Array): Map<number, Uint8Array> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const nodes = new Map<number, Uint8Array>();
  for (let at = 0; at < packed.length; at += NODE_OCTETS)
    nodes.set(view.getUint32(at), packed.subarray(at + 4, at + NODE_OCTETS));
  return nodes;
}

/** Sealed records of a bucket in the order of its index. */
export async function readSealed(db: Db, place: Place): Promise<Uint8Array[]> {
  const rows = await db
    .select({ octets: sealed.octets })
    .from(entries)
    .innerJoin(sealed, eq(sealed.digest, entries.digest))
    .where(and(isIn(place), seenAt(place.epoch)))
    .orderBy(asc(entries.name), asc(entries.holder))
    .prepare('read_sealed')
    .execute();
  return rows.map(({ octets }) => octets);
}

/** Sealed octets of the record with this digest, where the published epoch has one. */
export async function findSealed(db: Db, domain: string, digest: Uint8Array): Promise<Uint8Array | undefined> {
  const isSeen = db
    .select({ holder: entries.holder })
    .from(entries)
    .innerJoin(logHead, eq(logHead.domain, domain))
    .where(
      and(
        eq(entries.digest, digest),
        lt(entries.from, logHead.published),
        or(isNull(entries.to), gte(entries.to, logHead.published)),
      ),
    );
  const rows = await db
    .select({ octets: sealed.octets })
    .from(sealed)
    .where(and(eq(sealed.digest, digest), exists(isSeen)))
    .prepare('find_sealed')
    .execute();
  return rows[0]?.octets;
}

/** History entries of a bucket from its `from`-th on, made by epoch `until` or before, as served (§6.5). */
export async function readHistory(
  db: Db,
  bucket: { readonly era: number; readonly bucket: number },
  range: { readonly from: number; readonly until: number; readonly limit: number },
): Promise<Uint8Array> {
  const page = db
    .select({
      n: history.n,
      octets: sql`int8send(${history.epoch}) || ${history.name} || ${history.holder} || ${history.value}`.as('octets'),
    })
    .from(history)
    .where(
      and(
        eq(history.era, bucket.era),
        eq(history.bucket, bucket.bucket),
        gte(history.n, range.from),
        lte(history.epoch, range.until),
      ),
    )
    .orderBy(asc(history.n))
    .limit(range.limit)
    .as('page');
  const rows = await db
    .select({
      octets: sql<Uint8Array | null>`string_agg(${page.octets}, ''::bytea order by ${page.n})`.mapWith(history.value),
    })
    .from(page);
  return rows[0]?.octets ?? NOTHING;
}
