// Who joins a conversation, directly or over other networks: proven by what is carried along, or asked about, or not known.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import type { Member, MemberAnswer, MemberOptions } from '../../src/client/members.ts';
import type { InvalidAccountAnswer } from '../../src/client/verify.ts';
import { makePlan } from '../../src/protocol/conversation/plan.ts';
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { ALICECHAT, BOBCHAT, CHARLIECHAT, EVECHAT, openWorld, type World } from './world.ts';

const CHARLIE = '+44 20 7946 0123';
const CLAIMS = { provider: CHARLIECHAT, address: '@charlie:charlie.example' };
const FALSE = { ...CLAIMS, address: '@mallory:charlie.example' };

/** CharlieChat reaches AliceChat over BobChat. */
const plan = makePlan({
  id: 'c',
  terminals: [ALICECHAT, BOBCHAT, CHARLIECHAT],
  deny: [],
  down: [],
  networks: [ALICECHAT, BOBCHAT, CHARLIECHAT].map((id) => ({ id })),
  bridges: [
    { id: 'east', attachments: [BOBCHAT, CHARLIECHAT], openness: 10, lacks: 0, priority: 0, readers: [] },
    { id: 'west', attachments: [ALICECHAT, BOBCHAT], openness: 10, lacks: 0, priority: 0, readers: [] },
  ],
});

let database: TestDatabase;
let world: World;
let bob: Client;
let alice: Client;

beforeAll(async () => {
  database = await openTestDatabase('pglite');
});
afterAll(async () => database.close());
beforeEach(async () => {
  await emptyTables(database);
  world = await openWorld(database);
  [bob, alice] = [world.gatekeeper(), world.gatekeeper()];
  await Promise.all([bob.start(), alice.start()]);
});

const register = () =>
  world.person().register({
    identifier: CHARLIE,
    providers: [{ domain: CHARLIECHAT, address: CLAIMS.address, authorization: 'Bearer charlie' }],
  });

/** What BobChat passes on, as it arrives. */
async function carry(claims = CLAIMS): Promise<unknown> {
  const { evidence } = await bob.verify({ id: CHARLIE, claims });
  return JSON.parse(JSON.stringify(evidence));
}

async function answersTo(members: readonly Member[], options: MemberOptions = {}) {
  const answers: (MemberAnswer | InvalidAccountAnswer)[] = [];
  for await (const answer of alice.conversations.verifyMembers(plan, members, options)) answers.push(answer);
  return answers;
}
const judge = async (members: readonly Member[], options?: MemberOptions): Promise<string[]> =>
  (await answersTo(members, options)).map((answer) => (answer.verdict === 'invalid' ? 'invalid' : summary(answer)));
const summary = ({ verdict, by, carried }: MemberAnswer): string => `${verdict} by ${by}, carried: ${carried}`;
const asked = () => world.sent.filter(({ url }) => url.pathname.startsWith('/v1/')).length;

test('many at once: match, mismatch, unknown, and no identifier in its place', async () => {
  await register();
  const nobody = { id: '+44 20 7946 0999', claims: CLAIMS };
  const members = [
    { id: CHARLIE, claims: CLAIMS },
    { id: CHARLIE, claims: FALSE },
    nobody,
    { ...nobody, id: 'nobody' },
  ];
  expect(await judge(members)).toEqual([
    'match by directories, carried: none',
    'mismatch by directories, carried: none',
    'unknown by directories, carried: none',
    'invalid',
  ]);
});

test('who comes over another network is believed by what is carried along, and can be carried on', async () => {
  await register();
  const evidence = await carry();
  const shown = { by: 'west', on: ALICECHAT };
  world.sent.length = 0;
  const [answer] = await answersTo([{ id: CHARLIE, claims: CLAIMS, evidence, shown }]);
  expect(answer).toMatchObject({ verdict: 'match', assurance: 'confirmed', by: 'evidence', carried: 'held', evidence });
  expect(asked()).toBe(0);
});

test('by the plan he cannot be there: another bridge shows him, or his network takes no part', async () => {
  await register();
  const evidence = await carry();
  world.sent.length = 0;
  const members = [
    { id: CHARLIE, claims: CLAIMS, evidence, shown: { by: 'east', on: ALICECHAT } },
    { id: CHARLIE, claims: CLAIMS, evidence, shown: { by: 'east', on: CHARLIECHAT } },
    { id: CHARLIE, claims: { ...CLAIMS, provider: EVECHAT }, evidence },
  ];
  expect(await judge(members)).toEqual(Array<string>(3).fill('unknown by plan, carried: none'));
  expect(asked()).toBe(0);
});

test('what is carried along and proves nothing is neither believed nor held against him', async () => {
  const absent = { id: CHARLIE, claims: CLAIMS };
  await register();
  const evidence = await carry();
  const spoilt = JSON.parse(JSON.stringify(evidence).replace(/"proof":"..../, '"proof":"AAAA')) as unknown;
  const against = await carry(FALSE);
  const members = [
    { ...absent, evidence: spoilt },
    { ...absent, evidence: 'forged' },
    // The proof of Charlie's account, for Mallory's; and the other way round.
    { id: CHARLIE, claims: FALSE, evidence },
    { ...absent, evidence: against },
    { id: '+44 20 7946 0999', claims: CLAIMS, evidence },
  ];
  expect(await judge(members)).toEqual([
    'match by directories, carried: invalid',
    'match by directories, carried: invalid',
    'mismatch by directories, carried: other',
    'match by directories, carried: other',
    'unknown by directories, carried: other',
  ]);
  expect(await judge(members, { ask: false })).toEqual([
    'unknown by nothing, carried: invalid',
    'unknown by nothing, carried: invalid',
    'unknown by nothing, carried: other',
    'unknown by nothing, carried: other',
    'unknown by nothing, carried: other',
  ]);
});

test('evidence grows old, and what speaks against him is asked again', async () => {
  await register();
  const [evidence, against] = [await carry(), await carry(FALSE)];
  expect(await judge([{ id: CHARLIE, claims: FALSE, evidence: against }])).toEqual([
    'mismatch by directories, carried: held',
  ]);
  expect(await judge([{ id: CHARLIE, claims: FALSE, evidence: against }], { ask: false })).toEqual([
    'mismatch by evidence, carried: held',
  ]);
  world.advance(3_601);
  const member = [{ id: CHARLIE, claims: CLAIMS, evidence }];
  expect(await judge(member, { ask: false, maxAgeSeconds: 3_600 })).toEqual(['unknown by nothing, carried: old']);
  expect(await judge(member, { ask: false })).toEqual(['match by evidence, carried: held']);
});
