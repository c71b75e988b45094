// Directories of any size for benchmarks: uniform random names and octets no directory can tell from sealed records, made in the database
// itself and put into epochs by the real sequencer.
import { sql } from 'drizzle-orm';
import { readFileSync } from 'node:fs';
import { nobleGroup } from '../src/protocol/group-noble.ts';
import { createVkey, KEY_TYPES } from '../src/protocol/log/vkey.ts';
import { LIMITS } from '../src/protocol/limits.ts';
import { openPostgres } from '../src/platform/node/postgres.ts';
import { openKeys, storedFile } from '../src/server/keys.ts';
import { createTestDirectory, DOMAIN } from '../test/support/directory.ts';
import { seconds } from '../test/support/served-directory.ts';

/** As many as an epoch takes. */
const BATCH = 10_000;
const DAY = 86_400;

/**
 * Fills the empty database of a directory with these settings with `count` records; a log of its own key. Names are uniform random, those
 * of each epoch within its share of them: an epoch that touches every bucket hashes most of the directory anew.
 */
export async function loadRecords(env: Readonly<Record<string, string>>, count: number): Promise<void> {
  const database = await openPostgres(env['DATABASE_URL'] ?? '');
  try {
    const { version: _, ...stored } = storedFile.parse(JSON.parse(readFileSync(env['WHEREABOUTS_KEYS'] ?? '', 'utf8')));
    const keys = await openKeys(nobleGroup, stored);
    const depth = Math.max(LIMITS.minDepth, Math.round(Math.log2(count / LIMITS.bucketTarget)));
    const directory = createTestDirectory(database, {
      logSigner: { key: createVkey(`${DOMAIN}/whereabouts`, KEY_TYPES.ed25519, keys.log), privateKey: keys.logKey },
      oprfKeys: keys.oprf,
      sequencing: { depth: { target: LIMITS.bucketTarget, least: depth } },
      time: { now: Date.now() },
    });
    const { db } = database;
    await db.execute(sql`insert into directory_state (domain, depth) values (${DOMAIN}, ${depth})`);
    const until = seconds() + 300 * DAY;
    for (let done = 0; done < count; done += BATCH) {
      const rows = Math.min(BATCH, count - done);
      await db.transaction(async (tx) => {
        await tx.execute(sql`set local statement_timeout = 0`);
        // 1,088 octets each: what a record of one route has.
        await tx.execute(sql`create temporary table made on commit drop as
          select name, holder, octets, sha256(octets) as digest from (
            select decode(lpad(to_hex(floor((${done}::float8 + random() * ${rows}::float8) / ${count}::float8 * 4294967296)::bigint), 8, '0'), 'hex')
              || substr(sha256(uuid_send(gen_random_uuid())), 5) as name, sha256(uuid_send(gen_random_uuid())) as holder,
              (select string_agg(sha256(uuid_send(gen_random_uuid()) || int4send(i + j)), ''::bytea) from generate_series(1, 34) as j) as octets
            from generate_series(1, ${rows}::int) as i) as random`);
        await tx.execute(sql`insert into sealed (digest, octets) select digest, octets from made`);
        await tx.execute(sql`insert into records (name, holder, digest, length, seq, listed, deposited_at, expires_at, key)
          select name, holder, digest, length(octets), 1, 1, ${seconds()}::bigint, ${until}::bigint, '' from made`);
        await tx.execute(sql`insert into waiting (name, gone, holder, digest, length)
          select name, ''::bytea, holder, digest, length(octets) from made`);
      });
      directory.time.now = Date.now();
      await directory.step();
      await directory.settle();
    }
    await db.transaction(async (tx) => {
      await tx.execute(sql`set local statement_timeout = 0`);
      await tx.execute(sql`analyze`);
    });
    const left = directory.log.filter(({ level }) => level === 'error');
    if (left.length > 0) throw new Error(JSON.stringify(left[0]));
  } finally {
    await database.close();
  }
}
