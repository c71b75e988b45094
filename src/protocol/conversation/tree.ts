// The tree of a conversation: the best one where it can be found, else a good one, with what none can be cheaper than (§11.3), anew or
// from an earlier tree of which as much as possible stays (§11.6). What cannot be connected comes out as several trees.
import { LIMITS } from '../limits.ts';
import { boundOf } from './bound.ts';
import { solveExactly } from './exact.ts';
import { solveNearly } from './heuristic.ts';
import type { Inputs } from './inputs.ts';
import { contract, partsOf, type Instance } from './instance.ts';
import { addCosts, buildGraph, NO_COST, packCost, unpackCost, type Cost, type Graph } from './weights.ts';

/** A bridge and a network it serves in the conversation. */
export type Edge = readonly [bridge: string, network: string];

export interface Tree {
  /** Sorted. */
  readonly edges: readonly Edge[];
  readonly cost: Cost;
  /** No tree costs less. */
  readonly bound: Cost;
  readonly optimal: boolean;
  /** Terminals that are connected with one another, sorted; more than one part where not all are. */
  readonly parts: readonly (readonly string[])[];
}

/** The tree of these inputs, or the one that grows out of `earlier`. */
export function solveTree(inputs: Inputs, earlier?: readonly Edge[]): Tree {
  const graph = buildGraph(inputs);
  const kept = earlier === undefined ? [] : keep(graph, earlier);
  const fields = partsOf(graph.instance, new Set(graph.instance.weights.keys()))
    .map((field) => graph.instance.terminals.filter((terminal) => field.has(terminal)))
    .filter((terminals) => terminals.length > 0);
  const nameOf = (vertex: number): string => graph.vertices[vertex]?.id ?? '';
  let [cost, bound, edges]: [Cost, Cost, Line[]] = [NO_COST, NO_COST, []];
  for (const terminals of fields) {
    const instance = { ...graph.instance, terminals };
    const fresh = solve(instance);
    const lines = kept.length === 0 ? connect(graph, terminals, fresh.vertices, []) : grow(graph, instance, kept);
    edges = [...edges, ...lines];
    cost = addCosts(cost, costOf(graph, lines));
    bound = addCosts(bound, fresh.bound);
  }
  return {
    edges: edges.map(([bridge, network]): Edge => [nameOf(bridge), nameOf(network)]).toSorted(compareEdges),
    cost,
    bound,
    optimal: packCost(cost) === packCost(bound),
    parts: fields
      .map((terminals) => terminals.map(nameOf).toSorted())
      .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  };
}

const compareEdges = (a: Edge, b: Edge): number =>
  a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;

/** A bridge and a network as vertices. */
type Line = readonly [bridge: number, network: number];

/** The best vertices, or good ones, of terminals that can all be connected. */
function solve(instance: Instance): { vertices: ReadonlySet<number>; bound: Cost } {
  if (instance.terminals.length <= LIMITS.exactTerminals) {
    const best = solveExactly(instance);
    return { vertices: best?.vertices ?? new Set(), bound: unpackCost(best?.weight ?? 0) };
  }
  const good = solveNearly(instance);
  return { vertices: good?.vertices ?? new Set(), bound: unpackCost(boundOf(instance)) };
}

/** The earlier edges that there still are. */
function keep({ instance, bridges, networks }: Graph, earlier: readonly Edge[]): Line[] {
  return earlier.flatMap(([bridge, network]): Line[] => {
    const [from, to] = [bridges.get(bridge), networks.get(network)];
    return from !== undefined && to !== undefined && (instance.neighbours[from]?.includes(to) ?? false)
      ? [[from, to]]
      : [];
  });
}

/** §11.6: what is left of the earlier tree is shrunk to terminals, part by part, and these are connected like any others. */
function grow(graph: Graph, instance: Instance, kept: readonly Line[]): Line[] {
  const { terminals } = instance;
  const isTerminal = new Set(terminals);
  const parts = joined(terminals, kept).filter((part) => [...part].some((vertex) => isTerminal.has(vertex)));
  const pruned = trim(
    kept.filter(([bridge]) => parts.some((part) => part.has(bridge))),
    isTerminal,
  );
  const shrunk = contract(instance, joined(terminals, pruned));
  const vertices = new Set([...solve(shrunk).vertices, ...terminals, ...pruned.flat()]);
  return connect(graph, terminals, vertices, pruned);
}

/** The parts that edges make, each terminal without any being one by itself. */
function joined(terminals: readonly number[], lines: readonly Line[]): Set<number>[] {
  const count = Math.max(0, ...terminals, ...lines.flat()) + 1;
  const neighbours = Array.from({ length: count }, (): number[] => []);
  for (const [bridge, network] of lines) {
    neighbours[bridge]?.push(network);
    neighbours[network]?.push(bridge);
  }
  const vertices = new Set([...terminals, ...lines.flat()]);
  return partsOf({ weights: [], neighbours, terminals: [] }, vertices);
}

/** Kruskal's tree: earlier edges, then by bridge and network in the order of the vertices; leaves that are no terminal fall off. */
function connect(
  { instance, bridges: { size } }: Graph,
  terminals: readonly number[],
  vertices: ReadonlySet<number>,
  kept: readonly Line[],
): Line[] {
  const heads = new Map([...vertices].map((vertex) => [vertex, vertex]));
  const headOf = (vertex: number): number => {
    let at = vertex;
    for (let next = heads.get(at) ?? at; next !== at; next = heads.get(at) ?? at) at = next;
    return at;
  };
  const lines: Line[] = [];
  const offer = ([bridge, network]: Line): void => {
    const [one, other] = [headOf(bridge), headOf(network)];
    if (one === other) return;
    heads.set(one, other);
    lines.push([bridge, network]);
  };
  for (const line of kept) offer(line);
  // Bridges come before networks.
  const bridges = [...vertices].filter((vertex) => vertex < size).toSorted((a, b) => a - b);
  for (const bridge of bridges)
    for (const network of instance.neighbours[bridge] ?? []) if (vertices.has(network)) offer([bridge, network]);
  return trim(lines, new Set(terminals));
}

/** Leaves that are no terminal fall off, until none is left. */
function trim(lines: readonly Line[], terminals: ReadonlySet<number>): Line[] {
  let left = [...lines];
  for (;;) {
    const degrees = new Map<number, number>();
    for (const vertex of left.flat()) degrees.set(vertex, (degrees.get(vertex) ?? 0) + 1);
    const next = left.filter((line) => line.every((vertex) => terminals.has(vertex) || (degrees.get(vertex) ?? 0) > 1));
    if (next.length === left.length) return next;
    left = next;
  }
}

const costOf = ({ vertices }: Graph, lines: readonly Line[]): Cost =>
  [...new Set(lines.flat())].reduce((sum, vertex) => addCosts(sum, vertices[vertex]?.cost ?? NO_COST), NO_COST);
