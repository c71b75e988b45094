// Plans of many sizes as hashes: the same wherever they are made, whatever order their inputs come in.
import { normalizeInputs, type BridgeInput } from '../../src/protocol/conversation/inputs.ts';
import { hashPlan, makePlan, nextPlan } from '../../src/protocol/conversation/plan.ts';
import { createDice } from './conversation-world.ts';

/** Networks, bridges, terminals: some with many ties, some beyond what is solved exactly. */
const SIZES = [
  [4, 8, 3],
  [12, 30, 8],
  [30, 90, 12],
  [40, 120, 20],
  [64, 256, 40],
] as const;

export function drawPlans(order: <T>(list: readonly T[]) => T[]): string[] {
  return SIZES.flatMap(([networks, bridges, terminals]) => {
    const dice = createDice(networks);
    const names = Array.from({ length: networks }, (_, at) => `net${at}`);
    const all = Array.from({ length: bridges }, (_, at): BridgeInput => ({
      id: `bridge${at}`,
      attachments: dice.shuffle(names).slice(0, 3),
      openness: dice.pick([0, 10, 10, 100]),
      lacks: dice.below(2),
      priority: dice.below(3),
      readers: [],
    }));
    const inputs = (left: readonly BridgeInput[]) =>
      normalizeInputs({
        id: 'c',
        terminals: order(names.slice(0, terminals)),
        deny: [],
        down: [],
        networks: order(names.map((id) => ({ id }))),
        bridges: order(left.map((bridge) => ({ ...bridge, attachments: order(bridge.attachments) }))),
      });
    const plan = makePlan(inputs(all));
    const gone = plan.edges[0]?.[0];
    return [plan, nextPlan(inputs(all.filter(({ id }) => id !== gone)), plan)].map(hashPlan);
  });
}
