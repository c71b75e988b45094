// Shortest paths with weights on vertices: lets what is in a heap lower the distances of everything behind it (Dijkstra). What
// comes out does not depend on the order in which equals are taken.
import type { Heap } from './heap.ts';
import type { Instance } from './instance.ts';

/** A distance above the limit of its vertex is not taken. */
export function settle(
  { weights, neighbours }: Instance,
  distances: Float64Array,
  heap: Heap,
  limits?: Float64Array,
): void {
  for (let nearest = heap.pop(); nearest !== undefined; nearest = heap.pop()) {
    const { distance, vertex } = nearest;
    if (distance > (distances[vertex] ?? 0)) continue;
    for (const next of neighbours[vertex] ?? []) {
      const longer = distance + (weights[next] ?? 0);
      if (longer < (distances[next] ?? 0) && (limits === undefined || longer <= (limits[next] ?? 0))) {
        distances[next] = longer;
        heap.push(longer, next);
      }
    }
  }
}
