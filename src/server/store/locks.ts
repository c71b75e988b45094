// Who may write at the same time: transaction-scoped advisory locks, which PGlite and pooled connections (Hyperdrive) have too.
// Order everywhere, so that nobody waits in a circle: the directory, then buckets ascending, then keys ascending, then rows.
import { sql } from 'drizzle-orm';
import { sha256 } from '@noble/hashes/sha2.js';
import { bucketNumber } from '../../protocol/bucket.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { utf8 } from '../../protocol/wire.ts';
import type { Db } from './database.ts';
import { numberList } from './packing.ts';
import { directoryState } from './schema.ts';

/** First halves of our lock numbers; the second is 0, a bucket, or a hash. */
const DIRECTORY = 0x7768_0001;
const BUCKET = 0x7768_0002;
const KEY = 0x7768_0003;

/** How deep the directory's buckets are now (§6.1); a database that serves another directory is refused. */
export async function readDepth(db: Db, domain: string): Promise<number> {
  return (await findDepth(db, domain)) ?? LIMITS.minDepth;
}

async function findDepth(db: Db, domain: string): Promise<number | undefined> {
  const rows = await db.select().from(directoryState).prepare('find_depth').execute();
  if (rows.some((row) => row.domain !== domain))
    throw new WhereaboutsError('config-invalid', 'the database belongs to a directory of another domain');
  return rows[0]?.depth;
}

/** Buckets are this deep from now on; the transaction holds the directory. */
export async function writeDepth(tx: Db, domain: string, depth: number): Promise<void> {
  await tx
    .insert(directoryState)
    .values({ domain, depth })
    .onConflictDoUpdate({ target: directoryState.domain, set: { depth } });
}

/**
 * Holds the buckets of `names`, and `keys` (things several buckets share), until the transaction ends; gives the depth,
 * which stands still as long. What is read afterwards is what the last holder committed.
 */
export async function lockNames(
  tx: Db,
  domain: string,
  names: readonly Uint8Array[],
  keys: readonly string[],
): Promise<number> {
  const shared = tx.execute(sql`select pg_advisory_xact_lock_shared(${DIRECTORY}::int, 0)`);
  // Behind it on the same connection: the depth is read only once the lock is held.
  const [, found] = await Promise.all([shared, findDepth(tx, domain)]);
  if (found === undefined)
    await tx.insert(directoryState).values({ domain, depth: LIMITS.minDepth }).onConflictDoNothing();
  const depth = found ?? LIMITS.minDepth;
  const buckets = ascending(names.map((name) => bucketNumber(name, depth)));
  const hashes = ascending(keys.map(keyNumber));
  const kinds = [...buckets.map(() => BUCKET), ...hashes.map(() => KEY)];
  await tx.execute(sql`select pg_advisory_xact_lock(a::int, b::int)
    from unnest(${numberList(kinds)}, ${numberList([...buckets, ...hashes])}) as locks(a, b)`);
  return depth;
}

/**
 * From here on the server ends the transaction when its process stands still this long, and with it every lock it holds.
 * Shorter than a statement waits for a lock (platform/node/postgres.ts): who waits gets it.
 */
const STALLED_MILLISECONDS = 3_000;

/** For what every instance waits for; said here because not every platform can say it for a whole connection. */
export async function endWhenStalled(tx: Db): Promise<void> {
  await tx.execute(
    sql`select set_config('idle_in_transaction_session_timeout', ${String(STALLED_MILLISECONDS)}, true)`,
  );
}

/** Holds the whole directory against every writer until the transaction ends. */
export async function lockDirectory(tx: Db): Promise<void> {
  await endWhenStalled(tx);
  await tx.execute(sql`select pg_advisory_xact_lock(${DIRECTORY}::int, 0)`);
}

const ascending = (numbers: readonly number[]): number[] => [...new Set(numbers)].toSorted((a, b) => a - b);

/** 32 bits of a hash: two keys that share them wait for each other needlessly, no more. */
function keyNumber(key: string): number {
  const hash = sha256(utf8(key));
  return new DataView(hash.buffer, hash.byteOffset).getInt32(0);
}
