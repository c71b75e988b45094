// Bob from registration to withdrawal: SDK, directory and issuers under production rules, on one database.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import type { RegisterOptions } from '../../src/client/register.ts';
import { formatRegistration, parseRegistration } from '../../src/client/registration.ts';
import type { WhereOptions } from '../../src/client/where.ts';
import { recheck } from '../../src/server/directory/recheck.ts';
import { advance } from '../../src/server/directory/sequencer/advance.ts';
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { findTraces, needles, spellings } from '../support/traces.ts';
import { ALICECHAT, BOBCHAT, CHARLIECHAT, codeOf, DIRECTORY, EVECHAT, openWorld, POLICY, type World } from './world.ts';

const BOB = '+44 20 7946 0123';
const NOBODY = '+44 20 7946 0999';

let database: TestDatabase;
let world: World;
let alice: Client;

beforeAll(async () => {
  database = await openTestDatabase('pglite');
});
afterAll(async () => database.close());
beforeEach(async () => {
  await emptyTables(database);
  world = await openWorld(database);
  alice = world.gatekeeper();
  await alice.start();
});

const at = (domain: string, account = 'bob') => ({
  domain,
  address: `@${account}:${domain}`,
  authorization: `Bearer ${account}`,
});

const register = (options: Partial<RegisterOptions> = {}) =>
  world.person().register({ identifier: BOB, providers: [at(BOBCHAT)], ...options });

/** What Alice sees of an answer at a glance. */
async function glance(identifier: string, options?: WhereOptions) {
  const { outcome, contested, routes, directories } = await alice.where(identifier, options);
  return {
    outcome,
    contested,
    routes: routes.map(({ provider, assurance, auto }) => `${provider.domain} ${assurance}${auto ? ' auto' : ''}`),
    codes: directories.map(({ outcome: said, code }) => (code === undefined ? said : `${said} ${code}`)),
  };
}

/** An epoch now, with or without changes: what a directory's own schedule does. */
const heartbeat = () => advance(world.directory, { patient: false });

const ABSENT = { outcome: 'absent', contested: false, routes: [], codes: ['absent'] };

