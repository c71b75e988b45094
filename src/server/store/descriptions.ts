// Descriptions of other domains and what changed in them, shared by all instances of a deployment (§8, §10).
import { and, asc, desc, eq, isNotNull, isNull, lt, lte, sql } from 'drizzle-orm';
import type { DescriptionStore } from '../../client/description-store.ts';
import type { DescriptionChange, HistoryEntry } from '../../protocol/description-changes.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { formatHex, parseHex } from '../../protocol/wire.ts';
import type { Db } from './database.ts';
import { descriptionHistory, descriptions } from './schema.ts';
import { builtOnce } from './statement.ts';

const findDescription = builtOnce((db) =>
  db
    .select()
    .from(descriptions)
    .where(eq(descriptions.domain, sql.placeholder('domain')))
    .prepare('find_description'),
);

export function createDescriptionStore(db: Db): DescriptionStore {
  return {
    find: async (domain) => {
      const [row] = await findDescription(db).execute({ domain });
      if (row === undefined || row.body === null || row.fetchedAt === null) return undefined;
      const { body, etag, fetchedAt, freshUntil, seq } = row;
      return {
        body,
        fetchedAt,
        ...(etag === null ? {} : { etag }),
        ...(freshUntil === null ? {} : { freshUntil }),
        ...(seq === null ? {} : { seq }),
      };
    },
    // One statement decides: of any number of instances the row lets one through.
    claim: async (domain, now, before) => {
      const claimed = await db
        .insert(descriptions)
        .values({ domain, triedAt: now })
        .onConflictDoUpdate({
          target: descriptions.domain,
          set: { triedAt: now },
          setWhere: lte(descriptions.triedAt, before),
        })
        .returning({ domain: descriptions.domain });
      return claimed.length > 0;
    },
    save: async (domain, { body, etag, fetchedAt, freshUntil, seq }, entry) => {
      const values = { body, etag: etag ?? null, fetchedAt, freshUntil: freshUntil ?? null, seq: seq ?? null };
      await db.transaction(async (tx) => {
        await tx
          .insert(descriptions)
          .values({ domain, ...values, triedAt: fetchedAt })
          .onConflictDoUpdate({ target: descriptions.domain, set: values });
        if (entry !== undefined) await addEntry(tx, domain, entry);
      });
    },
    history: async (domain) => {
      const rows = await db
        .select()
        .from(descriptionHistory)
        .where(eq(descriptionHistory.domain, domain))
        .orderBy(desc(descriptionHistory.at))
        .limit(LIMITS.historyEntries);
      return rows.map(({ at, digest, seq, changes }) => ({
        at,
        digest: formatHex(digest),
        ...(seq === null ? {} : { seq }),
        // Written by `addEntry` below, and by nobody else.
        changes: JSON.parse(changes) as DescriptionChange[],
      }));
    },
  };
}

/** Adds an entry and forgets the oldest beyond what is kept; a second one of the same second stands in its place. */
async function addEntry(db: Db, domain: string, { at, digest, seq, changes }: HistoryEntry): Promise<void> {
  const values = { digest: parseHex(digest, 32), seq: seq ?? null, changes: JSON.stringify(changes) };
  await db
    .insert(descriptionHistory)
    .values({ domain, at, ...values })
    .onConflictDoUpdate({ target: [descriptionHistory.domain, descriptionHistory.at], set: values });
  const [oldest] = await db
    .select({ at: descriptionHistory.at })
    .from(descriptionHistory)
    .where(eq(descriptionHistory.domain, domain))
    .orderBy(desc(descriptionHistory.at))
    .offset(LIMITS.historyEntries - 1)
    .limit(1);
  if (oldest !== undefined)
    await db
      .delete(descriptionHistory)
      .where(and(eq(descriptionHistory.domain, domain), lt(descriptionHistory.at, oldest.at)));
}

/** Domains whose copy was last tried for at or before `before`, longest ago first: for a schedule. */
export async function findUnrefreshed(db: Db, before: number, limit: number): Promise<string[]> {
  const rows = await db
    .select({ domain: descriptions.domain })
    .from(descriptions)
    .where(and(isNotNull(descriptions.body), lte(descriptions.triedAt, before)))
    .orderBy(asc(descriptions.triedAt))
    .limit(limit);
  return rows.map(({ domain }) => domain);
}

/** Forgets domains that were last asked before `before` and never answered: strangers may have named them. */
export async function purgeDescriptions(db: Db, before: number): Promise<void> {
  await db.delete(descriptions).where(and(isNull(descriptions.body), lte(descriptions.triedAt, before)));
}
