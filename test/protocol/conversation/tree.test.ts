import { describe, expect, test } from 'vitest';
import { boundOf } from '../../../src/protocol/conversation/bound.ts';
import { solveExactly } from '../../../src/protocol/conversation/exact.ts';
import { solveNearly } from '../../../src/protocol/conversation/heuristic.ts';
import { isBetter, reach, weigh, type Instance, type Solution } from '../../../src/protocol/conversation/instance.ts';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { NO_FOREIGN, ownVector } from '../../support/vectors.ts';
import { readSteiner } from './steiner.ts';
import { IS_LONG } from '../../support/long.ts';

interface BridgeInstance {
  readonly name: string;
  readonly networks: readonly { readonly id: string; readonly transitWeight: number }[];
  readonly bridges: readonly {
    readonly id: string;
    readonly weight: number;
    readonly attachments: readonly string[];
  }[];
  readonly terminals: readonly string[];
  readonly optimum: number;
  readonly optimalVertexSets: number;
}

/** 1 in the file; what is left over counts vertices, which decides among equals. */
const UNIT = 1_000;

function readInstance({ networks, bridges, terminals }: BridgeInstance, unit: number, each: number): Instance {
  const place = new Map(networks.map(({ id }, at) => [id, bridges.length + at]));
  const neighbours = [...bridges, ...networks].map((): number[] => []);
  for (const [at, { attachments }] of bridges.entries())
    for (const to of attachments.map((network) => place.get(network) ?? -1)) {
      neighbours[at]?.push(to);
      neighbours[to]?.push(at);
    }
  const weights = [
    ...bridges.map(({ weight }) => weight * unit + each),
    ...networks.map(({ id, transitWeight }) => (terminals.includes(id) ? 0 : transitWeight * unit + each)),
  ];
  const ascending = (a: number, b: number) => a - b;
  return {
    weights,
    neighbours: neighbours.map((list) => list.toSorted(ascending)),
    terminals: terminals.map((id) => place.get(id) ?? -1).toSorted(ascending),
  };
}

/** Every set of vertices in which the terminals are connected, whatever else is in it: so the vectors count. */
function* everySolution(instance: Instance): Generator<Solution> {
  const free = instance.weights.flatMap((_, v) => (instance.terminals.includes(v) ? [] : [v]));
  for (let bits = 0; bits < 2 ** free.length; bits++) {
    const vertices = new Set([...instance.terminals, ...free.filter((_, at) => ((bits >> at) & 1) === 1)]);
    const [root = 0] = instance.terminals;
    const found = reach(instance, root, (vertex) => vertices.has(vertex));
    if (instance.terminals.every((terminal) => found.has(terminal)))
      yield { vertices, weight: weigh(instance, vertices) };
  }
}

const { instances } = ownVector<{ instances: BridgeInstance[] }>('steiner/bridge-instances.json');

describe('networks and bridges', () => {
  test('there are as many instances as there should be', () => expect(instances.length).toBe(22));

  test.each(instances)('$name: the optimum, and of equals the first', (one) => {
    const plain = readInstance(one, 1, 0);
    const instance = readInstance(one, UNIT, 1);
    let [best, least, count]: [Solution | undefined, number, number] = [undefined, Infinity, 0];
    for (const solution of everySolution(instance)) {
      if (best === undefined || isBetter(solution, best, instance)) best = solution;
      const weight = weigh(plain, solution.vertices);
      if (weight < least) [least, count] = [weight, 0];
      if (weight === least) count++;
    }
    expect({ least, count }).toEqual({ least: one.optimum, count: one.optimalVertexSets });
    const exact = solveExactly(instance);
    expect(exact && weigh(plain, exact.vertices)).toBe(one.optimum);
    expect(exact?.weight).toBe(best?.weight);
    expect(exact?.vertices).toEqual(best?.vertices);
    const near = solveNearly(instance);
    expect(near?.weight).toBeGreaterThanOrEqual(best?.weight ?? Infinity);
    expect(boundOf(instance)).toBeLessThanOrEqual(best?.weight ?? 0);
  });
});

describe('public Steiner tree instances', () => {
  const steiner = readSteiner();
  // A second each for some: the larger ones are for a long run.
  const isSmall = ({ instance }: { instance: Instance }) => IS_LONG || instance.weights.length < 450;
  test.skipIf(steiner === undefined)(
    steiner === undefined ? NO_FOREIGN : 'at most 12 terminals: the optimum',
    { timeout: 120_000 },
    () => {
      const few = (steiner ?? []).filter(({ instance }) => instance.terminals.length <= LIMITS.exactTerminals);
      expect(few.length).toBe(22);
      let solved = 0;
      for (const { name, optimum, instance, unit } of few.filter(isSmall)) {
        const weight = solveExactly(instance)?.weight ?? -1;
        expect({ name, found: Math.floor(weight / unit) }).toEqual({ name, found: optimum });
        expect(boundOf(instance)).toBeLessThanOrEqual(weight);
        solved++;
      }
      expect(solved).toBe(IS_LONG ? 22 : 7);
    },
  );

  test.skipIf(steiner === undefined)(
    steiner === undefined ? NO_FOREIGN : 'more terminals: 2 % on average, never above 6 %, and a bound below',
    { timeout: 120_000 },
    () => {
      const many = (steiner ?? []).filter(({ instance }) => instance.terminals.length > LIMITS.exactTerminals);
      expect(many.length).toBe(21);
      const gaps = many.filter(isSmall).map(({ name, optimum, instance, unit }) => {
        const solution = solveNearly(instance);
        const found = Math.floor((solution?.weight ?? 0) / unit);
        const bound = Math.floor(boundOf(instance) / unit);
        expect(bound).toBeLessThanOrEqual(optimum);
        expect(found).toBeGreaterThanOrEqual(optimum);
        return { name, optimum, found, bound, gap: found / optimum - 1 };
      });
      console.table(gaps.map(({ gap, ...rest }) => ({ ...rest, gap: `${(gap * 100).toFixed(2)} %` })));
      expect(gaps.length).toBe(IS_LONG ? 21 : 10);
      expect(gaps.reduce((sum, { gap }) => sum + gap, 0) / gaps.length).toBeLessThanOrEqual(0.02);
      expect(Math.max(...gaps.map(({ gap }) => gap))).toBeLessThanOrEqual(0.06);
    },
  );
});
