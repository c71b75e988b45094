// The identifiers of one question, blinded once: the same elements go to every directory, and under every key of each (§3).
// Blinds are fresh for each question, and no two questions share them.
import type { GroupSource } from '../protocol/group.ts';
import type { Identifier } from '../protocol/identifier.ts';
import { LIMITS } from '../protocol/limits.ts';
import { blind, type BlindState, type Random } from '../protocol/oprf.ts';
import { utf8 } from '../protocol/wire.ts';

export interface Blinding {
  /** In batches of at most 256, each as large as one evaluation may be; made when first wanted. */
  batches(): AsyncIterable<BlindState>;
}

/** Blinds identifiers as they are asked for: nothing is computed for a directory that is not reached. */
export function createBlinding(
  { group, random }: { readonly group: GroupSource; readonly random: Random },
  ids: readonly Identifier[],
): Blinding {
  const made: Promise<BlindState>[] = [];
  const make = async (batch: readonly Identifier[]): Promise<BlindState> =>
    blind(await group(ids.length), batch.map(utf8), random);
  return {
    async *batches() {
      for (let at = 0, batch = 0; at < ids.length; at += LIMITS.evaluateElements, batch++) {
        // Two directories may want the same batch at once.
        const state = made[batch] ?? make(ids.slice(at, at + LIMITS.evaluateElements));
        made[batch] = state;
        yield await state;
      }
    },
  };
}
