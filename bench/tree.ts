// Trees of conversations: the best one for 12 terminals on 700 vertices, a good one for 64 networks and 256 bridges, and what they
// take of memory. Against the same problem with half as much of everything.
import { boundOf } from '../src/protocol/conversation/bound.ts';
import { solveExactly } from '../src/protocol/conversation/exact.ts';
import { solveNearly } from '../src/protocol/conversation/heuristic.ts';
import { normalizeInputs, type Inputs, type Openness } from '../src/protocol/conversation/inputs.ts';
import type { Instance } from '../src/protocol/conversation/instance.ts';
import { makePlan } from '../src/protocol/conversation/plan.ts';
import { buildGraph } from '../src/protocol/conversation/weights.ts';
import { compare, print, type Line } from './measure.ts';

/** Whole numbers that look random and are the same every time. */
function createDice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
}

export function drawInputs(networks: number, bridges: number, terminals: number): Inputs {
  const dice = createDice(networks * 1_000 + terminals);
  const name = (at: number): string => `net${at}.example`;
  const openness: readonly Openness[] = [0, 1, 10, 10, 10, 100];
  return normalizeInputs({
    id: 'bench',
    terminals: Array.from({ length: terminals }, (_, at) => name(at)),
    deny: [],
    down: [],
    networks: Array.from({ length: networks }, (_, at) => ({ id: name(at), encryption: 'end-to-end' })),
    bridges: Array.from({ length: bridges }, (_, at) => ({
      id: `bridge${at}.example/in`,
      attachments: [name(at % networks), name(dice(networks)), name(dice(networks))],
      openness: openness[dice(6)] ?? 10,
      lacks: dice(3),
      priority: dice(100),
      readers: [],
    })),
  });
}

/** More vertices than a conversation may have: the solver alone. */
function drawInstance(vertices: number, terminals: number): Instance {
  const dice = createDice(vertices);
  const sets = Array.from({ length: vertices }, () => new Set<number>());
  for (let v = 1; v < vertices; v++)
    for (const to of [dice(v), dice(v)]) {
      // No two terminals are neighbours.
      if (Math.max(v, to) < terminals) continue;
      sets[v]?.add(to);
      sets[to]?.add(v);
    }
  for (let v = 0; v < terminals; v++) {
    const to = terminals + dice(vertices - terminals);
    sets[v]?.add(to);
    sets[to]?.add(v);
  }
  return {
    weights: Array.from({ length: vertices }, (_, v) => (v < terminals ? 0 : 1 + dice(1_000))),
    neighbours: sets.map((set) => [...set].toSorted((a, b) => a - b)),
    terminals: Array.from({ length: terminals }, (_, v) => v),
  };
}

const megabytes = (work: () => void): number => {
  const before = process.memoryUsage();
  work();
  const after = process.memoryUsage();
  return (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 2 ** 20;
};

export async function benchTree(): Promise<Record<string, Line[]>> {
  const exact = { large: drawInstance(700, 12), small: drawInstance(350, 12) };
  const inputs = { large: drawInputs(64, 256, 64), few: drawInputs(64, 256, 24), exact: drawInputs(64, 256, 12) };
  const near = buildGraph(inputs.large).instance;
  const some = buildGraph(inputs.few).instance;
  const subjects = {
    'trees, 12 terminals, exactly': [
      { name: '700 vertices', units: 1, run: () => void solveExactly(exact.large) },
      { name: '350 vertices', units: 1, run: () => void solveExactly(exact.small) },
    ],
    'trees, 64 networks and 256 bridges': [
      { name: 'whole plan, 64 terminals', units: 1, run: () => void makePlan(inputs.large) },
      { name: 'whole plan, 12 terminals, the best', units: 1, run: () => void makePlan(inputs.exact) },
      { name: 'tree, 24 terminals', units: 1, run: () => void solveNearly(some) },
      { name: 'bound, 64 terminals', units: 1, run: () => void boundOf(near) },
      { name: 'tree, 64 terminals', units: 1, run: () => void solveNearly(near) },
    ],
  };
  const results: Record<string, Line[]> = {};
  for (const [title, list] of Object.entries(subjects)) {
    const lines = await compare(list, { rounds: 3 });
    print(title, lines);
    results[title] = lines;
  }
  const taken = megabytes(() => void solveExactly(exact.large));
  console.log(`  12 terminals on 700 vertices take ${taken.toFixed(0)} MiB at most before anything is given back`);
  return results;
}
