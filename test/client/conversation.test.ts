import { describe, expect, test } from 'vitest';
import { createConversation } from '../../src/client/conversation.ts';
import type { Inputs } from '../../src/protocol/conversation/inputs.ts';
import { makePlan, nextPlan } from '../../src/protocol/conversation/plan.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { createDice, randomGraph, runWorld, type Graph } from './conversation-world.ts';
import { IS_LONG } from '../support/long.ts';

/** The seeds, as `WHEREABOUTS_TEST_WORLDS=2001-4000` says where a long run goes in slices. */
const [FIRST, LAST] = /^(\d+)-(\d+)$/
  .exec(process.env['WHEREABOUTS_TEST_WORLDS'] ?? '')
  ?.slice(1)
  .map(Number) ?? [1, IS_LONG ? 10_000 : 100];
const ROUNDS = (LAST ?? 0) - (FIRST ?? 1) + 1;

/** What is connected at all, found without any of the code under test. */
function reachable({ bridges }: Graph, from: string): Set<string> {
  const found = new Set([from]);
  for (const network of found)
    for (const { attachments } of bridges)
      if (attachments.includes(network)) for (const other of attachments) found.add(other);
  return found;
}

test(`${ROUNDS} worlds: nothing twice, nothing back, everywhere once settled`, { timeout: 7_200_000 }, () => {
  let [messages, plans, partitions, events] = [0, 0, 0, 0];
  for (let seed = FIRST ?? 1; seed < (FIRST ?? 1) + ROUNDS; seed++) {
    const world = runWorld(seed);
    const last = world.plans.at(-1);
    if (last === undefined) throw new Error('a world without a plan');
    for (const [id, seen] of world.sightings) {
      const origin = world.messages.find((message) => message.id === id)?.origin;
      for (const [network, times] of seen)
        if (times !== 1 || network === origin) throw new Error(`seed ${seed}: ${id} ${times} times on ${network}`);
    }
    const { terminals, parts } = last.plan;
    for (const { id, origin } of world.messages.filter(({ settled }) => settled)) {
      const there = reachable(world.graph, origin);
      const due = terminals.filter((network) => network !== origin && there.has(network));
      const got = terminals.filter((network) => world.sightings.get(id)?.has(network) ?? false);
      if (got.join() !== due.join()) throw new Error(`seed ${seed}: ${id} is not where it is due`);
      messages++;
    }
    for (const home of terminals) {
      const mates = terminals.filter((network) => reachable(world.graph, home).has(network));
      if (!parts.some((part) => part.join() === mates.join())) throw new Error(`seed ${seed}: a wrong partition`);
      for (const on of mates)
        if (world.represent(home, on) !== (on === home ? 0 : 1)) throw new Error(`seed ${seed}: ${home} on ${on}`);
    }
    if (parts.length > 1) partitions++;
    plans += world.plans.length;
    events += world.events;
    if (seed % 500 === 0) console.log(`worlds ${FIRST} to ${seed}: ${messages} settled messages, all as they should`);
  }
  console.log(
    `${ROUNDS} worlds, ${plans} plans, ${partitions} partitioned, ${events} events, ${messages} settled messages`,
  );
  expect(messages).toBeGreaterThan(2 * ROUNDS);
  expect(plans).toBeGreaterThan(2 * ROUNDS);
  expect(partitions).toBeGreaterThan(0);
});

/** Bridges without a plan: each forwards what it hears to its other networks, by its own rule. */
function runNaive(graph: Graph, origin: string, hears: (on: string) => boolean): { copies: number; seen: Set<string> } {
  const seen = new Set<string>();
  let copies = 0;
  const queue: { network: string; by: string | undefined }[] = [{ network: origin, by: undefined }];
  for (const { network, by } of queue) {
    for (const { id, attachments } of graph.bridges) {
      // A bridge knows its own puppets.
      if (id === by || !attachments.includes(network) || !hears(network)) continue;
      for (const to of attachments.filter((other) => other !== network)) {
        copies++;
        seen.add(to);
        if (copies < 200) queue.push({ network: to, by: id });
      }
    }
  }
  return { copies, seen };
}