describe('Bob', () => {
  test('is found as confirmed, with the bridge and its warning', async () => {
    const registration = await register({ auto: true });
    expect(registration.kept).toBeUndefined();
    expect(registration.attestations).toEqual([{ issuer: BOBCHAT, jti: expect.stringMatching(/^[\w-]{22}$/) }]);
    const answer = await alice.where(BOB);
    expect(answer).toMatchObject({
      id: 'tel:+442079460123',
      outcome: 'found',
      contested: false,
      routes: [
        {
          provider: { domain: BOBCHAT, name: 'bobchat' },
          address: '@bob:bob.example',
          assurance: 'confirmed',
          issuers: [BOBCHAT],
          auto: true,
          connect: { protocol: 'alicechat', source: 'advertised', placement: 'server', operator: BOBCHAT },
          encryption: { level: 're-encrypted-by-bridge', readers: [BOBCHAT] },
        },
      ],
      alternatives: [],
      directories: [{ domain: DIRECTORY, outcome: 'found' }],
    });
    expect(answer.routes[0]?.encryption.warning).toContain(BOBCHAT);
  });

  test('is absent before, and others are; the gatekeeper offers its alternatives', async () => {
    expect(await glance(BOB)).toEqual(ABSENT);
    const { alternatives } = await alice.where(NOBODY);
    expect(alternatives.map(({ domain, connect }) => `${domain} ${connect?.protocol ?? ''}`)).toEqual([
      `${CHARLIECHAT} alicechat`,
      `${BOBCHAT} alicechat`,
    ]);
    const avoiding = await alice.where(NOBODY, { avoid: [CHARLIECHAT] });
    expect(avoiding.alternatives.map(({ domain }) => domain)).toEqual([BOBCHAT]);
  });

  test('changes the order of his providers with the key he kept, and once more without', async () => {
    const first = await register({ providers: [at(BOBCHAT), at(CHARLIECHAT)], keep: true });
    expect((await glance(BOB)).routes).toEqual([`${BOBCHAT} confirmed`, `${CHARLIECHAT} confirmed`]);
    const stored = await parseRegistration(await formatRegistration(first));
    const changed = await world.person().update(stored, { providers: [at(CHARLIECHAT), at(BOBCHAT)], auto: true });
    expect(changed).toMatchObject({ name: first.name, holder: first.holder, seq: 2, attestations: first.attestations });
    expect((await glance(BOB)).routes).toEqual([`${CHARLIECHAT} confirmed auto`, `${BOBCHAT} confirmed auto`]);
    // A fresh key and fresh attestations take the place of the old ones (§5.2).
    world.advance(10);
    const fresh = await register({ providers: [at(BOBCHAT), at(CHARLIECHAT)] });
    expect(fresh.holder).not.toBe(first.holder);
    expect(await glance(BOB)).toMatchObject({
      contested: false,
      routes: [`${BOBCHAT} confirmed`, `${CHARLIECHAT} confirmed`],
    });
  });

  test('withdraws with the key he kept', async () => {
    const registration = await register({ keep: true });
    expect(await codeOf(world.person().withdraw({ ...registration, seq: -1 }))).toBe('record-stale');
    await world.person().withdraw(registration);
    expect(await glance(BOB)).toEqual(ABSENT);
  });

  test('withdraws through his provider where he threw the key away, and not without either', async () => {
    const registration = await register();
    expect(await codeOf(world.person().withdraw(registration))).toBe('credentials-required');
    expect(await codeOf(world.person().update(registration, { providers: [] }))).toBe('credentials-required');
    const eve = { authorization: { [BOBCHAT]: 'Bearer eve' } };
    expect(await codeOf(world.person().withdraw(registration, eve))).toBe('attestation-unknown');
    expect((await glance(BOB)).outcome).toBe('found');
    await world.person().withdraw(registration, { authorization: { [BOBCHAT]: 'Bearer bob' } });
    expect(await glance(BOB)).toEqual(ABSENT);
  });

  test('withdraws through his provider while the directory is away: it asks within two days, and he is gone', async () => {
    const registration = await register();
    world.away = DIRECTORY;
    await world.person().withdraw(registration, { authorization: { [BOBCHAT]: 'Bearer bob' } });
    world.away = undefined;
    expect((await glance(BOB)).outcome).toBe('found');
    world.advance(2 * 86_400);
    await recheck(world.directory);
    await heartbeat();
    expect(await glance(BOB)).toEqual(ABSENT);
    // What stands is asked about, and stays.
    await register({ providers: [at(CHARLIECHAT)] });
    world.advance(2 * 86_400);
    const before = world.sent.length;
    await recheck(world.directory);
    const paths = world.sent.slice(before).map(({ url }) => url.hostname + url.pathname.replace(/[^/]{22}$/, ''));
    expect(paths).toContain(`${CHARLIECHAT}/whereabouts/attestations/`);
    await heartbeat();
    expect((await glance(BOB)).outcome).toBe('found');
  });

  test('does not want to be found, and nobody is offered anything else instead', async () => {
    await register({ optOut: true });
    expect(await alice.where(BOB)).toMatchObject({ outcome: 'opted-out', routes: [], alternatives: [] });
  });

  test('is vouched for by the domain of his own address', async () => {
    await register({ identifier: 'bob@charlie.example', providers: [at(CHARLIECHAT)] });
    // CharlieChat is on nobody's list for addresses: it is the domain itself.
    expect((await glance('Bob@Charlie.Example')).routes).toEqual([`${CHARLIECHAT} confirmed`]);
    await register({ identifier: 'bob@elsewhere.example', providers: [at(CHARLIECHAT)] });
    expect((await glance('bob@elsewhere.example')).outcome).toBe('absent');
  });

  test('has an attested route where the provider did not confirm the account', async () => {
    await register({
      providers: [
        { domain: CHARLIECHAT, address: '@bob:charlie.example' },
        { ...at(BOBCHAT), address: '@robert:bob.example' },
      ],
    });
    expect((await glance(BOB)).routes).toEqual([`${CHARLIECHAT} attested`, `${BOBCHAT} attested`]);
  });
});

