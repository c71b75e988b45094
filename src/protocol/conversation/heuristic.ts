// A good tree where there are too many terminals for the best one: shortest paths from many starts, then parts of the best one
// taken out and joined anew (docs/protocol.md §11.4). Every step is fixed, so that everybody finds the same tree; work is counted in
// candidates, not in time.
import { solveExactly } from './exact.ts';
import { grow } from './grow.ts';
import { contract, isBetter, partsOf, weigh, type Instance, type Solution } from './instance.ts';

/** Candidates looked at: starts first, then exchanges. */
const CANDIDATES = 128;
/** Starts at most; the rest is for exchanges. */
const STARTS = 32;
/** Parts of a tree that are joined exactly. */
const EXACT_PARTS = 4;

/** Solves an instance whose terminals are all connected; undefined where they are not. */
export function solveNearly(instance: Instance): Solution | undefined {
  const { terminals, weights, neighbours } = instance;
  const others = weights.map((_, vertex) => vertex).filter((vertex) => (neighbours[vertex]?.length ?? 0) > 2);
  const starts = [...new Set([...terminals, ...others])].slice(0, STARTS);
  let best: Solution | undefined;
  for (const start of starts) {
    const grown = grow(instance, start);
    if (grown === undefined) continue;
    const solution = thin(instance, grown);
    if (best === undefined || isBetter(solution, best, instance)) best = solution;
  }
  return best === undefined ? undefined : exchange(instance, best, CANDIDATES - starts.length);
}

/** Leaves out what the terminals stay connected without, the heaviest first. */
function thin(instance: Instance, vertices: ReadonlySet<number>): Solution {
  const { weights, terminals } = instance;
  const isTerminal = new Set(terminals);
  const kept = new Uint8Array(weights.length);
  for (const vertex of vertices) kept[vertex] = 1;
  const order = [...vertices]
    .filter((vertex) => !isTerminal.has(vertex))
    .toSorted((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
  for (const vertex of order) {
    if (kept[vertex] === 0) continue;
    kept[vertex] = 0;
    const left = reachFirst(instance, kept);
    if (terminals.every((terminal) => left[terminal] === 1)) kept.set(left);
    else kept[vertex] = 1;
  }
  const solution = new Set([...vertices].filter((vertex) => kept[vertex] === 1));
  return { vertices: solution, weight: weigh(instance, solution) };
}

/** What is connected with the first terminal among the kept vertices, as flags: this is where the time goes. */
function reachFirst({ neighbours, terminals }: Instance, kept: Uint8Array): Uint8Array {
  const found = new Uint8Array(kept.length);
  const [root = 0] = terminals;
  const stack = [root];
  found[root] = 1;
  for (let vertex = stack.pop(); vertex !== undefined; vertex = stack.pop())
    for (const next of neighbours[vertex] ?? [])
      if (kept[next] === 1 && found[next] === 0) {
        found[next] = 1;
        stack.push(next);
      }
  return found;
}

/** Takes one vertex out after the other and joins what is left in another way, until no exchange is better. */
function exchange(instance: Instance, first: Solution, candidates: number): Solution {
  const isTerminal = new Set(instance.terminals);
  let [best, left] = [first, candidates];
  for (let better = true; better;) {
    better = false;
    for (const vertex of [...best.vertices].filter((one) => !isTerminal.has(one)).toSorted((a, b) => a - b)) {
      if (left-- <= 0) return best;
      const other = without(instance, best, vertex);
      if (other === undefined || !isBetter(other, best, instance)) continue;
      best = other;
      better = true;
      break;
    }
  }
  return best;
}

/** The tree without one of its vertices, its parts joined again; undefined where that cannot be done. */
function without(instance: Instance, { vertices }: Solution, vertex: number): Solution | undefined {
  const left = new Set(vertices);
  left.delete(vertex);
  const parts = partsOf(instance, left).filter((part) => instance.terminals.some((terminal) => part.has(terminal)));
  const shrunk = contract(instance, parts, new Set([vertex]));
  const [start = 0] = shrunk.terminals;
  const joined = shrunk.terminals.length <= EXACT_PARTS ? solveExactly(shrunk)?.vertices : grow(shrunk, start);
  return joined === undefined ? undefined : thin(instance, new Set([...parts.flatMap((part) => [...part]), ...joined]));
}
