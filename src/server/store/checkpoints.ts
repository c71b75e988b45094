// A client's memory of logs in SQL (§6.6), for resolvers that share one and for those without a disk.
import { and, asc, eq } from 'drizzle-orm';
import { sha256 } from '@noble/hashes/sha2.js';
import { isNewEvidence, type Checkpoints, type SavedEvidence } from '../../client/checkpoints.ts';
import { utf8 } from '../../protocol/wire.ts';
import type { Db } from './database.ts';
import { seenCheckpoints, seenEvidence } from './resolver-schema.ts';

export function createCheckpointStore(db: Db): Checkpoints {
  const begin = (origin: string, note: string) =>
    db.insert(seenCheckpoints).values({ origin, note }).onConflictDoNothing().returning();
  const move = (origin: string, note: string, before: string) =>
    db
      .update(seenCheckpoints)
      .set({ note })
      .where(and(eq(seenCheckpoints.origin, origin), eq(seenCheckpoints.note, before)))
      .returning();
  const listEvidence = async (): Promise<SavedEvidence[]> => {
    const rows = await db.select().from(seenEvidence).orderBy(asc(seenEvidence.savedAt));
    // Written by `accuse` below, and by nobody else.
    return rows.map(({ evidence }) => JSON.parse(evidence) as SavedEvidence);
  };
  return {
    async find(origin) {
      const [row] = await db.select().from(seenCheckpoints).where(eq(seenCheckpoints.origin, origin));
      return row?.note;
    },
    async save(origin, note, before) {
      const rows = await (before === undefined ? begin(origin, note) : move(origin, note, before));
      return rows.length === 1;
    },
    async accuse(next) {
      if (!isNewEvidence(await listEvidence(), next)) return;
      const evidence = JSON.stringify(next);
      const row = { digest: sha256(utf8(evidence)), savedAt: next.savedAt, evidence };
      await db.insert(seenEvidence).values(row).onConflictDoNothing();
    },
    listEvidence,
  };
}
