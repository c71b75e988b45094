// What no tree can be cheaper than: Wong's dual ascent on the problem with every edge as two arcs, each as long as the vertex it
// leads to weighs (docs/protocol.md §11.5). A whole number, and everybody's the same.
import type { Instance } from './instance.ts';

/** At most the weight of the best tree; the terminals are connected. */
export function boundOf(instance: Instance): number {
  const { weights, neighbours, terminals } = instance;
  const [root, ...others] = terminals;
  if (root === undefined) return 0;
  /** What is left of each arc, at its head, in the order of the head's neighbours. */
  const left = neighbours.map((from, head) => from.map(() => weights[head] ?? 0));
  const active = new Map(others.map((terminal) => [terminal, 1]));
  let bound = 0;
  while (active.size > 0) {
    const terminal = smallest(active);
    const cut = backwards(terminal, neighbours, left);
    if (cut.has(root)) active.delete(terminal);
    // A set only grows: one that is as small as was thought is the smallest of all.
    else if (cut.size > (active.get(terminal) ?? 0)) active.set(terminal, cut.size);
    else bound += raise(cut, neighbours, left);
  }
  return bound;
}

/** The terminal whose set is smallest, the first of them. */
function smallest(active: ReadonlyMap<number, number>): number {
  let [found, least] = [-1, Infinity];
  for (const [terminal, size] of active)
    if (size < least || (size === least && terminal < found)) [found, least] = [terminal, size];
  return found;
}

/** What leads to a vertex over arcs of which nothing is left. */
function backwards(start: number, neighbours: Instance['neighbours'], left: readonly number[][]): Set<number> {
  const found = new Set([start]);
  for (const head of found)
    for (const [at, tail] of (neighbours[head] ?? []).entries()) if (left[head]?.[at] === 0) found.add(tail);
  return found;
}

/** Takes from all arcs into a set what is left of the least. */
function raise(cut: ReadonlySet<number>, neighbours: Instance['neighbours'], left: number[][]): number {
  let least = Infinity;
  for (const head of cut)
    for (const [at, tail] of (neighbours[head] ?? []).entries())
      if (!cut.has(tail)) least = Math.min(least, left[head]?.[at] ?? Infinity);
  for (const head of cut) {
    const row = left[head] ?? [];
    for (const [at, tail] of (neighbours[head] ?? []).entries()) if (!cut.has(tail)) row[at] = (row[at] ?? 0) - least;
  }
  return least;
}
