// Many directories as one (§7): the answer depends on what they know, not on who answers when; none is believed without its own
// log; whoever lies, hangs or is down costs the answer no more than its certainty.
import { describe, expect, test } from 'vitest';
import { createMemoryCheckpoints } from '../../src/client/checkpoints.ts';
import type { Answer } from '../../src/protocol/answer.ts';
import { BOB, hang, openFederation, type Federation, type Member, type Temper } from './federation.ts';
import { BOBCHAT, EVECHAT } from './log-world.ts';

const NOBODY = '+44 20 7946 0999';
/** Long enough for honest ones on a busy machine. */
const DEADLINE = 6_000;

const domainsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `d${i}.example`);

/** What of an answer may not depend on order and timing: everything but which epoch was the newest. */
const essence = ({ outcome, contested, routes, directories }: Answer) => ({
  outcome,
  contested,
  routes: routes.map(({ provider, address, assurance, issuers, since }) => [
    provider,
    address,
    assurance,
    issuers,
    since,
  ]),
  directories: directories.map(({ domain, outcome: own, code }) => [domain, own, code]),
});

const shuffled = <T>(items: readonly T[], seed: number): T[] =>
  items
    .map((item, place) => ({ item, key: Math.sin(seed * 97 + place * 31) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);

const memberOf = ({ members }: Federation, place: number): Member => {
  const found = members[place];
  if (found === undefined) throw new Error('no such directory');
  return found;
};

/** Asks once in every order and timing; gives the distinct essences. */
async function askAll(federation: Federation, identifier: string, orders: number): Promise<Answer> {
  const answers: Answer[] = [];
  for (let seed = 0; seed < orders; seed++) {
    const directories = shuffled(
      federation.members.map(({ domain }) => domain),
      seed,
    );
    for (const [place, member] of shuffled(federation.members, seed + 50).entries())
      member.delay = seed === 0 ? 0 : place * 7;
    answers.push(await federation.open({ directories }).where(identifier, { deadlineMilliseconds: DEADLINE }));
  }
  const [first] = answers;
  if (first === undefined) throw new Error('nothing was asked');
  for (const answer of answers) expect(essence(answer)).toEqual(essence(first));
  return first;
}

interface Case {
  readonly count: number;
  /** Places of the directories that know Bob, and tempers by place. */
  readonly know: readonly number[];
  readonly optOut?: readonly number[];
  readonly tempers?: Readonly<Record<number, Temper>>;
  readonly bob: Answer['outcome'];
  readonly nobody: Answer['outcome'];
}

const CASES: readonly Case[] = [
  { count: 1, know: [0], bob: 'found', nobody: 'absent' },
  { count: 1, know: [0], tempers: { 0: 'hides' }, bob: 'unknown', nobody: 'absent' },
  { count: 1, know: [], tempers: { 0: 'down' }, bob: 'unknown', nobody: 'unknown' },
  { count: 1, know: [], tempers: { 0: 'rubbish' }, bob: 'unknown', nobody: 'unknown' },
  { count: 3, know: [1], bob: 'found', nobody: 'absent' },
  { count: 3, know: [0, 1, 2], bob: 'found', nobody: 'absent' },
  { count: 3, know: [2], tempers: { 0: 'down', 1: 'rubbish' }, bob: 'found', nobody: 'unknown' },
  { count: 3, know: [1], tempers: { 1: 'hides' }, bob: 'unknown', nobody: 'absent' },
  { count: 3, know: [0, 1], tempers: { 1: 'hides' }, bob: 'found', nobody: 'absent' },
  { count: 3, know: [0], optOut: [2], bob: 'opted-out', nobody: 'absent' },
  { count: 10, know: [3, 7], bob: 'found', nobody: 'absent' },
  {
    count: 10,
    know: [3, 7],
    tempers: { 0: 'down', 1: 'rubbish', 3: 'hides', 9: 'down' },
    bob: 'found',
    nobody: 'unknown',
  },
  { count: 10, know: [7], tempers: { 7: 'hides' }, bob: 'unknown', nobody: 'absent' },
];

async function arrange({ count, know, optOut = [], tempers = {} }: Case): Promise<Federation> {
  const federation = await openFederation(domainsOf(count));
  for (const place of know) await federation.register(memberOf(federation, place), BOBCHAT, BOB);
  // §5.3: the later decides.
  if (optOut.length > 0) await new Promise((resolve) => setTimeout(resolve, 1_100));
  for (const place of optOut) await federation.register(memberOf(federation, place), BOBCHAT, BOB, true);
  for (const [place, temper] of Object.entries(tempers)) memberOf(federation, Number(place)).temper = temper;
  return federation;
}

describe('merging', () => {
  test.each(CASES)('$count directories, $know know Bob, $tempers: $bob, and nobody is $nobody', async (one) => {
    const federation = await arrange(one);
    const bob = await askAll(federation, BOB, 3);
    expect(bob.outcome).toBe(one.bob);
    if (one.bob === 'found') expect(bob.routes.map(({ address }) => address)).toEqual([`@bob:${BOBCHAT}`]);
    expect(bob.directories).toHaveLength(one.count);
    expect((await askAll(federation, NOBODY, 2)).outcome).toBe(one.nobody);
  });

  test.each([
    { count: 3, know: [1], slow: [0], bob: 'found' as const },
    { count: 10, know: [4], slow: [0, 9], bob: 'found' as const },
    { count: 3, know: [1], slow: [1], bob: 'unknown' as const },
  ])('$count directories, $know know Bob, $slow hang: $bob by the deadline', async ({ count, know, slow, bob }) => {
    const federation = await arrange({ count, know, bob, nobody: 'unknown' });
    for (const place of slow) memberOf(federation, place).temper = 'slow';
    const client = federation.open({ directories: domainsOf(count) });
    await client.start();
    const answer = await client.where(BOB, { deadlineMilliseconds: 2_500 });
    expect(answer.outcome).toBe(bob);
    for (const place of slow)
      expect(answer.directories.find(({ domain }) => domain === `d${place}.example`)?.code).toBe('peer-unreachable');
  });
});

describe('a provider that is down, slow or talks rubbish', () => {
  test.each([
    ['down', async () => Promise.reject(new Error('connection refused'))],
    ['slow', hang],
    ['rubbish', async () => new Response('<html>', { headers: { 'content-type': 'application/json' } })],
  ] as const)('%s: what others say of Bob is answered, and what it alone says is open', async (_, oddity) => {
    const federation = await openFederation(['d0.example']);
    const only = memberOf(federation, 0);
    await federation.register(only, BOBCHAT, BOB);
    await federation.register(only, EVECHAT, NOBODY);
    let given: AbortSignal | undefined;
    federation.oddities.set(EVECHAT, (signal) => {
      given = signal;
      return oddity(signal);
    });
    const client = federation.open({ directories: [only.domain], trust: { tel: [BOBCHAT, EVECHAT], mailto: [] } });
    // The very first question, while descriptions are still being fetched: it does not wait for those that hang.
    const bob = await client.where(BOB);
    expect(given?.aborted).toBe(false);
    expect(bob.outcome).toBe('found');
    const other = await client.where(NOBODY);
    expect(other).toMatchObject({ outcome: 'unknown', routes: [] });
    expect(other.directories[0]).toMatchObject({ outcome: 'unknown', code: 'provider-unknown' });
  });
});

describe('one blinding', () => {
  test('serves every directory, and no two questions share one', async () => {
    const federation = await openFederation(domainsOf(3));
    const client = federation.open({ directories: domainsOf(3) });
    await client.where(BOB);
    const elements = () =>
      federation.sent
        .filter(({ path }) => path === '/v1/evaluate')
        .map(({ body }) => (JSON.parse(body) as { blinded: string[] }).blinded.join());
    expect(elements()).toHaveLength(3);
    expect(new Set(elements()).size).toBe(1);
    await client.where(BOB);
    expect(elements()).toHaveLength(6);
    expect(new Set(elements()).size).toBe(2);
  });
});

describe('put aside', () => {
  test('a directory that shows two logs is asked nothing more, also by who shares the evidence', async () => {
    const federation = await openFederation(domainsOf(2));
    await federation.register(memberOf(federation, 0), BOBCHAT, BOB);
    const checkpoints = createMemoryCheckpoints();
    const client = federation.open({ directories: domainsOf(2) }, checkpoints);
    expect((await client.where(BOB)).outcome).toBe('found');
    memberOf(federation, 1).temper = 'forks';
    // What was read of the newest epoch is used for a while: a new client reads again.
    const again = federation.open({ directories: domainsOf(2) }, checkpoints);
    const answer = await again.where(NOBODY);
    expect(answer.outcome).toBe('unknown');
    expect(answer.directories[1]).toEqual({ domain: 'd1.example', outcome: 'unknown', code: 'log-forked' });
    const [evidence] = await again.evidence();
    expect(evidence).toMatchObject({ origin: 'd1.example/whereabouts', code: 'log-forked' });
    expect(evidence?.notes).toHaveLength(2);
    // Its description is still fetched, on the schedule of all of them.
    const count = () =>
      federation.sent.filter(({ host, path }) => host === 'd1.example' && path !== '/.well-known/whereabouts').length;
    const before = count();
    expect((await again.where(BOB)).outcome).toBe('found');
    expect((await again.where(NOBODY)).directories[1]?.code).toBe('log-forked');
    // Another process that starts with the same evidence asks it nothing either.
    const third = federation.open({ directories: domainsOf(2) }, checkpoints);
    expect((await third.where(NOBODY)).directories[1]?.code).toBe('log-forked');
    expect(count()).toBe(before);
  });
});

describe('patience', () => {
  test('a slow directory costs its deadline once, then an eighth of it, and all of its time again once it answers', async () => {
    const federation = await openFederation(domainsOf(2));
    await federation.register(memberOf(federation, 0), BOBCHAT, BOB);
    const slow = memberOf(federation, 1);
    slow.temper = 'slow';
    const client = federation.open({ directories: domainsOf(2) });
    await client.start();
    const timed = async () => {
      const began = performance.now();
      const answer = await client.where(BOB, { deadlineMilliseconds: 4_000 });
      expect(answer.outcome).toBe('found');
      return { spent: performance.now() - began, code: answer.directories[1]?.code };
    };
    const first = await timed();
    const second = await timed();
    expect([first.code, second.code]).toEqual(['peer-unreachable', 'peer-unreachable']);
    // Bounds of the design, not of the machine: the second question must not have waited for the whole deadline.
    expect(first.spent).toBeGreaterThanOrEqual(3_900);
    expect(second.spent).toBeLessThan(3_900);
    slow.temper = 'honest';
    expect((await timed()).code).toBeUndefined();
  });
});

describe('peers', () => {
  test('are asked by policy, one step and no further, each against its own log', async () => {
    const federation = await openFederation(domainsOf(4));
    const [first, second, third] = domainsOf(4);
    federation.described.set(first ?? '', { peers: [second ?? '', 'nowhere.example', BOBCHAT] });
    federation.described.set(second ?? '', { peers: [third ?? ''] });
    await federation.register(memberOf(federation, 1), BOBCHAT, BOB);
    const alone = await federation.open({ directories: [first ?? ''] }).where(BOB);
    expect(alone.outcome).toBe('absent');
    const followed = await federation.open({ directories: [first ?? ''], peers: true }).where(BOB);
    expect(followed.outcome).toBe('found');
    expect(followed.directories.map(({ domain, outcome }) => [domain, outcome])).toEqual([
      [first, 'absent'],
      [second, 'found'],
    ]);
    memberOf(federation, 1).temper = 'hides';
    expect((await federation.open({ directories: [first ?? ''], peers: true }).where(BOB)).outcome).toBe('unknown');
  });
});

describe('the chooser', () => {
  test('what the asker added, by region, what was chosen, and whether the person is there', async () => {
    const federation = await openFederation(['d0.example', EVECHAT, 'other.example']);
    const [main, eve] = [memberOf(federation, 0), memberOf(federation, 1)];
    federation.described.set(BOBCHAT, { provider: { protocols: ['bobchat'] } });
    federation.described.set(EVECHAT, { provider: { protocols: ['evechat'] }, name: 'EveChat' });
    federation.described.set('other.example', { provider: { protocols: ['other'] } });
    await federation.register(eve, EVECHAT, NOBODY);
    const policy = { directories: [main.domain], alternatives: [BOBCHAT], regions: { FR: ['other.example'], GB: [] } };
    const client = federation.open(policy);
    expect(await client.addNetwork(EVECHAT)).toMatchObject({ domain: EVECHAT, name: 'EveChat', directory: true });
    await expect(client.addNetwork(main.domain)).rejects.toMatchObject({ code: 'provider-unknown' });
    await expect(client.addNetwork('nowhere.example')).rejects.toMatchObject({ code: 'provider-unknown' });
    await expect(client.addNetwork('127.0.0.1')).rejects.toMatchObject({ code: 'request-invalid' });
    const options = { also: [EVECHAT, 'never-added.example'], exists: true };
    const answer = await client.where(NOBODY, options);
    expect(answer.outcome).toBe('absent');
    expect(
      answer.alternatives.map(({ domain, added, available, exists }) => [domain, added, available, exists]),
    ).toEqual([
      [BOBCHAT, undefined, undefined, undefined],
      [EVECHAT, true, undefined, 'found'],
      ['never-added.example', true, false, undefined],
    ]);
    // The same blinded element went to both.
    const blinded = federation.sent
      .filter(({ path }) => path === '/v1/evaluate')
      .map(({ host, body }) => [host, (JSON.parse(body) as { blinded: string[] }).blinded[0]]);
    expect(blinded.slice(-2).map(([host]) => host)).toEqual([main.domain, EVECHAT]);
    expect(blinded.at(-1)?.[1]).toBe(blinded.at(-2)?.[1]);
    const french = await client.where('+33 1 99 00 12 34', options);
    expect(french.alternatives.map(({ domain, exists }) => [domain, exists])).toEqual([
      ['other.example', 'absent'],
      [BOBCHAT, undefined],
      [EVECHAT, 'absent'],
      ['never-added.example', undefined],
    ]);
    eve.temper = 'hides';
    expect(
      (await federation.open({ ...policy, known: [EVECHAT] }).where(NOBODY, { also: [EVECHAT], exists: true }))
        .alternatives[1]?.exists,
    ).toBe('unknown');
    // Without being asked to, nobody else is asked anything.
    const before = federation.sent.filter(({ host }) => host === EVECHAT).length;
    await client.where(NOBODY, { also: [EVECHAT] });
    expect(federation.sent.filter(({ host }) => host === EVECHAT)).toHaveLength(before);
  });

  test('what was chosen stays first, as long as it is there', async () => {
    const federation = await openFederation(['d0.example']);
    const only = memberOf(federation, 0);
    await federation.register(only, BOBCHAT, 'bob@example.org');
    await federation.register(only, EVECHAT, 'bob@example.org');
    const client = federation.open({ directories: [only.domain], trust: { tel: [], mailto: [BOBCHAT, EVECHAT] } });
    const order = async (chosen?: string) =>
      (await client.where('bob@example.org', chosen === undefined ? {} : { chosen })).routes.map((route) => [
        route.provider.domain,
        route.chosen,
      ]);
    expect(await order(EVECHAT)).toEqual([
      [EVECHAT, true],
      [BOBCHAT, undefined],
    ]);
    expect(await order(BOBCHAT)).toEqual([
      [BOBCHAT, true],
      [EVECHAT, undefined],
    ]);
    expect((await order('gone.example')).map(([, chosen]) => chosen)).toEqual([undefined, undefined]);
  });
});