describe('EveChat, which vouches for itself', () => {
  test('is not found unless what is only claimed is asked for, and then it is last', async () => {
    await register({ providers: [at(EVECHAT, 'eve')] });
    expect(await glance(BOB)).toEqual(ABSENT);
    expect((await glance(BOB, { unverified: true })).routes).toEqual([`${EVECHAT} claimed`]);
    await register();
    expect(await glance(BOB)).toMatchObject({ contested: false, routes: [`${BOBCHAT} confirmed`] });
    expect((await glance(BOB, { unverified: true })).routes).toEqual([`${BOBCHAT} confirmed`, `${EVECHAT} claimed`]);
  });

  test('cannot make anybody opt out', async () => {
    await register({ providers: [at(EVECHAT, 'eve')], optOut: true });
    expect(await glance(BOB)).toEqual(ABSENT);
  });

  test('is nobody to a gatekeeper that does not know it', async () => {
    await register({ providers: [at(EVECHAT, 'eve')] });
    alice = world.gatekeeper({ policy: { ...POLICY, known: [] } });
    expect(await glance(BOB, { unverified: true })).toEqual(ABSENT);
  });
});

describe('an issuer whose keys the gatekeeper does not have', () => {
  /** AliceChat with a policy of its own; `gone` is not reached, and nobody is fetched because of a question. */
  const without = async (gone: string, policy = POLICY): Promise<void> => {
    alice = world.gatekeeper({ policy });
    world.spoil = ({ url }, reply) => (url.hostname === gone ? new Response(null, { status: 503 }) : reply);
    await alice.start();
    world.spoil = undefined;
  };
  const UNKNOWN = { outcome: 'unknown', contested: false, routes: [], codes: ['unknown provider-unknown'] };

  test('as a provider beside an attestor that is believed: found, attested', async () => {
    await register({ providers: [at(EVECHAT)], attestors: [at(CHARLIECHAT)], auto: true });
    expect((await glance(BOB)).routes).toEqual([`${EVECHAT} confirmed auto`]);
    await without(EVECHAT, { ...POLICY, known: [] });
    expect(await glance(BOB)).toEqual({
      outcome: 'found',
      contested: false,
      routes: [`${EVECHAT} attested`],
      codes: ['found'],
    });
    expect((await alice.where(BOB)).routes[0]?.issuers).toEqual([CHARLIECHAT]);
  });

  test('but whom it believes: nobody is said to be absent', async () => {
    await register();
    await without(BOBCHAT);
    expect(await glance(BOB)).toEqual(UNKNOWN);
    expect((await glance(NOBODY)).outcome).toBe('absent');
    await register({ providers: [at(EVECHAT, 'eve')], attestors: [] });
    expect((await glance(BOB, { unverified: true })).routes).toEqual([`${EVECHAT} claimed`]);
    expect(await glance(BOB)).toEqual(UNKNOWN);
    // What another vouches for is found all the same, and the report says that something is missing.
    await register({ providers: [at(CHARLIECHAT)] });
    expect(await glance(BOB)).toMatchObject({
      outcome: 'found',
      routes: [`${CHARLIECHAT} confirmed`],
      codes: ['found provider-unknown'],
    });
    world.advance(300);
    await alice.refresh();
    expect(await glance(BOB)).toMatchObject({ contested: true, codes: ['found'] });
  });

  test('but whose own address it is: unknown, not absent', async () => {
    await register({ identifier: 'bob@eve.example', providers: [at(EVECHAT)] });
    expect((await glance('bob@eve.example')).routes).toEqual([`${EVECHAT} confirmed`]);
    await without(EVECHAT, { ...POLICY, known: [] });
    expect(await glance('bob@eve.example')).toEqual(UNKNOWN);
  });
});

