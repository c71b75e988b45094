import { assert, nat, property, shuffledSubarray, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rankCoordinators } from '../../../src/protocol/conversation/coordinator.ts';
import { gatherInputs } from '../../../src/protocol/conversation/gather.ts';
import { hashInputs, normalizeInputs } from '../../../src/protocol/conversation/inputs.ts';
import { hashPlan, makePlan, nextPlan, verifyPlan } from '../../../src/protocol/conversation/plan.ts';
import { judgePair } from '../../../src/protocol/conversation/privacy.ts';
import { packCost, unpackCost } from '../../../src/protocol/conversation/weights.ts';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { createParty } from '../../support/parties.ts';
import { readPlan, signPlan, verifyPlanToken } from '../../../src/protocol/token/plan.ts';
import { ASKED, DESCRIPTIONS, KNOWN } from './founding.ts';

const inputs = gatherInputs(ASKED, KNOWN);
const plan = makePlan(inputs);
const without = (id: string) => gatherInputs({ ...ASKED, deny: [id] }, KNOWN);

describe('the founding picture', () => {
  test('a tree of three networks, over the bridge between two of them', () => {
    expect(plan.cost).toEqual([30, 1, 0, 0, 3]);
    expect(plan.optimal).toBe(true);
    expect(plan.edges.map(([bridge]) => bridge)).toContain('oscar.example/ab');
    expect(plan.parts).toEqual([ASKED.terminals]);
  });
  test('without that bridge both languages are needed', () => {
    expect(makePlan(without('oscar.example/ab')).cost).toEqual([40, 2, 0, 0, 4]);
  });
  test('the operators of the way can read, and nobody else', () => {
    expect(judgePair(inputs, plan.edges, 'alicechat.example', 'bob.chat')).toEqual({
      level: 're-encrypted-by-bridge',
      verdict: 'readable',
      readers: ['oscar.example'],
    });
    expect(judgePair(inputs, plan.edges, 'bob.chat', 'bob.chat').verdict).toBe('private');
  });
  test('what cannot be connected is a partition', () => {
    const plan = makePlan(gatherInputs({ ...ASKED, deny: ['matrix', 'xmpp'] }, KNOWN));
    expect(plan.parts).toEqual([['alicechat.example', 'bob.chat'], ['charliechat.example']]);
  });
});

describe('the next plan', () => {
  const next = nextPlan(without('oscar.example/ab'), plan);
  test('names the one before, keeps what is left of its tree, and verifies', () => {
    expect(next.epoch).toBe(2);
    expect(next.prev).toBe(hashPlan(plan));
    expect(
      plan.edges
        .filter(([bridge]) => bridge !== 'oscar.example/ab')
        .every((edge) => next.edges.some((one) => one.join() === edge.join())),
    ).toBe(true);
    expect(() => verifyPlan(next, without('oscar.example/ab'), plan)).not.toThrow();
  });
  test('another plan is refused', () => {
    const codeOf = (work: () => void): unknown => {
      try {
        work();
      } catch (error) {
        return error instanceof Error && 'code' in error ? error.code : error;
      }
      return undefined;
    };
    expect(codeOf(() => verifyPlan(next, without('oscar.example/ab')))).toBe('plan-invalid');
    expect(codeOf(() => verifyPlan(next, inputs, plan))).toBe('plan-invalid');
    expect(codeOf(() => verifyPlan({ ...plan, edges: plan.edges.slice(1) }, inputs))).toBe('plan-invalid');
    expect(codeOf(() => verifyPlan({ ...plan, optimal: false }, inputs))).toBe('plan-invalid');
  });
});

test('inputs in any order are the same inputs', () => {
  assert(
    property(
      shuffledSubarray([...inputs.bridges], { minLength: inputs.bridges.length }),
      shuffledSubarray([...inputs.networks], { minLength: inputs.networks.length }),
      shuffledSubarray([...DESCRIPTIONS], { minLength: DESCRIPTIONS.length }),
      (bridges, networks, descriptions) => {
        expect(hashInputs(normalizeInputs({ ...inputs, bridges, networks }))).toBe(plan.inputs);
        expect(hashPlan(makePlan(gatherInputs(ASKED, { ...KNOWN, descriptions })))).toBe(hashPlan(plan));
      },
    ),
  );
});

test('costs compare as their numbers do, and the greatest there can be fits', () => {
  const most = LIMITS.conversationNetworks - 1;
  const cost = tuple(
    nat(most * 100),
    nat(most),
    nat(most * LIMITS.conversationFeatures),
    nat(most * LIMITS.conversationPriority),
    nat(most),
  );
  assert(
    property(cost, cost, (a, b) => {
      expect(unpackCost(packCost(a))).toEqual(a);
      const at = a.findIndex((digit, place) => digit !== b[place]);
      expect(Math.sign(packCost(a) - packCost(b))).toBe(at === -1 ? 0 : Math.sign((a[at] ?? 0) - (b[at] ?? 0)));
    }),
  );
  const greatest = packCost([
    most * 100,
    most + 1,
    most * LIMITS.conversationFeatures,
    most * LIMITS.conversationPriority,
    most,
  ]);
  expect(2 * greatest).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
});

test('a signed plan says who made it, and is refused from anybody else', async () => {
  const { key, jwk } = await createParty('directory.example');
  const keys = () => ({ keys: [jwk] });
  const signed = { iss: 'directory.example', iat: 1_000, exp: 2_000, plan };
  const token = await signPlan(signed, key);
  expect(readPlan(token)).toEqual(signed);
  expect(await verifyPlanToken(token, { now: 1_500, iss: 'directory.example', keys })).toEqual(signed);
  for (const expected of [
    { now: 2_000, iss: 'directory.example' },
    { now: 1_500, iss: 'other.example' },
  ])
    await expect(verifyPlanToken(token, { ...expected, keys })).rejects.toMatchObject({ code: 'token-invalid' });
});

test('everybody names the same directory, and one that is gone moves only its own conversations', () => {
  const lists = [
    ['a.example', 'b.example', 'c.example'],
    ['c.example', 'b.example', 'a.example', 'd.example'],
  ];
  const firsts = Array.from({ length: 300 }, (_, at) => {
    const [first, second] = rankCoordinators(`c-${at}`, lists);
    expect(rankCoordinators(`c-${at}`, lists.toReversed())[0]).toBe(first);
    const left = rankCoordinators(
      `c-${at}`,
      lists.map((list) => list.filter((domain) => domain !== 'a.example')),
    );
    expect(left[0]).toBe(first === 'a.example' ? second : first);
    return first;
  });
  for (const domain of ['a.example', 'b.example', 'c.example'])
    expect(firsts.filter((first) => first === domain).length).toBeGreaterThan(60);
  expect(rankCoordinators('c', [['a.example'], ['b.example']])).toEqual([]);
});
