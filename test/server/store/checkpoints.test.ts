// The memory of logs in SQL, as resolvers on Workers have it.
import { afterAll, beforeAll, describe } from 'vitest';
import { createCheckpointStore } from '../../../src/server/store/checkpoints.ts';
import { describeCheckpoints } from '../../support/checkpoints.ts';
import { emptyTables, ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';

describe.each(ENGINES)('on %s', (engine) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(engine);
  });
  afterAll(() => database.close());
  describeCheckpoints('a database', async () => {
    await emptyTables(database);
    return createCheckpointStore(database.db);
  });
});
