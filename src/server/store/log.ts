// The log in the database: its head, its epochs, its checkpoints and the nodes of its tree (§6.3). Decides nothing.
import { and, asc, desc, eq, gte, lt, lte, sql } from 'drizzle-orm';
import type { HashedNode, TreeNode } from '../../protocol/log/merkle.ts';
import { atOnce } from './at-once.ts';
import { checkpoints, epochs, eras, logHead, logNodes } from './log-schema.ts';
import type { Db } from './database.ts';
import { endWhenStalled } from './locks.ts';
import { numberList } from './packing.ts';
import { builtOnce } from './statement.ts';

export interface Head {
  /** Epochs signed and durable. */
  readonly size: number;
  /** Epochs everybody sees. */
  readonly published: number;
}

export interface StoredEpoch {
  readonly epoch: number;
  readonly leaf: Uint8Array;
  readonly changes: Uint8Array;
  readonly era: number;
  readonly records: number;
  readonly root: Uint8Array;
}

export interface StoredCheckpoint {
  readonly size: number;
  /** The note with the log's signature alone. */
  readonly signed: string;
  /** Inclusion proof of the newest leaf, hashes one after the other. */
  readonly proof: Uint8Array;
  readonly published: string | null;
}

/** The head; makes the one of an empty log where there is none. */
export async function readHead(db: Db, domain: string): Promise<Head> {
  const columns = { size: logHead.size, published: logHead.published };
  const read = async () =>
    (await db.select(columns).from(logHead).where(eq(logHead.domain, domain)).prepare('read_head').execute())[0];
  const head = await read();
  if (head !== undefined) return head;
  await db
    .insert(logHead)
    .values({ domain, size: 0, published: 0, claimedBy: '', claimedUntil: 0 })
    .onConflictDoNothing();
  return (await read()) ?? { size: 0, published: 0 };
}

/** Asks the other instances to leave the log alone until `until`; false where one of them asked first. */
export async function claimHead(
  db: Db,
  claim: { readonly domain: string; readonly by: string; readonly now: number; readonly until: number },
): Promise<boolean> {
  const { domain, by, now, until } = claim;
  const claimed = await db
    .update(logHead)
    .set({ claimedBy: by, claimedUntil: until })
    .where(and(eq(logHead.domain, domain), sql`(${logHead.claimedUntil} <= ${now} or ${logHead.claimedBy} = ${by})`))
    .returning({ size: logHead.size });
  return claimed.length > 0;
}

/** Lets the others in again. */
export async function releaseHead(db: Db, domain: string, by: string): Promise<void> {
  await db
    .update(logHead)
    .set({ claimedUntil: 0 })
    .where(and(eq(logHead.domain, domain), eq(logHead.claimedBy, by)));
}

/**
 * Compare-and-swap: from `size` published epochs to one more that is not. Exactly one transaction can do it; another one
 * waits for the first to end, and then sees false.
 */
export async function advanceHead(tx: Db, domain: string, size: number): Promise<boolean> {
  await endWhenStalled(tx);
  const won = await tx
    .update(logHead)
    .set({ size: size + 1 })
    .where(and(eq(logHead.domain, domain), eq(logHead.size, size), eq(logHead.published, size)))
    .returning({ size: logHead.size });
  return won.length > 0;
}

/** Shows the epoch that made the log `size` long, and its note; false where somebody else did. */
export async function publishHead(db: Db, domain: string, size: number, note: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    await endWhenStalled(tx);
    const won = await tx
      .update(logHead)
      .set({ published: size, claimedUntil: 0 })
      .where(and(eq(logHead.domain, domain), eq(logHead.size, size), eq(logHead.published, size - 1)))
      .returning({ size: logHead.size });
    if (won.length === 0) return false;
    await tx.update(checkpoints).set({ published: note }).where(eq(checkpoints.size, size));
    return true;
  });
}

/** Stores an epoch, its checkpoint and the nodes its leaf completes; a new era as well where it begins one. */
export async function insertEpoch(
  tx: Db,
  epoch: StoredEpoch,
  checkpoint: Omit<StoredCheckpoint, 'published'>,
  nodes: readonly HashedNode[],
  depth: number,
): Promise<void> {
  await atOnce(
    tx.insert(epochs).values(epoch),
    tx.insert(checkpoints).values(checkpoint),
    tx.insert(logNodes).values([...nodes]),
    ...(epoch.era === epoch.epoch ? [tx.insert(eras).values({ era: epoch.era, depth })] : []),
  );
}

