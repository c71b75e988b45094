// Conversations in SQL (§11.11). Epochs are compared and swapped by one statement: of any number that race, one is written.
import { and, eq, gt, inArray, lte, notInArray, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { conversationBeats, conversations } from './conversation-schema.ts';

export type ConversationRow = typeof conversations.$inferSelect;
export type Beat = typeof conversationBeats.$inferSelect;

/** What lives at `now`. */
export async function findConversation(db: Db, id: Uint8Array, now: number): Promise<ConversationRow | undefined> {
  const live = and(eq(conversations.id, id), gt(conversations.until, now));
  return (await db.select().from(conversations).where(live))[0];
}

/** How many of an opener live. */
export const countConversations = (db: Db, opener: string, now: number): Promise<number> =>
  db.$count(conversations, and(eq(conversations.opener, opener), gt(conversations.until, now)));

/** Writes the first epoch; false where there is one already. One that has ended gives way. */
export async function addConversation(tx: Db, row: ConversationRow, now: number): Promise<boolean> {
  await removeConversations(tx, and(eq(conversations.id, row.id), lte(conversations.until, now)));
  const rows = await tx.insert(conversations).values(row).onConflictDoNothing().returning({ id: conversations.id });
  return rows.length > 0;
}

/** Writes the next epoch where the one before is still there; reports of bridges that have nothing to report are forgotten. */
export async function replaceConversation(db: Db, row: ConversationRow, bridges: readonly string[]): Promise<boolean> {
  return db.transaction(async (tx) => {
    const { id, epoch, opener: _, ...rest } = row;
    const rows = await tx
      .update(conversations)
      .set({ epoch, ...rest })
      .where(and(eq(conversations.id, id), eq(conversations.epoch, epoch - 1)))
      .returning({ id: conversations.id });
    if (rows.length === 0) return false;
    const own = eq(conversationBeats.conversation, id);
    const idle = bridges.length === 0 ? own : and(own, notInArray(conversationBeats.bridge, [...bridges]));
    await tx.delete(conversationBeats).where(idle);
    return true;
  });
}

/** Ends it where it is still at this epoch. */
export async function endConversation(db: Db, id: Uint8Array, epoch: number): Promise<boolean> {
  return db.transaction(
    async (tx) =>
      (await removeConversations(tx, and(eq(conversations.id, id), eq(conversations.epoch, epoch)))).length > 0,
  );
}

async function removeConversations(tx: Db, which: ReturnType<typeof and>): Promise<Uint8Array[]> {
  const gone = await tx.delete(conversations).where(which).returning({ id: conversations.id });
  const ids = gone.map(({ id }) => id);
  if (ids.length > 0) await tx.delete(conversationBeats).where(inArray(conversationBeats.conversation, ids));
  return ids;
}

/** Takes upon itself to look at a conversation that is due; of several instances one. Dies it here, the next look is a minute late. */
export async function claimDue(db: Db, id: Uint8Array, epoch: number, now: number, next: number): Promise<boolean> {
  const due = and(eq(conversations.id, id), eq(conversations.epoch, epoch), lte(conversations.dueAt, now));
  const rows = await db.update(conversations).set({ dueAt: next }).where(due).returning({ id: conversations.id });
  return rows.length > 0;
}

/** Says when it is to be looked at, if that is sooner. */
export async function dueBy(db: Db, id: Uint8Array, at: number): Promise<void> {
  await db
    .update(conversations)
    .set({ dueAt: at })
    .where(and(eq(conversations.id, id), gt(conversations.dueAt, at)));
}

/** Heard now; a pause of `missed` seconds begins anew. */
export async function writeBeats(
  db: Db,
  conversation: Uint8Array,
  bridges: readonly string[],
  { now, missed }: { readonly now: number; readonly missed: number },
): Promise<void> {
  await db
    .insert(conversationBeats)
    .values([...bridges].toSorted().map((bridge) => ({ conversation, bridge, since: now, last: now })))
    .onConflictDoUpdate({
      target: [conversationBeats.conversation, conversationBeats.bridge],
      set: {
        since: sql`case when ${conversationBeats.last} + ${missed}::bigint <= ${now}::bigint then ${now}::bigint else ${conversationBeats.since} end`,
        last: sql`greatest(${conversationBeats.last}, ${now}::bigint)`,
      },
    });
}

export const findBeats = (db: Db, id: Uint8Array): Promise<Beat[]> =>
  db.select().from(conversationBeats).where(eq(conversationBeats.conversation, id));

/** Removes what nobody changed for a plan's life, and what bridges said there. */
export async function purgeConversations(db: Db, now: number): Promise<void> {
  await db.transaction((tx) => removeConversations(tx, and(lte(conversations.until, now))));
}
