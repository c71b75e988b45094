// How many people one caller of these look-ups may ask about: token buckets in memory, for a resolver has no database. Bounded
// in number; a caller who is forgotten begins anew, which costs the gatekeeper's quota at the directories and nobody else's.
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Clock, Quota } from '../context.ts';

/** Callers remembered at once. */
const CALLERS = 10_000;

export interface Allowance {
  /** Takes `cost` from the caller's bucket; throws `quota-exceeded` with `retryAfter` where that is more than there is. */
  charge(caller: string, cost: number): void;
}

export function createAllowance(quota: Quota, clock: Clock): Allowance {
  const { capacity, refill, seconds } = quota;
  const perMillisecond = refill / (seconds * 1_000);
  const buckets = new Map<string, { readonly left: number; readonly at: number }>();
  return {
    charge(caller, cost) {
      const at = clock();
      const known = buckets.get(caller) ?? { left: capacity, at };
      const left = Math.min(capacity, known.left + Math.max(0, at - known.at) * perMillisecond) - cost;
      if (left < 0) {
        const wait = perMillisecond > 0 ? Math.ceil(-left / perMillisecond / 1_000) : seconds;
        throw new WhereaboutsError('quota-exceeded', undefined, { extensions: { retryAfter: wait } });
      }
      // Taken out first, whoever asked last stands last: the first is the one to forget.
      buckets.delete(caller);
      buckets.set(caller, { left, at });
      for (const oldest of buckets.keys()) {
        if (buckets.size <= CALLERS) break;
        buckets.delete(oldest);
      }
    },
  };
}
