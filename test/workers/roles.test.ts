// Every role that makes sense on Workers, each a Worker of its own in workerd, with the tests' PostgreSQL through Hyperdrive and a small
// internet between them: the same suite from outside as on Node (test/sandbox/production.test.ts).
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestHarness, type TestHarness } from 'wrangler';
import { openPostgres } from '../../src/platform/node/postgres.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { linkHash, proofMarker } from '../../src/protocol/chain/names.ts';
import { formatVkey } from '../../src/protocol/log/vkey.ts';
import { generateKeys, openKeys, type StoredKeys } from '../../src/server/keys.ts';
import { cosignerOf } from '../../src/server/witness-parts.ts';
import { describeBlackBox, NAMES, POLICY, type Host, type World } from '../conformance/black-box.ts';
import { claim, createOwner } from '../support/chains.ts';
import { createPostgresDatabase } from '../support/database.ts';

const random = (octets: number): Uint8Array => new Uint8Array(randomBytes(octets));
const TOKEN = 'x'.repeat(43);
const closers: (() => unknown)[] = [];
let harness: TestHarness;
let witness: string;
let directoryDatabase: string | undefined;

const secretsOf = (keys: StoredKeys) => ({
  WHEREABOUTS_OPRF_KEY: keys.oprf[0]?.secret ?? '',
  WHEREABOUTS_SIGNING_KEY: JSON.stringify(keys.signing),
  WHEREABOUTS_LOG_KEY: JSON.stringify(keys.log),
  WHEREABOUTS_WITNESS_KEY: JSON.stringify(keys.witness),
});

async function openDatabase(): Promise<string> {
  const place = await createPostgresDatabase();
  const { url } = place;
  closers.push(() => place.drop());
  await (await openPostgres(url)).close();
  // The directory's is the first.
  directoryDatabase ??= url;
  const address = new URL(url);
  // Hyperdrive's configuration refuses an address without a password.
  address.password ||= 'x';
  return address.href;
}

/** As wrangler.toml has it, but for what belongs to one deployment. */
async function workerOf(name: string, vars: Record<string, string>, main = 'src/worker.ts') {
  return {
    config: {
      name,
      main,
      compatibility_date: '2026-10-01',
      compatibility_flags: ['nodejs_compat', 'global_fetch_strictly_public'],
      hyperdrive: [{ binding: 'HYPERDRIVE', id: '0'.repeat(32), localConnectionString: await openDatabase() }],
      services: [{ binding: 'EGRESS', service: 'internet' }],
      vars,
    },
  };
}

beforeAll(async () => {
  const [directory, issuer, resolver] = await Promise.all([0, 1, 2].map(() => generateKeys(nobleGroup, random)));
  if (directory === undefined || issuer === undefined || resolver === undefined) throw new Error('no keys');
  witness = formatVkey(cosignerOf(await openKeys(nobleGroup, issuer), NAMES.issuer, 'witness').key);
  const { jwks } = await openKeys(nobleGroup, resolver);
  const described = JSON.stringify({ version: 1, domain: NAMES.gatekeeper, name: 'AliceChat', jwks });
  harness = createTestHarness({
    workers: [
      await workerOf('directory', {
        WHEREABOUTS_ROLES: 'directory',
        WHEREABOUTS_DOMAIN: NAMES.directory,
        WHEREABOUTS_WITNESSES: `${witness}@https://${NAMES.issuer}/witness`,
        ...secretsOf(directory),
      }),
      await workerOf(
        'issuer',
        {
          WHEREABOUTS_ROLES: 'issuer,witness',
          WHEREABOUTS_DOMAIN: NAMES.issuer,
          WHEREABOUTS_NAME: 'BobChat',
          WHEREABOUTS_ISSUER_ACCOUNTS: 'bound',
          WHEREABOUTS_ISSUER_DIRECTORIES: NAMES.directory,
          WHEREABOUTS_LOGS: NAMES.directory,
          ...secretsOf(issuer),
        },
        'test/workers/issuer.ts',
      ),
      await workerOf('resolver', {
        WHEREABOUTS_ROLES: 'resolver',
        WHEREABOUTS_DOMAIN: NAMES.gatekeeper,
        WHEREABOUTS_POLICY: JSON.stringify(POLICY),
        WHEREABOUTS_RESOLVER_TOKEN: TOKEN,
        WHEREABOUTS_RESOLVER_HOSTS: NAMES.gatekeeper,
        ...secretsOf(resolver),
      }),
      {
        config: {
          name: 'internet',
          main: 'test/workers/internet.ts',
          compatibility_date: '2026-10-01',
          services: [
            { binding: 'DIRECTORY', service: 'directory' },
            { binding: 'ISSUER', service: 'issuer' },
          ],
          vars: { DESCRIPTION: described },
        },
      },
    ],
  });
  await harness.listen();
  closers.push(() => harness.close());
}, 120_000);
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

