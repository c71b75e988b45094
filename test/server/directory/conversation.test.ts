// Conversations over HTTP (§11.11) on both databases: who may change what, one plan an epoch, bridges that fall silent.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { gatherInputs } from '../../../src/protocol/conversation/gather.ts';
import { hashInputs, type Inputs } from '../../../src/protocol/conversation/inputs.ts';
import { hashPlan, verifyPlan } from '../../../src/protocol/conversation/plan.ts';
import { parseDescription } from '../../../src/protocol/description.ts';
import { readPlan, verifyPlanToken } from '../../../src/protocol/token/plan.ts';
import { formatB64u } from '../../../src/protocol/wire.ts';
import { purge } from '../../../src/server/directory/purge.ts';
import { emptyTables, LONG_ENGINES, openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  clientToken,
  createParty,
  createTestDirectory,
  DOMAIN,
  json,
  outcome,
  PRODUCTION,
  SELF,
  type Party,
  type TestDirectory,
} from '../../support/directory.ts';

const ID = formatB64u(new Uint8Array(32).fill(7));
const PATH = `/v1/conversations/${ID}`;
/** One bridge in the middle of three networks, and a dearer one beside it. */
const HUB = 'hub.example/all';
const SPARE = 'spare.example/all';
const NETWORKS = ['alice.example', 'bob.example', 'charlie.example'];

const ascending = (a: number, b: number): number => a - b;

interface Reply {
  readonly plan: string;
  readonly previous?: string;
  readonly inputs: Inputs;
  readonly own: { network: string; bridge: never }[];
}

