// Another OPRF key (§10) as those outside meet it, on both databases: who is looked up, at every moment of it; who watches; who
// renews, by himself or through his issuer's bulk renewal.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import type { MonitorReport, WatchedName } from '../../src/client/monitor.ts';
import { createMemoryMonitorStore } from '../../src/client/monitor-state.ts';
import type { RegisterOptions } from '../../src/client/register.ts';
import { parseRegistration, formatRegistration, type Registration } from '../../src/client/registration.ts';
import { readAttestation } from '../../src/protocol/token/attestation.ts';
import { advance } from '../../src/server/directory/sequencer/advance.ts';
import { createDirectories } from '../../src/server/issuer/directories.ts';
import { listDue, renewAttestations, type Renewed, type RenewRequest } from '../../src/server/issuer/renew.ts';
import { withdrawAttestation } from '../../src/server/issuer/withdraw.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { findTraces, needles, spellings } from '../support/traces.ts';
import { accountsOf, BOBCHAT, codeOf, DIRECTORY, EVECHAT, openWorld, type World } from './world.ts';

const BOB = '+44 20 7946 0123';
const NOBODY = '+44 20 7946 0999';
const DAY = 86_400;

describe.each(LONG_ENGINES)('a rotation, seen from outside, on %s', (engine) => {
  let database: TestDatabase;
  let world: World;
  let alice: Client;

  beforeAll(async () => {
    database = await openTestDatabase(engine);
  });
  afterAll(async () => database.close());
  beforeEach(async () => {
    await emptyTables(database);
    world = await openWorld(database);
    alice = world.gatekeeper();
    await alice.start();
    await heartbeat();
  });

  const heartbeat = () => advance(world.directory, { patient: false });
  const pass = async (seconds: number) => {
    world.advance(seconds);
    await heartbeat();
  };
  // Within the week descriptions are believed without asking again (§8.1).
  const rotate = async (days = 5): Promise<number> => {
    const until = world.now() + days * DAY;
    world.rotate(until);
    await pass(1);
    return until;
  };
  const at = (domain: string, account = 'bob') => ({
    domain,
    address: `@${account}:${domain}`,
    authorization: `Bearer ${account}`,
  });
  const register = (options: Partial<RegisterOptions> = {}): Promise<Registration> =>
    world.person().register({ identifier: BOB, providers: [at(BOBCHAT)], keep: true, ...options });
  const look = async (identifier = BOB, client = alice): Promise<string> => (await client.where(identifier)).outcome;
  const routes = async (client = alice) => {
    const { outcome, contested, routes: found } = await client.where(BOB);
    return { outcome, contested, routes: found.map(({ provider, assurance }) => `${provider.domain} ${assurance}`) };
  };
  const FOUND = { outcome: 'found', contested: false, routes: [`${BOBCHAT} confirmed`] };

  test('found before, during and after who renews; gone at the end who does not', async () => {
    const carol = '+44 20 7946 0456';
    const first = await register();
    await register({ identifier: carol, providers: [at(BOBCHAT, 'carol')] });
    expect([await routes(), await look(carol), await look(NOBODY)]).toEqual([FOUND, 'found', 'absent']);

    const until = await rotate();
    const clients = [alice, world.gatekeeper()];
    for (const client of clients)
      expect([await look(BOB, client), await look(carol, client), await look(NOBODY, client)]).toEqual([
        'found',
        'found',
        'absent',
      ]);
    const [old, current] = (await alice.keys(DIRECTORY)).toSorted((a) => (a.until === undefined ? 1 : -1));
    expect([old?.until, current?.until, first.key]).toEqual([until, undefined, old?.id]);

    // Changed under the old key as long as that lives; renewed under the new one.
    world.advance(10);
    const moved = await world.person().update(first, { providers: [at(EVECHAT), at(BOBCHAT)] });
    expect(moved).toMatchObject({ name: first.name, key: old?.id });
    world.advance(10);
    const second = await register();
    expect(second).toMatchObject({ key: current?.id });
    expect(second.name).not.toBe(first.name);
    // The newer record speaks for him, not both at odds.
    expect(await routes()).toEqual(FOUND);
    expect(await routes(world.gatekeeper())).toEqual(FOUND);

    world.advance(until - world.now());
    await heartbeat();
    for (const client of [...clients, world.gatekeeper()])
      expect([await look(BOB, client), await look(carol, client), await look(NOBODY, client)]).toEqual([
        'found',
        'absent',
        'absent',
      ]);
    expect(await codeOf(world.person().update(moved, { providers: [at(BOBCHAT)] }))).toBe('key-unknown');
    expect(await codeOf(world.person().withdraw(moved))).toBe('record-unknown');
    expect(second).toMatchObject(
      await world
        .person()
        .update(second, { providers: [at(BOBCHAT)] })
        .then(({ name }) => ({ name })),
    );
  });

  /** Has `event` happen in the middle of a look-up: before the reply to its n-th request. */
  const interrupt = async (
    event: () => Promise<unknown>,
    n: number,
  ): Promise<{ outcome: string; reached: boolean }> => {
    let seen = 0;
    let reached = false;
    world.spoil = async (_, reply) => {
      seen += 1;
      if (seen === n) {
        reached = true;
        const spoil = world.spoil;
        world.spoil = undefined;
        await event();
        world.spoil = spoil;
      }
      return reply;
    };
    const outcome = await look();
    world.spoil = undefined;
    return { outcome, reached };
  };

  // What the client does here is the same whatever lies below; on the slower database it says no more.
  test.skipIf(engine === 'pglite').each([
    ['is announced', false],
    ['is announced, and a stale head is remembered', true],
  ])('whatever moment it %s in the middle of a look-up, Bob is never said to be absent', async (_, remembered) => {
    await register();
    for (let n = 1; ; n++) {
      if (!remembered) alice = world.gatekeeper();
      await look();
      if (!remembered) alice = world.gatekeeper();
      // Two keys at most: every other time the old one ends instead.
      const retiring = (await alice.keys(DIRECTORY)).find(({ until }) => until !== undefined)?.until;
      const announce = async () => {
        await rotate(1);
        world.advance(5);
        await register();
      };
      const end = async () => {
        world.advance((retiring ?? 0) - world.now());
        await heartbeat();
        world.advance(1);
        await heartbeat();
      };
      const { outcome, reached } = await interrupt(retiring === undefined ? announce : end, n);
      expect(['found', 'unknown'], `${retiring === undefined ? 'announced' : 'ended'} at request ${n}`).toContain(
        outcome,
      );
      await heartbeat();
      expect(await look(), `after request ${n}`).toBe('found');
      if (!reached) break;
    }
  });

  test('absent needs both: what could not be asked under one key is unknown', async () => {
    await rotate();
    const keys = await alice.keys(DIRECTORY);
    expect(keys).toHaveLength(2);
    for (const { id } of keys) {
      world.spoil = ({ url, body }, reply) =>
        url.pathname === '/v1/evaluate' && body.includes(id) ? new Response('', { status: 503 }) : reply;
      expect(await look(NOBODY)).toBe('unknown');
    }
    world.spoil = undefined;
    const answers: string[] = [];
    for await (const answer of alice.whereMany([NOBODY, BOB, NOBODY])) answers.push(answer.outcome);
    expect(answers).toEqual(['absent', 'absent', 'absent']);
  });

  describe('the monitor', () => {
    const store = { value: createMemoryMonitorStore() };
    beforeEach(() => {
      store.value = createMemoryMonitorStore();
    });
    const watch = ({ name, holder, digest, expires, key }: Registration): WatchedName => ({
      name,
      own: [{ holder, digest, expires, key }],
    });
    const run = async (...watched: WatchedName[]): Promise<MonitorReport[]> => {
      const reports: MonitorReport[] = [];
      for await (const report of world.person().monitor(DIRECTORY, watched, store.value)) reports.push(report);
      return watched.flatMap(({ name }) => reports.filter((report) => report.name === name));
    };

    test('sees records under both names, and knows an end from a loss', async () => {
      const first = await register();
      expect(await run(watch(first))).toMatchObject([{ outcome: 'clean', sightings: [] }]);
      const until = await rotate();
      expect(await run(watch(first))).toMatchObject([{ outcome: 'clean', keyUntil: until }]);
      const second = await register();
      const [old, current] = await run(watch(first), watch(second));
      expect(old).toMatchObject({ outcome: 'clean', keyUntil: until });
      expect(current?.keyUntil).toBeUndefined();
      // Somebody with another issuer's word, under the new name: the old one says nothing of it.
      await register({ providers: [at(EVECHAT, 'eve')] });
      expect(await run(watch(first), watch(second))).toMatchObject([
        { outcome: 'clean' },
        { outcome: 'alarm', sightings: [{ kind: 'stranger' }] },
      ]);
      world.advance(until - world.now());
      await heartbeat();
      expect(await run(watch(first))).toMatchObject([{ outcome: 'clean', retired: true, sightings: [] }]);
      // Without the key's id it cannot know, and says so rather than nothing.
      const { key: _, ...unknown } = watch(first).own[0] ?? { holder: '' };
      expect(await run({ name: first.name, own: [unknown] })).toMatchObject([
        { outcome: 'alarm', sightings: [{ kind: 'missing' }] },
      ]);
    });
  });

  describe.skipIf(engine === 'pglite')('an issuer', () => {
    const issuer = () => {
      const ctx = world.issuers.get(BOBCHAT);
      if (ctx === undefined) throw new Error('no issuer');
      return { ctx, parts: { accounts: accountsOf(BOBCHAT), findDirectory: createDirectories(ctx) } };
    };
    const due = (options = {}) => listDue(issuer().ctx, issuer().parts.findDirectory, options);
    const renew = async (requests: RenewRequest[], accounts = accountsOf(BOBCHAT)): Promise<Renewed[]> => {
      const { ctx, parts } = issuer();
      const done: Renewed[] = [];
      for await (const one of renewAttestations(ctx, { ...parts, accounts }, requests)) done.push(one);
      return done;
    };

    test('lists what is due and renews it in bulk; the person deposits with the key that was kept', async () => {
      const first = await register();
      const other = await register({ identifier: NOBODY, providers: [at(BOBCHAT, 'carol')] });
      expect(await due()).toEqual([]);
      const until = await rotate();
      const listed = await due({ accounts: ['bob', 'carol', 'dave'] });
      expect(listed.map(({ account, why, before }) => ({ account, why, before }))).toEqual(
        expect.arrayContaining(['bob', 'carol'].map((account) => ({ account, why: 'key', before: until }))),
      );
      expect(listed).toHaveLength(2);
      expect((await due())[0]?.account).toMatch(/^[0-9a-f]{64}$/);

      world.advance(10);
      const before = world.sent.length;
      const done = await renew([
        { account: 'bob', identifier: BOB },
        { account: 'carol', identifier: NOBODY },
        { account: 'dave', identifier: BOB },
        { account: 'bob', identifier: 'nonsense' },
      ]);
      // One evaluation for all of them.
      expect(world.sent.slice(before).filter(({ url }) => url.pathname === '/v1/evaluate')).toHaveLength(1);
      expect(done.map(({ account, outcome }) => `${account} ${outcome}`).toSorted()).toEqual([
        'bob refused',
        'bob renewed',
        'carol renewed',
        'dave none',
      ]);
      expect(done.find(({ outcome }) => outcome === 'refused')).toMatchObject({ code: 'identifier-invalid' });
      expect(await due()).toEqual([]);
      expect(await renew([{ account: 'bob', identifier: BOB }])).toMatchObject([{ outcome: 'current' }]);

      const mine = done.flatMap((one) => (one.account === 'bob' && one.outcome === 'renewed' ? [one] : []));
      expect(readAttestation(mine[0]?.attestation ?? '')).toMatchObject({ jkt: first.holder, iss: BOBCHAT });
      const stored = await parseRegistration(await formatRegistration(first));
      const options = { identifier: BOB, providers: [at(BOBCHAT)], renewals: mine };
      const renewed = await world.person().renew(stored, options);
      expect(renewed).toMatchObject({ holder: first.holder, seq: 2 });
      expect(renewed.name).not.toBe(first.name);
      expect(await codeOf(world.person().renew(other, { ...options, identifier: NOBODY }))).toBe('token-invalid');
      world.advance(until - world.now());
      await heartbeat();
      expect([await routes(), await look(NOBODY)]).toEqual([FOUND, 'absent']);
    });

    test('renews nobody who withdrew, or whose identifier is another’s now', async () => {
      const { attestations } = await register();
      await rotate();
      const refusing = { ...accountsOf(BOBCHAT), owns: async () => undefined };
      expect(await renew([{ account: 'bob', identifier: BOB }], refusing)).toMatchObject([
        { outcome: 'refused', code: 'account-refused' },
      ]);
      expect(await renew([{ account: 'eve', identifier: BOB }])).toMatchObject([{ outcome: 'none' }]);
      await withdrawAttestation(issuer().ctx, { id: 'bob' }, attestations[0]?.jti ?? '');
      expect(await renew([{ account: 'bob', identifier: BOB }])).toMatchObject([{ outcome: 'none' }]);
      expect(await due()).toEqual([]);
    });

    test('lists what ends soon; who registered again by himself is not due', async () => {
      await register();
      world.advance(340 * DAY);
      await heartbeat();
      expect(await due({ withinSeconds: 20 * DAY })).toEqual([]);
      expect(await due({ withinSeconds: 26 * DAY })).toMatchObject([{ why: 'end', directory: DIRECTORY }]);
      await register();
      expect(await due({ withinSeconds: 26 * DAY })).toEqual([]);
    });

    test('keeps nothing that names anybody', async () => {
      await register();
      await rotate();
      await renew([{ account: 'bob', identifier: BOB }]);
      const rows = await database.query('select * from issued');
      expect(rows).toHaveLength(2);
      const octets = rows
        .flatMap((row) => Object.values(row))
        .map((value) => (value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value))));
      const haystacks = [
        { where: 'issued', octets: Buffer.concat(octets.flatMap((one) => [one, Buffer.from('\n')])) },
        { where: 'log', octets: Buffer.from(world.logged.join('\n')) },
      ];
      expect(findTraces(haystacks, needles(spellings('tel:+442079460123', [BOB])))).toEqual([]);
    });
  });
});
