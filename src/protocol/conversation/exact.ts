// The best tree, exactly: Dreyfus and Wagner's recursion with weights on vertices, first over weights alone, then once more over
// what is tied, for the first solution in canonical order. Time 3^k · V + 2^k · E log V, memory 2^k · V, for k + 1 terminals.
import { Heap } from './heap.ts';
import { grow } from './grow.ts';
import { weigh, type Instance, type Solution } from './instance.ts';
import { settle } from './settle.ts';

/** Solves an instance whose terminals are all connected; undefined where they are not. */
export function solveExactly(instance: Instance): Solution | undefined {
  const { terminals } = instance;
  const root = terminals.at(-1);
  if (root === undefined) return undefined;
  if (terminals.length === 1) return { vertices: new Set([root]), weight: 0 };
  const table = fillTable(instance, root);
  if (table.least(table.all, root) === Infinity) return undefined;
  const vertices = chooseTied(instance, table, root);
  return { vertices, weight: weigh(instance, vertices) };
}

interface Table {
  /** The set of all terminals but the last, as bits. */
  readonly all: number;
  /** Least weight of a tree that holds the terminals of `set` and `vertex`. */
  least(set: number, vertex: number): number;
}

function fillTable(instance: Instance, root: number): Table {
  const limits = limitsOf(instance, root);
  const { weights, neighbours, terminals } = instance;
  const count = weights.length;
  const all = 2 ** (terminals.length - 1) - 1;
  const isTerminal = new Set(terminals);
  // Where branches of a tree may meet: terminals, and vertices of three neighbours or more.
  const joints = Int32Array.from(
    weights.flatMap((_, v) => (isTerminal.has(v) || (neighbours[v]?.length ?? 0) > 2 ? [v] : [])),
  );
  const rows = Array.from({ length: all + 1 }, () => new Float64Array(0));
  /** The joints of each row that have a weight: few, thanks to the limits. */
  const meets = Array.from({ length: all + 1 }, () => new Int32Array(0));
  for (let set = 1; set <= all; set++) {
    const row = new Float64Array(count).fill(Infinity);
    rows[set] = row;
    if (isSingle(set)) row[terminals[31 - Math.clz32(set)] ?? 0] = 0;
    else
      for (const part of halves(set)) {
        const [one, other] = [rows[part], rows[set ^ part]];
        const [few, many] = [meets[part], meets[set ^ part]];
        if (one === undefined || other === undefined || few === undefined || many === undefined) continue;
        for (const v of few.length < many.length ? few : many) {
          const sum = (one[v] ?? 0) + (other[v] ?? 0) - (weights[v] ?? 0);
          if (sum < (row[v] ?? 0) && sum <= (limits[v] ?? 0)) row[v] = sum;
        }
      }
    spread(instance, row, limits);
    meets[set] = joints.filter((v) => (row[v] ?? 0) < Infinity);
  }
  return { all, least: (set, vertex) => rows[set]?.[vertex] ?? Infinity };
}

const isSingle = (set: number): boolean => (set & (set - 1)) === 0;

/** The ways to divide a set in two, each once: the half that holds the first member. */
function* halves(set: number): Generator<number> {
  const rest = set & (set - 1);
  for (let part = (rest - 1) & rest; ; part = (part - 1) & rest) {
    yield set ^ rest ^ part;
    if (part === 0) return;
  }
}

/** Dijkstra from every vertex that has a weight: a tree may be longer by a path. */
function spread(instance: Instance, row: Float64Array, limits: Float64Array): void {
  const heap = new Heap();
  for (let v = 0; v < row.length; v++) if ((row[v] ?? 0) < Infinity) heap.push(row[v] ?? 0, v);
  settle(instance, row, heap, limits);
}

/**
 * What a tree at a vertex may weigh at most to be a part of one that is as good as a tree there is: from the vertex it still has to get
 * to the root. Leaves out nothing that could be in a best tree, and most of the rest.
 */
