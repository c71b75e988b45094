// The order of §11.2 as one whole number a vertex: five criteria as digits, each with room for the most that a tree can add up to,
// so that sums compare like lists. Criteria 6 and 7 are the order of the vertices.
import { sha256 } from '@noble/hashes/sha2.js';
import { LIMITS } from '../limits.ts';
import { compareOctets, concat, utf8 } from '../wire.ts';
import type { Inputs } from './inputs.ts';
import type { Instance } from './instance.ts';

/** Criteria 1 to 5: openness, networks in transit, features lacking, priority, bridges. */
export type Cost = readonly [number, number, number, number, number];

/** A tree has fewer bridges than networks, so no digit runs over: 63 times the most a bridge can add, and the product is below 2^52. */
const MOST = LIMITS.conversationNetworks - 1;
const RADICES = [
  MOST + 1,
  MOST * LIMITS.conversationPriority + 1,
  MOST * LIMITS.conversationFeatures + 1,
  MOST + 2,
] as const;

export function packCost([openness, transit, lacks, priority, bridges]: Cost): number {
  const [count, priorities, features, networks] = RADICES;
  return (((openness * networks + transit) * features + lacks) * priorities + priority) * count + bridges;
}

export function unpackCost(packed: number): Cost {
  const digits: number[] = [];
  let left = packed;
  for (const radix of RADICES) {
    const digit = left % radix;
    digits.push(digit);
    left = (left - digit) / radix;
  }
  const [bridges = 0, priority = 0, lacks = 0, transit = 0] = digits;
  return [left, transit, lacks, priority, bridges];
}

export const NO_COST: Cost = [0, 0, 0, 0, 0];

export const addCosts = (a: Cost, b: Cost): Cost => [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4]];

/** What a vertex adds to the cost of a tree it is in. */
export type Vertex =
  | { readonly kind: 'bridge'; readonly id: string; readonly cost: Cost }
  | { readonly kind: 'network'; readonly id: string; readonly cost: Cost };

export interface Graph {
  /** Bridges by their hash, then networks by theirs: the order in which ties are broken. */
  readonly vertices: readonly Vertex[];
  readonly instance: Instance;
  /** Where a vertex is in the order, by its id. */
  readonly bridges: ReadonlyMap<string, number>;
  readonly networks: ReadonlyMap<string, number>;
}

/** §11.2: SHA-256(conversation id ‖ 0 ‖ id); the zero octet keeps one id from running into the other. */
const placeOf = (conversation: string, id: string): Uint8Array =>
  sha256(concat(utf8(conversation), Uint8Array.of(0), utf8(id)));

export function buildGraph(inputs: Inputs): Graph {
  const terminals = new Set(inputs.terminals);
  const ordered = <T extends { readonly id: string }>(list: readonly T[]): T[] =>
    list
      .map((item) => ({ item, place: placeOf(inputs.id, item.id) }))
      .toSorted((a, b) => compareOctets(a.place, b.place))
      .map(({ item }) => item);
  const bridges = ordered(inputs.bridges);
  const networks = ordered(inputs.networks);
  const bridgeAt = new Map(bridges.map(({ id }, at) => [id, at]));
  const networkAt = new Map(networks.map(({ id }, at) => [id, bridges.length + at]));
  const vertices: Vertex[] = [
    ...bridges.map(({ id, openness, lacks, priority }): Vertex => ({
      kind: 'bridge',
      id,
      cost: [openness, 0, lacks, priority, 1],
    })),
    ...networks.map(({ id }): Vertex => ({ kind: 'network', id, cost: [0, terminals.has(id) ? 0 : 1, 0, 0, 0] })),
  ];
  const neighbours = vertices.map((): number[] => []);
  for (const [at, { attachments }] of bridges.entries())
    for (const network of attachments) {
      const to = networkAt.get(network) ?? 0;
      neighbours[at]?.push(to);
      neighbours[to]?.push(at);
    }
  const ascending = (a: number, b: number): number => a - b;
  return {
    vertices,
    bridges: bridgeAt,
    networks: networkAt,
    instance: {
      weights: vertices.map(({ cost }) => packCost(cost)),
      neighbours: neighbours.map((list) => list.toSorted(ascending)),
      terminals: inputs.terminals.map((id) => networkAt.get(id) ?? 0).toSorted(ascending),
    },
  };
}
