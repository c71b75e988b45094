// Config texts (§6.3): every one that was ever in force, by its hash, and when it first was.
import { desc, eq } from 'drizzle-orm';
import type { Db } from './database.ts';
import { configTexts } from './log-schema.ts';

export interface StoredConfig {
  readonly hash: Uint8Array;
  readonly text: string;
  /** The epoch it took effect with. */
  readonly firstEpoch: number;
}

export async function findConfig(db: Db, hash: Uint8Array): Promise<StoredConfig | undefined> {
  const rows = await db.select().from(configTexts).where(eq(configTexts.hash, hash)).prepare('find_config').execute();
  return rows[0];
}

/** The text that took effect last; its epoch may not be published yet. */
export async function findLatestConfig(db: Db): Promise<StoredConfig | undefined> {
  const rows = await db
    .select()
    .from(configTexts)
    .orderBy(desc(configTexts.firstEpoch))
    .limit(1)
    .prepare('find_latest_config')
    .execute();
  return rows[0];
}

/** Every text that was ever in force: a few for each rotation. */
export async function listConfigs(db: Db): Promise<StoredConfig[]> {
  return db.select().from(configTexts).prepare('list_configs').execute();
}

export async function insertConfig(tx: Db, config: StoredConfig): Promise<void> {
  await tx.insert(configTexts).values(config).onConflictDoNothing();
}