function limitsOf(instance: Instance, root: number): Float64Array {
  const { weights } = instance;
  const known = grow(instance, root);
  const limits = new Float64Array(weights.length).fill(known === undefined ? Infinity : weigh(instance, known));
  const far = new Float64Array(weights.length).fill(Infinity);
  far[root] = 0;
  const heap = new Heap();
  heap.push(0, root);
  settle(instance, far, heap);
  for (let v = 0; v < limits.length; v++)
    limits[v] = far[v] === Infinity ? -1 : (limits[v] ?? 0) - ((far[v] ?? 0) - (weights[v] ?? 0));
  return limits;
}

interface State {
  readonly set: number;
  readonly vertex: number;
}

/**
 * Of all trees of least weight the first: each vertex that is no terminal is a bit, the first vertex the highest, and the greatest
 * sum of bits is what isBetter() prefers. Sums of a derivation of least weight count no bit twice: leaving the second out would be
 * less than the least.
 */
function chooseTied(instance: Instance, table: Table, root: number): Set<number> {
  const { weights, terminals } = instance;
  const count = weights.length;
  const isTerminal = new Set(terminals);
  const keyOf = ({ set, vertex }: State): number => set * count + vertex;
  const bit = (vertex: number): bigint => (isTerminal.has(vertex) ? 0n : 1n << BigInt(count - 1 - vertex));
  const best = new Map<number, bigint>();
  for (const state of tiedStates(instance, table, root)) {
    let most = isStart(state, terminals) ? 0n : -1n;
    for (const from of derivations(instance, table, state)) {
      const sum =
        from.length === 1
          ? (best.get(keyOf(from[0])) ?? 0n) + bit(state.vertex)
          : (best.get(keyOf(from[0])) ?? 0n) + (best.get(keyOf(from[1])) ?? 0n) - bit(state.vertex);
      if (sum > most) most = sum;
    }
    best.set(keyOf(state), most);
  }
  const chosen = best.get(keyOf({ set: table.all, vertex: root })) ?? 0n;
  const vertices = new Set(terminals);
  // Highest bit first.
  const digits = chosen.toString(2).padStart(count, '0');
  for (let vertex = 0; vertex < count; vertex++) if (digits[vertex] === '1') vertices.add(vertex);
  return vertices;
}

const isStart = ({ set, vertex }: State, terminals: readonly number[]): boolean =>
  isSingle(set) && terminals[31 - Math.clz32(set)] === vertex;

type Derivation = readonly [State] | readonly [State, State];

/** How a state comes to its least weight: from a neighbour, or from two halves. */
function* derivations(
  { weights, neighbours, terminals }: Instance,
  table: Table,
  { set, vertex }: State,
): Generator<Derivation> {
  const least = table.least(set, vertex);
  if (isStart({ set, vertex }, terminals)) return;
  for (const next of neighbours[vertex] ?? [])
    if (table.least(set, next) + (weights[vertex] ?? 0) === least) yield [{ set, vertex: next }];
  if (isSingle(set) || ((neighbours[vertex]?.length ?? 0) < 3 && !terminals.includes(vertex))) return;
  for (const part of halves(set))
    if (table.least(part, vertex) + table.least(set ^ part, vertex) - (weights[vertex] ?? 0) === least)
      yield [
        { set: part, vertex },
        { set: set ^ part, vertex },
      ];
}

/** The states that trees of least weight are made of, each after those it comes from. */
function tiedStates(instance: Instance, table: Table, root: number): State[] {
  const count = instance.weights.length;
  const found = new Set([table.all * count + root]);
  for (const key of found)
    for (const from of derivations(instance, table, { set: Math.floor(key / count), vertex: key % count }))
      for (const { set, vertex } of from) found.add(set * count + vertex);
  const isTerminal = new Set(instance.terminals);
  const states = [...found].map((key) => {
    const state = { set: Math.floor(key / count), vertex: key % count };
    return { ...state, size: sizeOf(state.set), least: table.least(state.set, state.vertex) };
  });
  // Only a terminal adds nothing to what it is reached from, and terminals are no neighbours.
  return states.toSorted(
    (a, b) =>
      a.size - b.size || a.least - b.least || Number(isTerminal.has(a.vertex)) - Number(isTerminal.has(b.vertex)),
  );
}

function sizeOf(set: number): number {
  let size = 0;
  for (let left = set; left !== 0; left &= left - 1) size++;
  return size;
}
