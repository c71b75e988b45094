// The directory's Worker as wrangler.toml has it, in workerd, on a database of its own on the tests' PostgreSQL through Hyperdrive. It
// reaches nobody: the description of the one party it knows is there as if it had just been fetched.
import { randomBytes } from 'node:crypto';
import { createTestHarness, type TestHarness } from 'wrangler';
import { openPostgres } from '../../src/platform/node/postgres.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { generateKeys } from '../../src/server/keys.ts';
import { createDescriptionStore } from '../../src/server/store/descriptions.ts';
import { createPostgresDatabase } from '../support/database.ts';
import { DOMAIN } from '../support/directory.ts';
import type { Party } from '../support/parties.ts';
import { seconds } from '../support/served-directory.ts';

export interface ServedWorker {
  readonly url: URL;
  readonly harness: TestHarness;
  readonly close: () => Promise<unknown>;
}

/** `vars` come beside those every directory needs. */
export async function serveWorker(
  party: Party,
  { configPath = './wrangler.toml', vars = {} }: { configPath?: string; vars?: Record<string, string> } = {},
): Promise<ServedWorker> {
  const { url: databaseUrl } = await createPostgresDatabase();
  const database = await openPostgres(databaseUrl);
  const store = createDescriptionStore(database.db);
  const body = JSON.stringify({ version: 1, domain: party.domain, name: 'Bob', jwks: { keys: [party.jwk] } });
  await store.claim(party.domain, seconds(), 0);
  await store.save(party.domain, { body, fetchedAt: seconds() });
  await database.close();
  const address = new URL(databaseUrl);
  // Hyperdrive's configuration refuses an address without a password.
  address.password ||= 'x';
  process.env['CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE'] = address.href;
  const keys = await generateKeys(nobleGroup, (octets) => new Uint8Array(randomBytes(octets)));
  const harness = createTestHarness({
    workers: [
      {
        configPath,
        vars: {
          WHEREABOUTS_ROLES: 'directory',
          WHEREABOUTS_DOMAIN: DOMAIN,
          WHEREABOUTS_LISTED: party.domain,
          WHEREABOUTS_OPRF_KEY: keys.oprf[0]?.secret ?? '',
          WHEREABOUTS_SIGNING_KEY: JSON.stringify(keys.signing),
          WHEREABOUTS_LOG_KEY: JSON.stringify(keys.log),
          ...vars,
        },
      },
    ],
  });
  const { url } = await harness.listen();
  return { url, harness, close: () => harness.close() };
}
