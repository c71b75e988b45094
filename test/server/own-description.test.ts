// A deployment's own description (§8): signed, the same by every instance on one day, served with an entity tag; and what a
// directory tells of others (§8.3).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { acceptDescription } from '../../src/protocol/description-signature.ts';
import { signOwnDescription } from '../../src/server/own-description.ts';
import { refreshDescriptions } from '../../src/server/directory/refresh.ts';
import { createPostgresDatabase } from '../support/database.ts';
import { openPostgres } from '../../src/platform/node/postgres.ts';
import type { Database } from '../../src/server/store/database.ts';
import { createTestDirectory, type TestDirectory } from '../support/directory.ts';
import { createParty } from '../support/parties.ts';

const NOW = 1_800_000_000;
const DAY = 86_400;

describe('our own', () => {
  test('is signed anew every day, the same by all instances, and each may follow the one before', async () => {
    const party = await createParty('bob.example');
    const text = JSON.stringify({ version: 1, domain: 'bob.example', jwks: { keys: [party.jwk] } });
    let now = NOW;
    const [one, two] = [1, 2].map(() => signOwnDescription(text, party.key, () => now * 1000));
    if (one === undefined || two === undefined) throw new Error('no instances');
    const first = await one();
    now += 3_600;
    expect([await one(), await two()]).toEqual([first, first]);
    const accept = (body: string, seen = {}) => acceptDescription(body, 'bob.example', { sandbox: false, now, seen });
    const last = await accept(first);
    expect([last.seq, last.expires]).toEqual([Math.floor(NOW / DAY) * DAY, '2027-01-23T00:00:00Z']);
    now += DAY;
    const second = await one();
    expect(second).not.toBe(first);
    expect((await accept(second, { last, seq: last.seq })).seq).toBe((last.seq ?? 0) + DAY);
    // What an instance that stood still serves is older.
    await expect(accept(first, { seq: (last.seq ?? 0) + DAY })).rejects.toMatchObject({ code: 'description-stale' });
  });
});

describe('what a directory tells', () => {
  let database: Database;
  let directory: TestDirectory;
  beforeAll(async () => {
    database = await openPostgres((await createPostgresDatabase()).url);
  });
  afterAll(() => database.close());
  beforeEach(() => {
    directory = createTestDirectory(database, { listed: ['bob.example'] });
  });

  test('its own with an entity tag, and "not modified" to who has it', async () => {
    const first = await directory.request('/.well-known/whereabouts');
    const etag = first.headers.get('etag') ?? '';
    expect([first.status, first.headers.get('cache-control'), etag.length]).toEqual([
      200,
      'public, max-age=300, no-transform',
      66,
    ]);
    const again = await directory.request('/.well-known/whereabouts', { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  test('another one’s history: what was lowered, by whom it was seen when, and that the copy is stale', async () => {
    const bridge = { from: ['alice.example'], protocol: 'alice', placement: 'client', encryption: 'native' };
    const document = (bridges: object[]) =>
      JSON.stringify({ version: 1, domain: 'bob.example', provider: { protocols: ['bob'], bridges } });
    const history = async () => {
      const response = await directory.request('/v1/providers/bob.example/history');
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    expect(await history()).toMatchObject({ status: 404, body: { code: 'provider-unknown' } });
    expect(directory.world.fetched).toEqual([]);
    const { descriptions } = directory.world;
    descriptions.set('bob.example', document([bridge]));
    await refreshDescriptions(directory.ctx);
    directory.time.now += 300_000;
    descriptions.set('bob.example', document([{ ...bridge, encryption: 're-encrypted', placement: 'server' }]));
    await refreshDescriptions(directory.ctx);
    const changed = await history();
    expect(changed).toMatchObject({
      status: 200,
      body: {
        domain: 'bob.example',
        stale: false,
        entries: [
          {
            at: new Date(directory.time.now).toISOString().replace('.000Z', 'Z'),
            digest: expect.stringMatching(/^[0-9a-f]{64}$/),
            changes: expect.arrayContaining([
              {
                member: 'encryption',
                subject: 'alice.example',
                from: 'end-to-end',
                to: 're-encrypted-by-bridge',
                effect: 'worse',
              },
            ]),
          },
          { changes: [] },
        ],
      },
    });
    const relayed = await directory.request('/v1/providers/bob.example');
    expect(relayed.headers.get('cache-status')).toBe('"directory.example"; hit; ttl=300');
    // Down: the copy is told with its age, and history stays.
    descriptions.delete('bob.example');
    directory.time.now += 3_600_000;
    await refreshDescriptions(directory.ctx);
    const stale = await directory.request('/v1/providers/bob.example');
    expect([stale.status, stale.headers.get('cache-status')]).toEqual([200, '"directory.example"; hit; ttl=-3300']);
    expect(await history()).toEqual({ status: 200, body: { ...changed.body, stale: true } });
    directory.time.now += 8 * DAY * 1000;
    expect((await history()).body).not.toHaveProperty('asOf');
    const bad = await directory.request('/v1/providers/BOB.example/history');
    expect([bad.status, await bad.json()]).toMatchObject([400, { code: 'request-invalid' }]);
  });

  test('in the background listed domains are asked every time, strangers once a day', async () => {
    const { world, time, ctx } = directory;
    const stranger = await createParty('stranger.example');
    world.join(stranger, await createParty('bob.example'));
    await ctx.descriptions.fetch('stranger.example');
    const asked = async (seconds: number): Promise<string[]> => {
      time.now += seconds * 1000;
      world.fetched.length = 0;
      await refreshDescriptions(ctx);
      return world.fetched.toSorted();
    };
    // The clock of the test before is ahead of this one's.
    await asked(20 * DAY);
    expect(await asked(300)).toEqual(['bob.example']);
    expect(await asked(DAY)).toEqual(['bob.example', 'stranger.example']);
    expect(await asked(299)).toEqual([]);
  });
});
