// The identifiers of one question, blinded once: the same elements go to every directory, and under every key of each (§3).
// Blinds are fresh for each question, and no two questions share them.
import type { Group } from '../protocol/group.ts';
import type { Identifier } from '../protocol/identifier.ts';
import { LIMITS } from '../protocol/limits.ts';
import { blind, type BlindState, type Random } from '../protocol/oprf.ts';
import { utf8 } from '../protocol/wire.ts';

export interface Blinding {
  /** In batches of at most 256, each as large as one evaluation may be; made when first wanted. */
  batches(): Iterable<BlindState>;
}

/** Blinds identifiers as they are asked for: nothing is computed for a directory that is not reached. */
export function createBlinding(
  { group, random }: { readonly group: Group; readonly random: Random },
  ids: readonly Identifier[],
): Blinding {
  const made: BlindState[] = [];
  return {
    *batches() {
      for (let at = 0, batch = 0; at < ids.length; at += LIMITS.evaluateElements, batch++) {
        const state = made[batch] ?? blind(group, ids.slice(at, at + LIMITS.evaluateElements).map(utf8), random);
        made[batch] = state;
        yield state;
      }
    },
  };
}
