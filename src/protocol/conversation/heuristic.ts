// A good tree where there are too many terminals for the best one: shortest paths from many starts, then parts of the best one
// taken out and joined anew (docs/protocol.md §11.4). Every step is fixed, so that everybody finds the same tree; work is counted in
// candidates, not in time.
import { settle, solveExactly } from './exact.ts';
import { Heap } from './heap.ts';
import { contract, isBetter, partsOf, reach, weigh, type Instance, type Solution } from './instance.ts';

/** Candidates looked at: starts first, then exchanges. */
export const CANDIDATES = 256;
/** Starts at most; the rest is for exchanges. */
const STARTS = 64;
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

/** From a start to the nearest terminal, from both to the next nearest, and so on. Ties: the first vertex. */
export function grow(instance: Instance, start: number): Set<number> | undefined {
  const { weights, neighbours, terminals } = instance;
  const distances = new Float64Array(weights.length).fill(Infinity);
  const tree = new Set<number>();
  const missing = new Set(terminals);
  let path = [start];
  for (;;) {
    const heap = new Heap();
    for (const vertex of path) {
      tree.add(vertex);
      missing.delete(vertex);
      distances[vertex] = 0;
      heap.push(0, vertex);
    }
    if (missing.size === 0) return tree;
    settle({ weights, neighbours }, distances, heap);
    const next = nearest(missing, distances);
    if (next === undefined) return undefined;
    path = [];
    for (let at: number | undefined = next; at !== undefined && !tree.has(at);) {
      path.push(at);
      const arrived: number = (distances[at] ?? 0) - (weights[at] ?? 0);
      at = nearest(
        (neighbours[at] ?? []).filter((before) => distances[before] === arrived),
        distances,
      );
    }
  }
}

/** The first of the least distant; undefined where none can be reached. */
function nearest(vertices: Iterable<number>, distances: Float64Array): number | undefined {
  let [found, least]: [number | undefined, number] = [undefined, Infinity];
  for (const vertex of vertices) {
    const distance = distances[vertex] ?? Infinity;
    if (distance < least || (distance === least && found !== undefined && vertex < found))
      [found, least] = [vertex, distance];
  }
  return found;
}

/** Leaves out what the terminals stay connected without, the heaviest first. */
function thin(instance: Instance, vertices: ReadonlySet<number>): Solution {
  const { weights, terminals } = instance;
  const [root = 0] = terminals;
  const isTerminal = new Set(terminals);
  let kept: ReadonlySet<number> = vertices;
  const order = [...vertices]
    .filter((vertex) => !isTerminal.has(vertex))
    .toSorted((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
  for (const vertex of order) {
    if (!kept.has(vertex)) continue;
    const now = kept;
    const left = reach(instance, root, (next) => next !== vertex && now.has(next));
    if (terminals.every((terminal) => left.has(terminal))) kept = left;
  }
  return { vertices: kept, weight: weigh(instance, kept) };
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