test('without a plan messages loop, or do not arrive', () => {
  const count = { graphs: 0, loops: 0, twice: 0, due: 0, lost: 0 };
  for (let seed = 1; seed <= 2_000; seed++) {
    const graph = randomGraph(createDice(seed));
    const [origin = ''] = graph.networks;
    const due = [...reachable(graph, origin)].filter((network) => network !== origin);
    if (due.length === 0) continue;
    count.graphs++;
    if (runNaive(graph, origin, () => true).copies >= 200) count.loops++;
    const quiet = runNaive(graph, origin, (network) => network === origin);
    if (quiet.copies > quiet.seen.size) count.twice++;
    count.due += due.length;
    count.lost += due.filter((network) => !quiet.seen.has(network)).length;
  }
  console.log(count);
  expect(count.graphs).toBeGreaterThan(1_800);
  expect(count.loops / count.graphs).toBeGreaterThan(0.5);
  expect(count.lost / count.due).toBeGreaterThan(0.1);
});

const inputs: Inputs = {
  id: 'c',
  terminals: ['a', 'b'],
  deny: [],
  down: [],
  networks: ['a', 'b'].map((id) => ({ id, encryption: 'end-to-end' })),
  bridges: [
    { id: 'x', attachments: ['a', 'b'], openness: 1, lacks: 0, priority: 0, readers: [] },
    { id: 'y', attachments: ['a', 'b'], openness: 10, lacks: 0, priority: 0, readers: ['y.example'] },
  ],
};
const worse: Inputs = { ...inputs, down: ['x'], bridges: inputs.bridges.slice(1) };
const message = (id: string, epoch = 1) => ({ id, origin: 'a', epoch });

describe('one bridge', () => {
  const plan = makePlan(inputs);
  const later = nextPlan(worse, plan);
  const start = (memory: 'none' | 'lost' = 'none') =>
    createConversation<ReturnType<typeof message>>({ bridge: 'x', inputs, plan, memory });

  test('forwards what is new, from where it must come', () => {
    const bridge = start();
    expect(bridge.next(message('1'), 'b')).toEqual({ do: 'drop', because: 'not-on-the-way' });
    expect(bridge.next(message('1'), 'a')).toEqual({ do: 'forward', to: ['b'] });
    expect(bridge.next(message('1'), 'a')).toEqual({ do: 'drop', because: 'duplicate' });
  });
  test('remembers so many ids, and no more', () => {
    const bridge = start();
    for (let at = 0; at < LIMITS.conversationSeen; at++) bridge.next(message(`${at}`), 'a');
    expect(bridge.next(message('0'), 'a').do).toBe('drop');
    expect(bridge.next(message('new'), 'a').do).toBe('forward');
    expect(bridge.save().seen.length).toBe(LIMITS.conversationSeen);
    expect(bridge.next(message('0'), 'a').do).toBe('forward');
  });
  test('goes on where it stopped, or waits for a new plan', () => {
    const bridge = start();
    bridge.next(message('1'), 'a');
    const again = createConversation({ bridge: 'x', inputs, plan, memory: bridge.save() });
    expect(again.next(message('1'), 'a')).toEqual({ do: 'drop', because: 'duplicate' });
    expect(start('lost').next(message('2'), 'a')).toEqual({ do: 'drop', because: 'memory-lost' });
  });
  test('parks what is of a plan to come, so much and no more, and serves no tree it is not in any more', () => {
    const bridge = start();
    for (let at = 0; at <= LIMITS.conversationParked; at++)
      expect(bridge.next(message(`${at}`, 2), 'a')).toEqual({ do: 'park' });
    const { parked, worse: notice } = bridge.adopt({ plan: later, inputs: worse });
    expect(parked.map(({ message: { id } }) => id)[0]).toBe('1');
    expect(parked.length).toBe(LIMITS.conversationParked);
    expect(notice?.after.readers).toEqual(['y.example']);
    expect(bridge.next(message('old'), 'a').do).toBe('drop');
  });
  test('refuses a plan that is older, or another than it computes', () => {
    const bridge = start();
    expect(() => bridge.adopt({ plan, inputs })).toThrow(expect.objectContaining({ code: 'plan-stale' }));
    expect(() => bridge.adopt({ plan: later, inputs })).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
    expect(bridge.plan).toBe(plan);
  });
  test('stands for people of the other side, and says how private it is', () => {
    const bridge = start();
    expect([bridge.represents('a', 'b'), bridge.represents('a', 'a')]).toEqual([true, false]);
    expect(bridge.privacy(['a', 'b'])).toEqual(bridge.privacy());
    expect(bridge.privacy().level).toBe('re-encrypted-on-recipients-device');
  });
});
