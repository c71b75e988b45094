// The plan of a conversation (§11.6): what follows from its inputs, and from the plan before where a tree grows out of an earlier one.
// Pure: everybody who has the inputs makes the same plan, and refuses another. Signing is token/plan.ts.
import { WhereaboutsError } from '../errors.ts';
import { hashInputs, hashOf, type Inputs } from './inputs.ts';
import { readPaths } from './paths.ts';
import { judgeWhole, type Privacy } from './privacy.ts';
import { solveTree, type Edge } from './tree.ts';
import type { Cost } from './weights.ts';

/** What one bridge does on one of its networks. */
export interface Role {
  readonly bridge: string;
  readonly network: string;
  /** Places in `terminals` of the networks whose people it stands for there. */
  readonly represents: readonly number[];
}

export interface Plan {
  /** The conversation's. */
  readonly id: string;
  /** 1, and one more with each plan. */
  readonly epoch: number;
  /** Hash of the plan before; absent in the first. */
  readonly prev?: string;
  /** Whether the tree grew out of that of the plan before. */
  readonly basis: 'inputs' | 'previous';
  readonly inputs: string;
  readonly terminals: readonly string[];
  readonly edges: readonly Edge[];
  readonly cost: Cost;
  readonly bound: Cost;
  readonly optimal: boolean;
  /** Terminals that reach one another; more than one part is a partition. */
  readonly parts: readonly (readonly string[])[];
  readonly roles: readonly Role[];
  readonly encryption: Privacy;
}

/** The first plan of a conversation, or one that begins anew behind `previous`. */
export const makePlan = (inputs: Inputs, previous?: Plan): Plan => plan(inputs, previous, 'inputs');

/** The plan after `previous` for what has changed: as much of the tree as possible stays as it is. */
export const nextPlan = (inputs: Inputs, previous: Plan): Plan => plan(inputs, previous, 'previous');

/** Names the plan in the one that follows it. */
export const hashPlan = (value: Plan): string => hashOf(value);

/** Throws `plan-invalid` unless the plan is octet for octet what these inputs and the plan before lead to. */
export function verifyPlan(claimed: Plan, inputs: Inputs, previous?: Plan): void {
  if (previous === undefined && (claimed.epoch !== 1 || claimed.basis !== 'inputs'))
    throw new WhereaboutsError('plan-invalid', 'the plan before is needed to check this one');
  const own = plan(inputs, previous, claimed.basis);
  if (hashPlan(own) !== hashPlan(claimed)) throw new WhereaboutsError('plan-invalid');
}

function plan(inputs: Inputs, previous: Plan | undefined, basis: Plan['basis']): Plan {
  if (previous !== undefined && previous.id !== inputs.id)
    throw new WhereaboutsError('plan-invalid', 'the plan before is of another conversation');
  const tree = solveTree(inputs, basis === 'previous' ? previous?.edges : undefined);
  return {
    id: inputs.id,
    epoch: (previous?.epoch ?? 0) + 1,
    ...(previous === undefined ? {} : { prev: hashPlan(previous) }),
    basis,
    inputs: hashInputs(inputs),
    terminals: inputs.terminals,
    ...tree,
    roles: rolesOf(tree.edges, inputs.terminals),
    encryption: judgeWhole(inputs, tree.edges),
  };
}

function rolesOf(edges: readonly Edge[], terminals: readonly string[]): Role[] {
  const paths = readPaths(edges);
  return edges.map(([bridge, network]) => ({
    bridge,
    network,
    represents: terminals.flatMap((home, at) => (paths.represents(home, network) === bridge ? [at] : [])),
  }));
}
