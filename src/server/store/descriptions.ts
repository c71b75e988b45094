// Descriptions of other domains, shared by all instances of a deployment (§8, §10).
import { and, eq, isNull, lte } from 'drizzle-orm';
import type { DescriptionStore } from '../../client/descriptions.ts';
import type { Db } from './database.ts';
import { descriptions } from './schema.ts';

export function createDescriptionStore(db: Db): DescriptionStore {
  return {
    find: async (domain) => {
      const [row] = await db.select().from(descriptions).where(eq(descriptions.domain, domain));
      if (row === undefined || row.body === null || row.fetchedAt === null) return undefined;
      return { body: row.body, fetchedAt: row.fetchedAt, ...(row.etag === null ? {} : { etag: row.etag }) };
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
    save: async (domain, { body, etag, fetchedAt }) => {
      const values = { body, etag: etag ?? null, fetchedAt };
      await db
        .insert(descriptions)
        .values({ domain, ...values, triedAt: fetchedAt })
        .onConflictDoUpdate({ target: descriptions.domain, set: values });
    },
  };
}

/** Forgets domains that were last asked before `before` and never answered: strangers may have named them. */
export async function purgeDescriptions(db: Db, before: number): Promise<void> {
  await db.delete(descriptions).where(and(isNull(descriptions.body), lte(descriptions.triedAt, before)));
}
