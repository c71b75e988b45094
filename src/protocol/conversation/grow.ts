// One tree by shortest paths from a start (docs/protocol.md §11.4, step 1). How good it is, is heuristic.ts's to see.
import { Heap } from './heap.ts';
import type { Instance } from './instance.ts';
import { settle } from './settle.ts';

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
    settle(instance, distances, heap);
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
