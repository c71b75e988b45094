// "Is this really Charlie?": the owner's own word about an account, what proves it to others, and everything that proves nothing.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import type { RegisterOptions } from '../../src/client/register.ts';
import type { AccountEvidence } from '../../src/protocol/account-evidence.ts';
import { advance } from '../../src/server/directory/sequencer/advance.ts';
import { emptyTables, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { BOBCHAT, CHARLIECHAT, codeOf, DIRECTORY, EVECHAT, openWorld, POLICY, type World } from './world.ts';

const BOB = '+44 20 7946 0123';
const NOBODY = '+44 20 7946 0999';
const CLAIMS = { provider: BOBCHAT, address: '@bob:bob.example' };

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

const verdictOf = async (claims = CLAIMS, id = BOB) => {
  const { verdict, contested } = await alice.verify({ id, claims });
  return contested ? `${verdict} contested` : verdict;
};

describe('the owner’s word', () => {
  test('is a match for his own account as it is spelled, and for no other', async () => {
    await register();
    const answer = await alice.verify({ id: BOB, claims: CLAIMS });
    expect(answer).toMatchObject({
      id: 'tel:+442079460123',
      claims: CLAIMS,
      verdict: 'match',
      assurance: 'confirmed',
      contested: false,
      directories: [{ domain: DIRECTORY, outcome: 'found' }],
    });
    expect(await verdictOf({ ...CLAIMS, address: '@Bob:bob.example' })).toBe('mismatch');
    expect(await verdictOf({ ...CLAIMS, address: '@mallory:bob.example' })).toBe('mismatch');
    expect(await verdictOf({ provider: EVECHAT, address: CLAIMS.address })).toBe('mismatch');
  });

  test('is not known of who is not there, who opted out, and where two are at odds', async () => {
    expect(await alice.verify({ id: NOBODY, claims: CLAIMS })).toMatchObject({ verdict: 'unknown', evidence: null });
    await register({ optOut: true });
    expect(await verdictOf()).toBe('unknown');
    world.advance(10);
    await register();
    expect(await verdictOf()).toBe('match');
    await register({ providers: [at(CHARLIECHAT, 'mallory')] });
    expect(await verdictOf()).toBe('unknown contested');
    expect(await verdictOf({ provider: CHARLIECHAT, address: '@mallory:charlie.example' })).toBe('unknown contested');
  });

  test('is not known where only an unknown issuer vouches, or the address is not told', async () => {
    await register({ providers: [at(EVECHAT)] });
    expect(await verdictOf({ provider: EVECHAT, address: '@bob:eve.example' })).toBe('unknown');
    await register({ providers: [{ domain: BOBCHAT, authorization: 'Bearer bob' }] });
    expect(await verdictOf()).toBe('unknown');
    expect(await verdictOf({ provider: CHARLIECHAT, address: '@bob:charlie.example' })).toBe('mismatch');
  });

  test('is not known where the directory cannot be asked', async () => {
    await register();
    world.away = DIRECTORY;
    expect(await alice.verify({ id: BOB, claims: CLAIMS })).toMatchObject({ verdict: 'unknown', evidence: null });
  });

  test('comes for many in their order, what is no identifier in its place', async () => {
    await register();
    const items = [
      { id: BOB, claims: CLAIMS },
      { id: 'nobody', claims: CLAIMS },
      { id: BOB, claims: { ...CLAIMS, address: '@eve:bob.example' } },
      ...Array.from({ length: 9 }, () => ({ id: NOBODY, claims: CLAIMS })),
      { id: BOB, claims: CLAIMS },
    ];
    const verdicts: string[] = [];
    for await (const { verdict } of alice.verifyMany(items)) verdicts.push(verdict);
    expect(verdicts).toEqual(['match', 'invalid', 'mismatch', ...Array<string>(9).fill('unknown'), 'match']);
  });
});

/** A third party: another client, who has asked nothing. */
async function openThird(policy = POLICY) {
  const third = world.gatekeeper({ policy });
  await third.start();
  return third;
}

async function gather(claims = CLAIMS): Promise<AccountEvidence> {
  const { evidence } = await alice.verify({ id: BOB, claims });
  if (evidence === null) throw new Error('no evidence');
  // As it arrives with somebody else.
  return JSON.parse(JSON.stringify(evidence)) as AccountEvidence;
}

describe('evidence', () => {
  test('convinces a third party, who asks no directory for it, also long after', async () => {
    await register();
    const evidence = await gather();
    const against = await gather({ ...CLAIMS, address: '@mallory:bob.example' });
    const third = await openThird();
    world.advance(86_400);
    world.sent.length = 0;
    expect(await third.verifyEvidence(evidence)).toMatchObject({ verdict: 'match', assurance: 'confirmed', evidence });
    expect(await third.verifyEvidence(against)).toMatchObject({ verdict: 'mismatch' });
    expect(world.sent).toEqual([]);
  });

  test('is judged by the third party’s own policy', async () => {
    await register();
    const evidence = await gather();
    const distrusting = await openThird({ ...POLICY, trust: { tel: [], mailto: [] } });
    expect((await distrusting.verifyEvidence(evidence)).verdict).toBe('unknown');
    const elsewhere = await openThird({ ...POLICY, directories: [DIRECTORY, 'another.example'] });
    expect((await elsewhere.verifyEvidence(evidence)).verdict).toBe('match');
    const against = await gather({ ...CLAIMS, address: '@mallory:bob.example' });
    // The directory that is not in it might know better.
    expect((await elsewhere.verifyEvidence(against)).verdict).toBe('unknown');
  });

  test('says the same of what is made of it: another account', async () => {
    await register();
    const evidence = await gather();
    const other = { ...evidence, claims: { ...CLAIMS, address: '@mallory:bob.example' } };
    expect((await (await openThird()).verifyEvidence(other)).verdict).toBe('mismatch');
  });

  test('is needed under both keys while one is being retired', async () => {
    await register();
    world.rotate(world.now() + 3_600);
    await advance(world.directory, { patient: false });
    const client = await openThird();
    const { evidence, verdict } = await client.verify({ id: BOB, claims: CLAIMS });
    expect(verdict).toBe('match');
    if (evidence === null) throw new Error('no evidence');
    const [shown] = evidence.directories;
    if (shown === undefined) throw new Error('no directory');
    expect(shown.readings).toHaveLength(2);
    expect((await client.verifyEvidence(evidence)).verdict).toBe('match');
    for (const reading of shown.readings) {
      const half = { ...evidence, directories: [{ ...shown, readings: [reading] }] };
      expect(await codeOf(client.verifyEvidence(half))).toBe('evidence-invalid');
      const twice = { ...evidence, directories: [{ ...shown, readings: [reading, reading] }] };
      expect(await codeOf(client.verifyEvidence(twice))).toBe('evidence-invalid');
    }
  });

  test('that was changed in any part proves nothing', async () => {
    await register();
    await register({ identifier: NOBODY, providers: [at(CHARLIECHAT)] });
    const evidence = await gather();
    const { evidence: others } = await alice.verify({
      id: NOBODY,
      claims: { provider: CHARLIECHAT, address: '@bob:charlie.example' },
    });
    const [shown] = evidence.directories;
    const [reading] = shown?.readings ?? [];
    const [other] = others?.directories[0]?.readings ?? [];
    if (shown === undefined || reading === undefined || other === undefined) throw new Error('no reading');
    const withReading = (change: object) => ({
      ...evidence,
      directories: [{ ...shown, readings: [{ ...reading, ...change }] }],
    });
    const flip = (text: string, place: number) =>
      text.slice(0, place) + (text[place] === 'A' ? 'B' : 'A') + text.slice(place + 1);
    const broken: Record<string, unknown> = {
      'no object': 'evidence',
      'an unknown member': { ...evidence, more: 1 },
      'another version': { ...evidence, version: 2 },
      'another identifier': { ...evidence, id: 'tel:+442079460999' },
      'an identifier spelled otherwise': { ...evidence, id: BOB },
      'from the future': { ...evidence, checkedAt: world.now() + 3_600 },
      'long before its epoch': { ...evidence, checkedAt: evidence.checkedAt - 3_600 },
      'long after its epoch': { ...evidence, checkedAt: evidence.checkedAt + 3_600 },
      'no directories': { ...evidence, directories: [] },
      'a directory twice': { ...evidence, directories: [shown, shown] },
      'another configuration': { ...evidence, directories: [{ ...shown, config: `${shown.config}\n` }] },
      'another blind': withReading({ blind: flip(reading.blind, 3) }),
      'no blind at all': withReading({ blind: 'A'.repeat(43) }),
      'another evaluation': withReading({ evaluated: other.evaluated }),
      'another proof': withReading({ proof: flip(reading.proof, 3) }),
      'another index': withReading({ index: flip(reading.index, 8) }),
      'another bundle': withReading({ bundle: flip(reading.bundle, 100) }),
      'without its record': withReading({ sealed: [] }),
      'with the record of another': withReading({ sealed: other.sealed }),
      'with a record more': withReading({ sealed: [...reading.sealed, ...other.sealed] }),
      'a record with an octet changed': withReading({ sealed: reading.sealed.map((text) => flip(text, 200)) }),
      'the reading of another': withReading(other),
    };
    const third = await openThird();
    world.advance(7_200);
    const codes: Record<string, string> = {};
    for (const [sin, value] of Object.entries(broken)) codes[sin] = await codeOf(third.verifyEvidence(value));
    world.advance(-7_200);
    codes['from the future'] = await codeOf(third.verifyEvidence(broken['from the future']));
    expect(codes).toEqual(Object.fromEntries(Object.keys(broken).map((sin) => [sin, 'evidence-invalid'])));
    expect((await third.verifyEvidence(evidence)).verdict).toBe('match');
  });
});