describe('two who are at odds', () => {
  test('make a name contested, the older first, and nobody is routed unasked', async () => {
    await register({ auto: true });
    world.advance(100);
    await register({ providers: [at(CHARLIECHAT, 'mallory')], auto: true });
    expect(await glance(BOB)).toMatchObject({
      outcome: 'found',
      contested: true,
      routes: [`${BOBCHAT} confirmed`, `${CHARLIECHAT} confirmed`],
    });
  });
});

describe('what Alice prefers', () => {
  test('is applied to the answer and sent to nobody', async () => {
    await register({
      providers: [{ ...at(BOBCHAT), for: ['personal'] }, at(CHARLIECHAT)],
    });
    const before = world.sent.length;
    expect((await glance(BOB, { prefer: [CHARLIECHAT] })).routes).toEqual([
      `${CHARLIECHAT} confirmed`,
      `${BOBCHAT} confirmed`,
    ]);
    expect((await glance(BOB, { avoid: [BOBCHAT] })).routes).toEqual([`${CHARLIECHAT} confirmed`]);
    expect((await glance(BOB, { for: ['business'] })).routes).toEqual([`${CHARLIECHAT} confirmed`]);
    const all = await alice.where(BOB, { avoid: [BOBCHAT, CHARLIECHAT] });
    expect(all).toMatchObject({ outcome: 'found', routes: [], alternatives: [] });
    const text = JSON.stringify(world.sent.slice(before));
    for (const word of ['business', 'prefer', 'avoid', CHARLIECHAT]) expect(text).not.toContain(word);
    expect(await codeOf(alice.where(BOB, { prefer: ['No Domain'] }))).toBe('request-invalid');
  });
});

describe('what a look-up gives away', () => {
  test('nothing of the identifier, in any form, to anybody but the issuer it was registered with', async () => {
    await register();
    await alice.where(BOB);
    await alice.where(NOBODY);
    const seen = world.sent
      .filter(({ url }) => url.hostname === DIRECTORY)
      .map(({ url, headers, body }) => ({
        where: url.pathname,
        octets: Buffer.from(`${url.href}\n${JSON.stringify(headers)}\n${body}`),
      }));
    expect(seen.length).toBeGreaterThan(5);
    const wanted = needles([...spellings('tel:+442079460123', [BOB]), ...spellings('tel:+442079460999', [NOBODY])]);
    expect(findTraces(seen, wanted)).toEqual([]);
    expect(findTraces([{ where: 'log', octets: Buffer.from(world.logged.join('\n')) }], wanted)).toEqual([]);
    // The search finds what it should: the issuer was told.
    const issuer = world.sent.filter(({ url }) => url.hostname === BOBCHAT).map(({ body }) => body);
    expect(findTraces([{ where: 'issuer', octets: Buffer.from(issuer.join('\n')) }], wanted)).not.toEqual([]);
  });

  test('fetches no description, reads no single record, and on a miss no sealed records unless under cover', async () => {
    await register();
    const paths = async (identifier: string, options?: WhereOptions) => {
      const before = world.sent.length;
      await alice.where(identifier, options);
      // AliceChat is asked for its description by the directory, which has a token of its to verify.
      const asked = world.sent.slice(before).filter(({ url }) => url.hostname !== ALICECHAT);
      return asked.map(({ url }) => url.hostname + url.pathname.replaceAll(/[0-9a-f]{64}|\d+/g, '#'));
    };
    const bucket = `${DIRECTORY}/v#/buckets/#/#`;
    const [epoch, config, evaluation] = ['epoch', 'config/#', 'evaluate'].map((path) => `${DIRECTORY}/v#/${path}`);
    expect(await paths(BOB)).toEqual([epoch, config, evaluation, bucket, `${bucket}/sealed`]);
    expect(await paths(NOBODY)).toEqual([evaluation, bucket]);
    expect(await paths(NOBODY, { cover: true })).toEqual([evaluation, bucket, `${bucket}/sealed`]);
    // Long after the descriptions went stale a look-up still leaves them alone: refreshing is for a schedule.
    world.advance(3_600);
    await heartbeat();
    const tile = `${DIRECTORY}/log/tile/#/#.p/#`;
    expect(await paths(BOB)).toEqual([epoch, tile, evaluation, bucket, `${bucket}/sealed`]);
    const before = world.sent.length;
    expect(await alice.refresh()).toEqual([]);
    expect(world.sent.length - before).toBe(5);
  });

  test('many share evaluations and bucket reads', async () => {
    await register();
    const before = world.sent.length;
    const ids = Array.from({ length: 40 }, (_, i) => `+44 20 7946 0${100 + i}`);
    const outcomes: string[] = [];
    for await (const { outcome } of alice.whereMany([...ids, ...ids, 'rubbish'])) outcomes.push(outcome);
    const expected = ids.map((id) => (id === BOB ? 'found' : 'absent'));
    expect(outcomes).toEqual([...expected, ...expected, 'invalid']);
    const paths = world.sent.slice(before).map(({ url }) => url.pathname);
    const buckets = paths.filter((path) => /buckets\/\d+\/\d+$/.test(path));
    expect(paths.filter((path) => path.endsWith('/evaluate')).length).toBe(1);
    expect(new Set(buckets).size).toBe(buckets.length);
    expect(buckets.length).toBeLessThanOrEqual(16);
    expect(paths.filter((path) => path.endsWith('/sealed')).length).toBe(1);
  });
});

