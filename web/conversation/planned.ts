// What the part shows: the bridges there are between the picked networks, which of them are taken offline here, and the plan that
// follows. Computed by the SDK, as every bridge of the conversation computes it; nobody is told.
import type { Description, Inputs, Plan } from '../../src/index.ts';
import type { Sdk } from '../sdk.ts';

/** Ties are broken by a conversation's id: the same picks give the same picture. */
const ID = 'page';

export type Bridge = Inputs['bridges'][number];

export interface Planned {
  readonly plan: Plan;
  readonly previous?: Plan;
  readonly inputs: Inputs;
  /** All there are, those that are offline too. */
  readonly bridges: readonly Bridge[];
  /** Networks, and the common languages that bridges are attached to. */
  readonly places: readonly string[];
}

/** A network's link to a language that it speaks by itself: nobody's bridge, and it cannot be away. */
export const isNative = ({ id }: Pick<Bridge, 'id'>): boolean => id.startsWith('native:');

/** The plan for these networks; grown out of `previous`, where there is one, as when a bridge stops answering. */
export function plan(
  sdk: Sdk,
  descriptions: readonly Description[],
  down: readonly string[],
  previous?: Plan,
): Planned {
  const terminals = descriptions.map(({ domain }) => domain);
  const known = { descriptions, health: () => undefined };
  const { bridges, networks } = sdk.gatherInputs({ id: ID, terminals }, known);
  const inputs = sdk.gatherInputs({ id: ID, terminals, down }, known);
  const made = previous === undefined ? sdk.makePlan(inputs) : sdk.nextPlan(inputs, previous);
  return {
    plan: made,
    ...(previous === undefined ? {} : { previous }),
    inputs,
    bridges,
    places: [...inputs.terminals, ...networks.map(({ id }) => id).filter((id) => !terminals.includes(id))],
  };
}

export const inTree = ({ plan: { edges } }: Planned, bridge: string): readonly string[] =>
  edges.filter(([id]) => id === bridge).map(([, network]) => network);