export async function findCheckpoint(db: Db, size: number): Promise<StoredCheckpoint | undefined> {
  const rows = await db
    .select()
    .from(checkpoints)
    .where(eq(checkpoints.size, size))
    .prepare('find_checkpoint')
    .execute();
  return rows[0];
}

/** An epoch with its checkpoint, as far as readers see it. */
export interface PublishedEpoch extends Pick<StoredEpoch, 'epoch' | 'leaf' | 'era'> {
  readonly note: string;
  readonly proof: Uint8Array;
}

const PUBLISHED = {
  epoch: epochs.epoch,
  leaf: epochs.leaf,
  era: epochs.era,
  note: sql<string>`${checkpoints.published}`,
  proof: checkpoints.proof,
};

const newestPublished = builtOnce((db) =>
  db
    .select(PUBLISHED)
    .from(logHead)
    .innerJoin(checkpoints, eq(checkpoints.size, logHead.published))
    .innerJoin(epochs, eq(epochs.epoch, sql`${logHead.published} - 1`))
    .where(eq(logHead.domain, sql.placeholder('domain')))
    .prepare('find_published'),
);

/** The newest epoch everybody sees; undefined before the first. One statement: head, epoch and note are of one moment. */
export async function findPublished(db: Db, domain: string): Promise<PublishedEpoch | undefined> {
  const rows = await newestPublished(db).execute({ domain });
  return rows[0];
}

/** An epoch published earlier, while its checkpoint is kept. */
export async function findPublishedAt(db: Db, epoch: number): Promise<PublishedEpoch | undefined> {
  const rows = await db
    .select(PUBLISHED)
    .from(epochs)
    .innerJoin(checkpoints, eq(checkpoints.size, epoch + 1))
    .where(and(eq(epochs.epoch, epoch), sql`${checkpoints.published} is not null`));
  return rows[0];
}

/** Nodes of the log by level and index. */
export async function readLogNodes(db: Db, nodes: readonly TreeNode[]): Promise<HashedNode[]> {
  if (nodes.length === 0) return [];
  const wanted = sql`unnest(${numberList(nodes.map(({ level }) => level))}, ${numberList(nodes.map(({ index }) => index))}) as k(level, index)`;
  return db
    .select({ level: logNodes.level, index: logNodes.index, hash: logNodes.hash })
    .from(logNodes)
    .innerJoin(wanted, sql`${logNodes.level} = k.level and ${logNodes.index} = k.index`);
}

/** `width` nodes of one level, from the `first` on: those of a tile. */
export async function readLogRow(db: Db, level: number, first: number, width: number): Promise<Uint8Array[]> {
  const rows = await db
    .select({ hash: logNodes.hash })
    .from(logNodes)
    .where(and(eq(logNodes.level, level), gte(logNodes.index, first), lt(logNodes.index, first + width)))
    .orderBy(asc(logNodes.index));
  return rows.map(({ hash }) => hash);
}

/** Log leaves of `width` epochs, from the `first` on. */
export async function readLeaves(db: Db, first: number, width: number): Promise<Uint8Array[]> {
  const rows = await db
    .select({ leaf: epochs.leaf })
    .from(epochs)
    .where(and(gte(epochs.epoch, first), lt(epochs.epoch, first + width)))
    .orderBy(asc(epochs.epoch));
  return rows.map(({ leaf }) => leaf);
}

/** The change list of an epoch. */
export async function findChanges(db: Db, epoch: number): Promise<Uint8Array | undefined> {
  const rows = await db
    .select({ changes: epochs.changes })
    .from(epochs)
    .where(eq(epochs.epoch, epoch))
    .prepare('find_changes')
    .execute();
  return rows[0]?.changes;
}

/** The latest era at `depth` begun by epoch `until` or before. */
export async function findEra(db: Db, depth: number, until: number): Promise<number | undefined> {
  const rows = await db
    .select({ era: eras.era })
    .from(eras)
    .where(and(eq(eras.depth, depth), lte(eras.era, until)))
    .orderBy(desc(eras.era))
    .limit(1);
  return rows[0]?.era;
}

/** Whether an era of this number had this depth. */
export async function hasEra(db: Db, era: number, depth: number): Promise<boolean> {
  const rows = await db
    .select()
    .from(eras)
    .where(and(eq(eras.era, era), eq(eras.depth, depth)));
  return rows.length > 0;
}
