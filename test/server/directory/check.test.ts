// The whole-state checker itself: every kind of damage it is for must make it throw.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDirectory } from '../../support/check-directory.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createDepositor, createParty, createTestDirectory, makeDeposit, put, START } from '../../support/directory.ts';

const DAMAGE: Readonly<Record<string, string>> = {
  'sealed octets missing': `delete from sealed where digest = (select digest from records limit 1)`,
  'sealed octets left over': `insert into sealed values ('\\x00', '\\x00')`,
  'sealed octets changed': `update sealed set octets = octets || '\\x00'`,
  'a wrong length': `update records set length = length + 1`,
  'a record without evidence': `delete from evidence where holder = (select holder from records limit 1)`,
  'evidence without a record': `update evidence set holder = '\\x00'`,
  'evidence of other attestations': `update evidence set digest = sha256(digest)`,
  'evidence that ends before its record': `update evidence set expires_at = ${START + 1}`,
  'withdrawn evidence': `insert into withdrawn_attestations select issuer, jti, ${START} from evidence limit 1`,
  'no holder mark': `delete from holder_marks`,
  'a holder mark above': `update holder_marks set seq = seq + 1`,
  'no issuer mark': `delete from issuer_marks`,
  'an issuer mark of another key': `update issuer_marks set holder = '\\x00'`,
  'an issuer mark above': `update issuer_marks set issued_at = issued_at + 1`,
  'five unlisted under one name': `update records set listed = 0`,
  'two directories': `insert into directory_state values ('a.example', 4), ('b.example', 4)`,
  'a depth that cannot be': `update directory_state set depth = 25`,
  'two epochs ahead of publication': `update log_head set published = published - 2`,
  'an epoch missing': `delete from epochs where epoch = 2`,
  'a leaf of the log changed': `update epochs set leaf = (select leaf from epochs where epoch = 1) where epoch = 2`,
  'a change list changed': `update epochs set changes = '' where epoch = 2`,
  'a wrong number of records': `update epochs set records = records + 1 where epoch = 2`,
  'a wrong root of the log': `update epochs set root = sha256(root) where epoch = 2`,
  'a checkpoint of another root': `update checkpoints set signed = (select signed from checkpoints where size = 1) where size = 2`,
  'a node of the log missing': `delete from log_nodes where level = 1 and index = 0`,
  'a node of the log changed': `update log_nodes set hash = sha256(hash) where level = 1 and index = 0`,
  'an entry missing': `delete from entries where holder = (select holder from records limit 1)`,
  'an entry of other octets': `update entries set digest = sha256(digest)`,
  'an entry that left in secret': `update entries set to_epoch = 5 where holder = (select holder from records limit 1)`,
  'leaf data changed': `update bucket_leaves set data = set_byte(data, 100, get_byte(data, 100) # 1)`,
  'a node of the map changed': `update map_nodes set hash = sha256(hash) where level = 2`,
  'a node of the map missing': `delete from map_nodes where level = 1`,
  'a change left out of a history': `delete from history where n = 1`,
  'a history changed': `update history set holder = sha256(holder) where n = 1`,
  'no config text': `delete from config_texts`,
  'a record in force that waits for nothing': `delete from entries where from_epoch = 3`,
  'a change that waits for a record not in force': `insert into waiting (name, gone, holder, digest, length) select name, '', name, digest, 1 from records limit 1`,
};

describe('checkDirectory', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase('postgres');
    const issuers = await Promise.all(Array.from({ length: 6 }, (_, i) => createParty(`i${i}.example`)));
    const directory = createTestDirectory(database, { listed: issuers.map(({ domain }) => domain) });
    directory.world.join(...issuers);
    const { name } = await createDepositor();
    for (const issuer of issuers)
      expect((await put(directory, await makeDeposit(await createDepositor(name), [issuer]))).status).toBe(201);
  });
  afterAll(() => database.close());

  test.each(Object.entries(DAMAGE))('%s', async (_, damage) => {
    await checkDirectory(database.db, START);
    const undone = new Error('undone');
    const work = database.db.transaction(async (tx) => {
      await tx.execute(sql.raw(damage));
      await expect(checkDirectory(tx, START)).rejects.toThrow();
      throw undone;
    });
    await expect(work).rejects.toBe(undone);
  });

  test('too many of one domain', async () => {
    const work = database.db.transaction(async (tx) => {
      await tx.execute(sql.raw(`update records set listed = 0 where holder in (select holder from records limit 2)`));
      await tx.execute(sql.raw(`update evidence set domain = 'one.example'`));
      await checkDirectory(tx, START, { unlistedRecords: 2 });
      await checkDirectory(tx, START, { unlistedRecords: 1 });
    });
    await expect(work).rejects.toThrow('records of a domain');
  });
});