describe.each(LONG_ENGINES)('conversations on %s', (engine) => {
  let database: TestDatabase;
  let directory: TestDirectory;
  const parties = new Map<string, Party>();
  const party = (domain: string): Party => {
    const found = parties.get(domain);
    if (found === undefined) throw new Error('nobody of this name');
    return found;
  };

  const describeNetwork = (domain: string, bridges: readonly object[]): string =>
    JSON.stringify({
      version: 1,
      domain,
      name: domain,
      jwks: { keys: [party(domain).jwk] },
      provider: { protocols: [`${domain.split('.')[0]}-talk`], encryption: 'end-to-end', bridges },
    });
  const listed = (id: string, priority: number, more: object = {}) => ({
    id,
    from: ['*'],
    protocol: 'any',
    placement: 'server',
    encryption: 're-encrypted',
    operator: id.split('/')[0],
    priority,
    ...more,
  });
  const publish = (domain: string, bridges = [listed(HUB, 1), listed(SPARE, 2)]) =>
    directory.world.descriptions.set(domain, describeNetwork(domain, bridges));

  beforeAll(async () => {
    database = await openTestDatabase(engine);
    for (const domain of [...NETWORKS, 'dora.example', 'hub.example', 'spare.example', 'eve.example'])
      parties.set(domain, await createParty(domain));
  });
  beforeEach(async () => {
    await emptyTables(database);
    directory = createTestDirectory(database, { quotas: PRODUCTION });
    directory.world.join(...parties.values());
    for (const domain of [...NETWORKS, 'dora.example']) publish(domain);
  });
  afterAll(() => database.close());

  const authorize = async (domain: string): Promise<string> => {
    const iat = Math.floor(directory.time.now / 1000);
    return `Bearer ${await clientToken(party(domain), { iat, exp: iat + 60 })}`;
  };
  const post = async (domain: string, body: object, path = '/v1/conversations') =>
    directory.request(path, json('POST', body, await authorize(domain)));
  const change = (domain: string, epoch: number, networks: readonly string[], more: object = {}) =>
    post(domain, { id: ID, epoch, networks, ...more });
  const get = async (domain: string, path = PATH) =>
    directory.request(path, { headers: { authorization: await authorize(domain) } });
  const beat = (domain: string, ...bridges: string[]) => post(domain, { bridges }, `${PATH}/heartbeat`);
  const pass = (seconds: number) => void (directory.time.now += seconds * 1000);
  const read = async (response: Response | Promise<Response>): Promise<Reply> => {
    const given = await response;
    expect(given.status).toBe(200);
    return (await given.json()) as Reply;
  };
  const planOf = async (response: Response | Promise<Response>) => readPlan((await read(response)).plan).plan;
  const bridgesOf = async (response: Response | Promise<Response>) => [
    ...new Set((await planOf(response)).edges.map(([bridge]) => bridge)),
  ];

  test('a plan is signed, follows from its inputs, and its inputs from the descriptions', async () => {
    const reply = await read(change('alice.example', 1, NETWORKS, { deny: ['eve.example'] }));
    const now = Math.floor(directory.time.now / 1000);
    const signed = await verifyPlanToken(reply.plan, { now, iss: DOMAIN, keys: () => ({ keys: [SELF.jwk] }) });
    verifyPlan(signed.plan, reply.inputs);
    expect(signed).toMatchObject({ iss: DOMAIN, exp: now + 30 * 86_400, plan: { epoch: 1, terminals: NETWORKS } });
    expect(signed.plan.edges).toEqual(NETWORKS.map((network) => [HUB, network]));
    const descriptions = [...directory.world.descriptions]
      .filter(([domain]) => NETWORKS.includes(domain))
      .map(([domain, body]) => parseDescription(String(body), domain, { sandbox: false }));
    const own = gatherInputs(
      { id: ID, terminals: NETWORKS, deny: ['eve.example'] },
      { descriptions, health: () => undefined },
    );
    expect(hashInputs(own)).toBe(signed.plan.inputs);
    expect(await read(get('charlie.example'))).toEqual(reply);
  });

  test('the same once more is the same; another is told which epoch there is, and who is in', async () => {
    const first = await read(change('alice.example', 1, NETWORKS));
    pass(5);
    expect(await read(change('alice.example', 1, NETWORKS))).toEqual(first);
    const other = await change('bob.example', 1, NETWORKS);
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ code: 'conversation-changed', epoch: 1, networks: NETWORKS });
  });

  test('everybody changes his own part, and nobody else’s', async () => {
    await read(change('alice.example', 1, NETWORKS));
    const refused = { status: 403, code: 'conversation-refused' };
    expect(await outcome(change('bob.example', 2, ['alice.example', 'bob.example']))).toEqual(refused);
    expect(await outcome(change('bob.example', 2, [...NETWORKS, 'dora.example']))).toEqual(refused);
    expect(await outcome(change('eve.example', 2, NETWORKS))).toEqual(refused);
    const joined = await planOf(change('dora.example', 2, [...NETWORKS, 'dora.example']));
    expect(joined).toMatchObject({ epoch: 2, basis: 'previous' });
    const left = await read(change('bob.example', 3, ['alice.example', 'charlie.example', 'dora.example']));
    const before = readPlan(left.previous ?? '').plan;
    expect(hashPlan(before)).toBe(hashPlan(joined));
    verifyPlan(readPlan(left.plan).plan, left.inputs, before);
    expect(readPlan(left.plan).plan.edges.map(([, network]) => network)).not.toContain('bob.example');
    expect(await outcome(get('bob.example'))).toEqual({ status: 404, code: 'conversation-unknown' });
    // His denial counts for the whole, and goes with him.
    const denied = await planOf(
      change('dora.example', 4, ['alice.example', 'charlie.example', 'dora.example'], { deny: ['hub.example'] }),
    );
    expect(denied.edges.every(([bridge]) => bridge === SPARE)).toBe(true);
  });

  test('who is not in it sees nothing; who opens is in it; the last one ends it', async () => {
    const unknown = { status: 404, code: 'conversation-unknown' };
    expect(await outcome(change('eve.example', 1, NETWORKS))).toEqual({ status: 403, code: 'conversation-refused' });
    expect(await outcome(change('alice.example', 2, NETWORKS))).toEqual(unknown);
    await read(change('alice.example', 1, ['alice.example', 'bob.example']));
    for (const path of [PATH, `${PATH}/watch`]) expect(await outcome(get('eve.example', path))).toEqual(unknown);
    expect(await outcome(get('alice.example', '/v1/conversations/x'))).toEqual(unknown);
    expect(await outcome(directory.request(PATH))).toEqual({ status: 401, code: 'credentials-required' });
    expect((await get('hub.example')).status).toBe(200);
    await read(change('alice.example', 2, ['bob.example']));
    expect((await planOf(change('bob.example', 3, []))).terminals).toEqual([]);
    expect(await outcome(get('bob.example'))).toEqual(unknown);
    expect(await database.query('select * from conversations')).toEqual([]);
  });

  test('two at once: each epoch is made by one of them', async () => {
    await read(change('alice.example', 1, NETWORKS));
    for (let epoch = 2; epoch < 6; epoch++) {
      const replies = await Promise.all(NETWORKS.map((network) => change(network, epoch, NETWORKS)));
      const statuses = replies.map(({ status }) => status).toSorted(ascending);
      expect(statuses).toEqual([200, 409, 409]);
      expect((await planOf(get('alice.example'))).epoch).toBe(epoch);
    }
  });

  test('opened twice at once by two: one of them opened it', async () => {
    const replies = await Promise.all(NETWORKS.map((network) => change(network, 1, NETWORKS)));
    expect(replies.map(({ status }) => status).toSorted(ascending)).toEqual([200, 409, 409]);
  });

  test('three missed heartbeats: another bridge, and nothing more for half a minute', async () => {
    await read(change('alice.example', 1, NETWORKS));
    expect(await bridgesOf(get('alice.example'))).toEqual([HUB]);
    expect(await outcome(beat('spare.example', HUB))).toEqual({ status: 404, code: 'conversation-unknown' });
    expect(await outcome(beat('alice.example', HUB))).toEqual({ status: 403, code: 'conversation-refused' });
    expect(await (await beat('hub.example', HUB)).json()).toEqual({ epoch: 1 });
    pass(89);
    expect(await bridgesOf(get('alice.example'))).toEqual([HUB]);
    pass(1);
    const after = await read(get('alice.example'));
    expect(after.inputs.down).toEqual([HUB]);
    verifyPlan(readPlan(after.plan).plan, after.inputs, readPlan(after.previous ?? '').plan);
    expect(await bridgesOf(get('alice.example'))).toEqual([SPARE]);
    // The other falls silent too, and the first one is back: nothing changes while things are held.
    await beat('hub.example', HUB);
    pass(29);
    await beat('hub.example', HUB);
    expect((await planOf(get('alice.example'))).epoch).toBe(2);
    // One that is back is used again when something changes, and moves nobody before.
    pass(31);
    await beat('hub.example', HUB);
    expect((await planOf(get('alice.example'))).epoch).toBe(2);
    const changed = await read(change('bob.example', 3, NETWORKS));
    expect(changed.inputs.down).toEqual([]);
  });

  test('without another bridge the conversation is divided, and joined again when it is back', async () => {
    for (const domain of NETWORKS) publish(domain, [listed(HUB, 1)]);
    await read(change('alice.example', 1, NETWORKS));
    await beat('hub.example', HUB);
    pass(90);
    expect((await planOf(get('bob.example'))).parts).toEqual(NETWORKS.map((network) => [network]));
    await beat('hub.example', HUB);
    pass(30);
    await beat('hub.example', HUB);
    const { parts, epoch } = await planOf(get('bob.example'));
    expect([parts, epoch]).toEqual([[NETWORKS], 3]);
  });

  test('a bridge that never reported is not missed; one that is withdrawn is', async () => {
    await read(change('alice.example', 1, NETWORKS));
    pass(3_600);
    expect((await planOf(get('alice.example'))).epoch).toBe(1);
    for (const domain of NETWORKS) {
      publish(domain, [listed(SPARE, 2)]);
      await directory.ctx.descriptions.fetch(domain);
    }
    pass(60);
    expect(await bridgesOf(get('alice.example'))).toEqual([SPARE]);
  });

  test('a bridge of a participant counts for his network', async () => {
    for (const domain of NETWORKS) publish(domain, []);
    const bridge = listed('phone/1', 0, {
      placement: 'client',
      operator: 'alice.example',
      networks: ['matrix'],
      from: ['matrix'],
    });
    const { own } = await read(change('alice.example', 1, ['alice.example'], { bridges: [bridge] }));
    expect(own).toEqual([{ network: 'alice.example', bridge }]);
    for (const [code, body] of [
      ['request-invalid', { bridges: Array.from({ length: 5 }, () => bridge) }],
      ['request-invalid', { deny: Array.from({ length: 33 }, (_, i) => `b${i}`) }],
      ['request-invalid', { bridges: [{ ...bridge, extra: 1 }] }],
    ] as const)
      expect(await outcome(change('alice.example', 2, ['alice.example'], body))).toEqual({ status: 400, code });
    expect(await outcome(change('alice.example', 2, ['not a network']))).toMatchObject({ code: 'request-invalid' });
    expect(await outcome(post('alice.example', { id: 'AA', epoch: 1, networks: [] }))).toMatchObject({ status: 400 });
  });

  test('what nobody changes for a month is gone', async () => {
    await read(change('alice.example', 1, NETWORKS));
    await beat('hub.example', HUB);
    pass(30 * 86_400);
    expect(await outcome(get('alice.example'))).toEqual({ status: 404, code: 'conversation-unknown' });
    await purge(directory.ctx);
    expect(await database.query('select * from conversations')).toEqual([]);
    expect(await database.query('select * from conversation_beats')).toEqual([]);
    // Its id may be used again.
    expect((await planOf(change('bob.example', 1, NETWORKS))).epoch).toBe(1);
  });

  test('tokens count once for changes; a domain has so many conversations and changes', async () => {
    const authorization = await authorize('alice.example');
    const body = { id: ID, epoch: 1, networks: NETWORKS };
    await read(directory.request('/v1/conversations', json('POST', body, authorization)));
    const again = directory.request('/v1/conversations', json('POST', body, authorization));
    expect(await outcome(again)).toEqual({ status: 401, code: 'credentials-invalid' });
    const strict = createTestDirectory(database, { quotas: { ...PRODUCTION, unlistedRecords: 2 } });
    strict.world.join(...parties.values());
    const openMany = await Promise.all(
      Array.from({ length: 5 }, async (_, n) => {
        const id = formatB64u(new Uint8Array(32).fill(n + 10));
        const request = json('POST', { ...body, id }, await authorize('alice.example'));
        return (await strict.request('/v1/conversations', request)).status;
      }),
    );
    expect(openMany.toSorted(ascending)).toEqual([200, 429, 429, 429, 429]);
    const few = createTestDirectory(database, {
      quotas: { ...PRODUCTION, writesPerIssuer: { capacity: 1, refill: 1, seconds: 60 } },
    });
    few.world.join(...parties.values());
    const renew = async (epoch: number) =>
      outcome(few.request('/v1/conversations', json('POST', { ...body, epoch }, await authorize('bob.example'))));
    expect([await renew(2), await renew(3)]).toEqual([{ status: 200 }, { status: 429, code: 'quota-exceeded' }]);
  });

  test('a stream tells every plan, and ends for who leaves', async () => {
    await read(change('alice.example', 1, NETWORKS));
    const response = await get('bob.example', `${PATH}/watch`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (reader === undefined) throw new Error('no stream');
    const next = async () => {
      const { done, value = '' } = await reader.read();
      if (done) return 'end';
      const [, event, data = ''] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(value) ?? [];
      return [event, readPlan((JSON.parse(data) as Reply).plan).plan.epoch];
    };
    expect(await next()).toEqual(['plan', 1]);
    await read(change('alice.example', 2, NETWORKS, { deny: ['hub.example'] }));
    expect(await next()).toEqual(['plan', 2]);
    await read(change('bob.example', 3, ['alice.example', 'charlie.example']));
    expect(await next()).toBe('end');
  });

  test('nothing that was sent is told in a refusal, and the log names nobody', async () => {
    await read(change('alice.example', 1, NETWORKS));
    const replies = [
      await change('alice.example', 2, ['s3cret thing']),
      await change('alice.example', 2, NETWORKS, { deny: ['s3cret\u0000'] }),
      await get('alice.example', '/v1/conversations/s3cret'),
    ];
    for (const reply of replies) expect(await reply.text()).not.toContain('s3cret');
    expect(JSON.stringify(directory.log)).not.toMatch(/s3cret|alice|hub\.example/);
    expect(JSON.stringify(directory.log)).not.toContain(ID);
  });
});