describe('a directory at work', () => {
  test('whose depth changed is followed', async () => {
    await register();
    await database.query(`update directory_state set depth = 6`);
    expect((await glance(BOB)).outcome).toBe('found');
    await database.query(`update directory_state set depth = 4`);
    expect((await glance(BOB)).outcome).toBe('found');
    expect((await glance(NOBODY)).outcome).toBe('absent');
  });
});

describe('an issuer that lies about the name', () => {
  test('is found out by the person’s own evaluation', async () => {
    world.spoil = async ({ url }, reply) => {
      if (!url.pathname.endsWith('/attestations')) return reply;
      world.spoil = undefined;
      const other = await attestOther();
      return Response.json(other, { status: 201 });
    };
    /** An attestation by the same issuer for the same key would need the same key: it is for another name and another key. */
    const attestOther = async () => {
      let given: unknown;
      world.spoil = async ({ url }, reply) => {
        if (url.pathname.endsWith('/attestations')) given = await reply.clone().json();
        return reply;
      };
      await register({ identifier: NOBODY });
      world.spoil = undefined;
      return given;
    };
    expect(await codeOf(register())).toBe('token-invalid');
    expect((await glance(BOB)).outcome).toBe('absent');
  });
});

describe('registering', () => {
  test.each([
    ['no issuer', { providers: [{ domain: BOBCHAT }] }, 'request-invalid'],
    ['an issuer twice', { providers: [at(BOBCHAT)], attestors: [at(BOBCHAT)] }, 'request-invalid'],
    ['an identifier that is none', { identifier: 'bob' }, 'identifier-invalid'],
    ['an account nobody knows', { providers: [{ ...at(BOBCHAT), authorization: 'Bearer 7' }] }, 'credentials-invalid'],
    ['a domain that issues nothing', { providers: [{ ...at(ALICECHAT) }] }, 'issuer-refused'],
    ['a life too long', { lifetimeSeconds: 401 * 86_400 }, 'request-invalid'],
    [
      'too many routes',
      { providers: [at(BOBCHAT), ...Array.from({ length: 8 }, () => ({ domain: EVECHAT }))] },
      'token-invalid',
    ],
  ])('with %s is refused', async (_, options, code) => {
    expect(await codeOf(register(options))).toBe(code);
    expect((await database.query('select * from records')).length).toBe(0);
  });
});
