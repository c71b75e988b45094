// What a witness has cosigned, in SQL: read, and moved on by compare-and-swap, so that of two requests at once one wins.
import { and, eq, isNull, lte } from 'drizzle-orm';
import type { KeptState, WitnessMemory } from '../witness/add-checkpoint.ts';
import type { Db } from './database.ts';
import { witnessLogs } from './witness-schema.ts';

/** The memory of the witness whose key is called `witness`. Durable as the database is: see platform/node/embedded.ts. */
export function createWitnessMemory(db: Db, witness: string): WitnessMemory {
  const rowOf = (origin: string) => and(eq(witnessLogs.witness, witness), eq(witnessLogs.origin, origin));
  const begin = (origin: string, { size, root, note }: KeptState) =>
    db
      .insert(witnessLogs)
      .values({ witness, origin, size, root, note })
      .onConflictDoNothing()
      .returning({ size: witnessLogs.size });
  const move = (origin: string, before: KeptState, { size, root, note }: KeptState) =>
    db
      .update(witnessLogs)
      .set({ size, root, note })
      .where(
        and(
          rowOf(origin),
          eq(witnessLogs.size, before.size),
          eq(witnessLogs.root, before.root),
          // Never back, whatever was judged.
          lte(witnessLogs.size, size),
        ),
      )
      .returning({ size: witnessLogs.size });
  return {
    async find(origin) {
      const [row] = await db.select().from(witnessLogs).where(rowOf(origin));
      return row === undefined ? undefined : { size: row.size, root: row.root, note: row.note };
    },
    async replace(origin, before, after) {
      const changed = await (before === undefined ? begin(origin, after) : move(origin, before, after));
      return changed.length === 1;
    },
    async accuse(origin, known, fork) {
      await db
        .update(witnessLogs)
        .set({ forked: known, fork })
        .where(and(rowOf(origin), isNull(witnessLogs.fork)));
    },
  };
}
