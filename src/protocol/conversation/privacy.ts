// How private a conversation over a tree is (§11.8): for each pair of networks and for the whole, and who could read along. In the levels
// and verdicts of look-ups (levels.ts).
import { LEVELS, type Level, type Verdict } from '../levels.ts';
import { sorted, type BridgeInput, type Inputs, type Openness } from './inputs.ts';
import { readPaths } from './paths.ts';
import type { Edge } from './tree.ts';

export interface Privacy {
  readonly level: Level;
  readonly verdict: Verdict;
  /** Operators, hosts and networks that could read. Sorted. */
  readonly readers: readonly string[];
}

const LEVEL_OF: Readonly<Record<Openness, Level>> = {
  0: 'end-to-end',
  1: 're-encrypted-on-recipients-device',
  10: 're-encrypted-by-bridge',
  100: 'not-end-to-end',
};

/** How well a conversation over a bridge of this openness is encrypted. */
export const levelOf = (openness: Openness): Level => LEVEL_OF[openness];

const UNREACHABLE: Privacy = { level: 'not-end-to-end', verdict: 'unreachable', readers: [] };

/** What people of two networks can expect of what they write to each other; of one network, of what stays there. */
export function judgePair(inputs: Inputs, edges: readonly Edge[], from: string, to: string): Privacy {
  const way = from === to ? { bridges: [], networks: [from] } : readPaths(edges).way(from, to);
  return way === undefined ? UNREACHABLE : judge(inputs, way);
}

/** The whole conversation: everything in it reaches everybody, so the worst of the tree counts. */
export function judgeWhole(inputs: Inputs, edges: readonly Edge[]): Privacy {
  const bridges = sorted(edges.map(([bridge]) => bridge));
  const networks = sorted([...inputs.terminals, ...edges.map(([, network]) => network)]);
  return judge(inputs, { bridges, networks }, edges);
}

function judge(
  inputs: Inputs,
  way: { readonly bridges: readonly string[]; readonly networks: readonly string[] },
  edges?: readonly Edge[],
): Privacy {
  const used = new Set(way.bridges);
  const bridges = inputs.bridges.filter(({ id }) => used.has(id));
  const networks = inputs.networks.filter(({ id }) => way.networks.includes(id));
  const plain = networks.filter(({ encryption }) => encryption === 'none').map(({ id }) => id);
  const levels = [...bridges.map(({ openness }) => levelOf(openness)), ...(plain.length > 0 ? [LEVELS[3]] : [])];
  const level = LEVELS[Math.max(0, ...levels.map((one) => LEVELS.indexOf(one)))] ?? 'not-end-to-end';
  const beside = bridges
    .filter(({ openness }) => openness === 100)
    .flatMap((bridge) => neighbours(bridge, way.networks, edges));
  const readers = sorted([...bridges.flatMap((bridge) => bridge.readers), ...plain, ...beside]);
  const silent = networks.some(({ encryption }) => encryption === undefined);
  return { level, readers, verdict: readers.length > 0 ? 'readable' : silent ? 'unconfirmed' : 'private' };
}

/** §8.2: beside a bridge that does not encrypt, the networks themselves can read. */
const neighbours = (
  { id, attachments }: BridgeInput,
  networks: readonly string[],
  edges: readonly Edge[] | undefined,
): readonly string[] =>
  edges === undefined
    ? attachments.filter((network) => networks.includes(network))
    : edges.filter(([bridge]) => bridge === id).map(([, network]) => network);