const WORKERS: Readonly<Record<Host, string>> = {
  [NAMES.directory]: 'directory',
  [NAMES.issuer]: 'issuer',
  [NAMES.gatekeeper]: 'resolver',
};

const world = (): World => ({
  ask: (host, path, init) =>
    harness.getWorker(WORKERS[host]).fetch(`https://${host}${path}`, { redirect: 'manual', ...init } as never),
  token: TOKEN,
  witnesses: [witness],
});

describeBlackBox('in workerd', world);

test('what is due by the clock is done: heartbeats, what is asked again, the sweep', async () => {
  for (const name of Object.values(WORKERS))
    for (const cron of ['* * * * *', '*/10 * * * *', '17 * * * *'])
      expect(await harness.getWorker(name).scheduled({ cron, scheduledTime: new Date() })).toMatchObject({
        outcome: 'ok',
      });
});

test('an account that a chain claims is looked at by the clock, and again when it is due', async () => {
  const ask = (path: string, body?: object) =>
    harness.getWorker('directory').fetch(`https://${NAMES.directory}${path}`, {
      ...(body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  const owner = await createOwner(Math.floor(Date.now() / 1_000));
  const [start = ''] = owner.links;
  expect((await ask('/v1/chains', { link: start })).status).toBe(201);
  const id = linkHash(start);
  const link = await owner.add(claim('https', 'dora.example'));
  expect((await ask(`/v1/chains/${id}`, { link })).status).toBe(201);
  const tick = async () => {
    await harness.getWorker('directory').scheduled({ cron: '* * * * *', scheduledTime: new Date() });
    const { accounts } = (await (await ask(`/v1/chains/${id}/accounts`)).json()) as { accounts: object[] };
    return accounts;
  };
  const seen = { service: 'https', account: 'dora.example', checker: NAMES.directory };
  expect(await tick()).toMatchObject([{ ...seen, state: 'failed', reason: 'statement-missing' }]);
  const site = 'https://dora.example/.well-known/whereabouts-proof.txt';
  await harness.getWorker('internet').fetch(site, { method: 'PUT', body: proofMarker(linkHash(link)) });
  // Not due yet: nobody is asked before his time.
  expect(await tick()).toMatchObject([{ state: 'failed' }]);
  const database = await openPostgres(directoryDatabase ?? '');
  await database.db.execute('update account_checks set next_at = 0');
  await database.db.execute('update account_hosts set due_at = 0, free_at = 0');
  await database.close();
  expect(await tick()).toMatchObject([{ ...seen, state: 'ok', firstOkAt: expect.any(String) as unknown }]);
});

test('a Worker that was deployed without the page shows none', async () => {
  for (const path of ['/', '/reference', '/page.json', '/assets/main.js']) {
    const reply = await harness.getWorker('directory').fetch(`https://${NAMES.directory}${path}`);
    expect([path, reply.status, await reply.json()]).toMatchObject([path, 404, { code: 'path-unknown' }]);
  }
});

test('what the Workers said in their logs names nobody', () => {
  const said = JSON.stringify(harness.getLogs());
  expect(said).toContain('libsodium-wasm');
  expect(said).not.toMatch(/7946|2079460321|of-bobs-session|x7946marker/);
  expect(said).not.toContain(TOKEN);
});
