// Evaluations in the thread that was asked: on Workers, which have one, and in the sandbox.
import type { GroupSource } from '../../protocol/group.ts';
import { evaluate, type Random } from '../../protocol/oprf.ts';
import type { Evaluating } from '../context.ts';

export const inlineEvaluation = (parts: { readonly group: GroupSource; readonly random: Random }): Evaluating => ({
  hasRoom: () => true,
  evaluate: async (key, blinded) => evaluate(await parts.group(blinded.length), key, blinded, parts.random),
});
