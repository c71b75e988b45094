// A Steiner tree problem with weights on vertices, as exact.ts, heuristic.ts and bound.ts solve it. Every quantity is a whole
// number that a double holds exactly; nothing here is ever divided or rounded. Knows no network and no bridge: see weights.ts.

export interface Instance {
  /** Of each vertex, below 2^52 in any tree's sum; 0 for terminals, at least 1 for all others. Vertices are in canonical order. */
  readonly weights: readonly number[];
  /** Ascending. No two terminals are neighbours. */
  readonly neighbours: readonly (readonly number[])[];
  /** Ascending. */
  readonly terminals: readonly number[];
}

/** A connected set of vertices that holds every terminal, with what it costs. */
export interface Solution {
  readonly vertices: ReadonlySet<number>;
  readonly weight: number;
}

export const weigh = ({ weights }: Instance, vertices: Iterable<number>): number => {
  let sum = 0;
  for (const vertex of vertices) sum += weights[vertex] ?? 0;
  return sum;
};

/**
 * The order of solutions: less weight first, then the one that holds the first vertex (in canonical order) that only one of the
 * two holds. Among sets of as many bridges that is the order of their sorted lists.
 */
export function isBetter(a: Solution, b: Solution, { terminals }: Instance): boolean {
  if (a.weight !== b.weight) return a.weight < b.weight;
  const exempt = new Set(terminals);
  const first = (mine: ReadonlySet<number>, other: ReadonlySet<number>): number => {
    let least = Infinity;
    for (const vertex of mine) if (vertex < least && !other.has(vertex) && !exempt.has(vertex)) least = vertex;
    return least;
  };
  return first(a.vertices, b.vertices) < first(b.vertices, a.vertices);
}

/** The vertices that can be reached from `start` through `within`. */
export function reach({ neighbours }: Instance, start: number, within: (vertex: number) => boolean): Set<number> {
  const found = new Set([start]);
  for (const vertex of found)
    for (const next of neighbours[vertex] ?? []) if (!found.has(next) && within(next)) found.add(next);
  return found;
}

/** The connected parts of a set of vertices, by their first vertex. */
export function partsOf(instance: Instance, vertices: ReadonlySet<number>): Set<number>[] {
  const left = new Set([...vertices].toSorted((a, b) => a - b));
  const parts: Set<number>[] = [];
  for (const start of left) {
    const part = reach(instance, start, (vertex) => left.has(vertex));
    for (const vertex of part) left.delete(vertex);
    parts.push(part);
  }
  return parts;
}

/**
 * The same problem with each part shrunk to its first vertex, which is a terminal of it, and without the vertices in `without`. Parts
 * that touch are one.
 */
export function contract(
  instance: Instance,
  parts: readonly ReadonlySet<number>[],
  without: ReadonlySet<number> = new Set(),
): Instance {
  const joined = new Set(parts.flatMap((part) => [...part]));
  const into = new Map<number, number>();
  for (const part of partsOf(instance, joined)) {
    const first = Math.min(...part);
    for (const vertex of part) into.set(vertex, first);
  }
  const isMoved = (vertex: number): boolean => into.has(vertex) || without.has(vertex);
  const sets = new Map<number, Set<number>>();
  const neighbours = instance.neighbours.map((nexts, vertex) => {
    if (!isMoved(vertex) && !nexts.some(isMoved)) return nexts;
    const to = into.get(vertex) ?? vertex;
    const set = sets.get(to) ?? new Set<number>();
    sets.set(to, set);
    if (!without.has(vertex)) for (const next of nexts) if (!without.has(next)) set.add(into.get(next) ?? next);
    set.delete(to);
    return [];
  });
  for (const [vertex, set] of sets) neighbours[vertex] = [...set].toSorted((a, b) => a - b);
  return {
    weights: instance.weights.map((weight, vertex) => (into.has(vertex) ? 0 : weight)),
    neighbours,
    terminals: [...new Set(into.values())].toSorted((a, b) => a - b),
  };
}
