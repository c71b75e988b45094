// Which networks reach one another, over what, and which one bridge would join most of those that do not (n × m). Pure: from descriptions.
import type { Description } from '../description.ts';
import { isDomain } from '../domain.ts';
import { gatherInputs } from './gather.ts';
import { sorted } from './inputs.ts';
import { makePlan } from './plan.ts';
import type { Privacy } from './privacy.ts';

export interface Pair {
  readonly networks: readonly [string, string];
  /** Bridges on the way, native links too; absent where there is no way. */
  readonly bridges?: readonly string[];
  readonly encryption: Privacy;
}

export interface Advice {
  readonly pairs: readonly Pair[];
  /** Networks that reach one another. */
  readonly parts: readonly (readonly string[])[];
  /** The bridge that would join most pairs: between two places, a language where there is one. Absent where all are joined. */
  readonly bridge?: { readonly between: readonly [string, string]; readonly joins: number };
}

/** Nobody's conversation: the same ties are broken the same way each time. */
const ID = 'advice';

export function adviseNetworks(networks: readonly string[], descriptions: readonly Description[]): Advice {
  const names = sorted(networks);
  const known = { descriptions, health: () => undefined };
  const pairs = names.flatMap((from, at) =>
    names.slice(at + 1).map((to): Pair => {
      const { edges, parts, encryption } = makePlan(gatherInputs({ id: ID, terminals: [from, to] }, known));
      if (parts.length > 1)
        return {
          networks: [from, to],
          encryption: { level: 'not-end-to-end', verdict: 'unreachable', readers: [] },
        };
      return { networks: [from, to], bridges: sorted(edges.map(([bridge]) => bridge)), encryption };
    }),
  );
  const { parts, edges } = makePlan(gatherInputs({ id: ID, terminals: names }, known));
  const [largest, second] = parts.toSorted((a, b) => b.length - a.length);
  if (largest === undefined || second === undefined) return { pairs, parts };
  // One bridge to a language serves whoever comes to speak it; one between two networks serves these two.
  const languages = sorted(edges.map(([, network]) => network)).filter((name) => !isDomain(name));
  const doorOf = (part: readonly string[]): string => {
    const bridges = new Set(edges.filter(([, network]) => part.includes(network)).map(([bridge]) => bridge));
    const spoken = languages.find((name) => edges.some(([bridge, network]) => network === name && bridges.has(bridge)));
    return spoken ?? part[0] ?? '';
  };
  return {
    pairs,
    parts,
    bridge: { between: [doorOf(second), doorOf(largest)], joins: largest.length * second.length },
  };
}
