// Public Steiner tree instances (SteinLib, PACE 2018) as networks and bridges: each edge becomes a bridge that weighs what the edge
// did. Among trees of the same weight fewer vertices are better, so that every weight is positive.
import { readFileSync } from 'node:fs';
import type { Instance } from '../../../src/protocol/conversation/instance.ts';
import { foreignPath } from '../../support/vectors.ts';

export interface Steiner {
  readonly name: string;
  readonly optimum: number;
  readonly instance: Instance;
  /** Weight in the instance of 1 in the file. */
  readonly unit: number;
}

/** All instances of the manifest; undefined where there are no foreign vectors. */
export function readSteiner(): Steiner[] | undefined {
  const manifest = foreignPath('steiner/manifest.csv');
  if (manifest === undefined) return undefined;
  const [, ...lines] = readFileSync(manifest, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [file = '', name = '', nodes, , , optimum] = line.split(',');
    return { name, optimum: Number(optimum), ...readGraph(foreignPath(`steiner/${file}`) ?? '', Number(nodes)) };
  });
}

function readGraph(path: string, nodes: number): { instance: Instance; unit: number } {
  const rows = readFileSync(path, 'utf8')
    .replace(/SECTION Tree Decomposition[\s\S]*?END/i, '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const edges = rows.filter(([kind]) => kind === 'E').map(([, u, v, w]) => [Number(u), Number(v), Number(w)] as const);
  const terminals = rows.filter(([kind]) => kind === 'T').map(([, v]) => edges.length + Number(v) - 1);
  const unit = 2 * nodes + 2;
  const neighbours = Array.from({ length: edges.length + nodes }, (): number[] => []);
  for (const [edge, [u, v]] of edges.entries())
    for (const node of [edges.length + u - 1, edges.length + v - 1]) {
      neighbours[edge]?.push(node);
      neighbours[node]?.push(edge);
    }
  const weights = [...edges.map(([, , w]) => w * unit + 1), ...Array.from({ length: nodes }, () => 1)];
  for (const terminal of terminals) weights[terminal] = 0;
  const ascending = (a: number, b: number) => a - b;
  return {
    unit,
    instance: {
      weights,
      neighbours: neighbours.map((list) => list.toSorted(ascending)),
      terminals: terminals.toSorted(ascending),
    },
  };
}
