// What a sequencer does next (§6.3), decided purely: finish what is signed and not shown, sequence, or wait.
import { LIMITS } from '../../../protocol/limits.ts';

/** What the decision rests on. Times in milliseconds. */
export interface Standing {
  readonly size: number;
  readonly published: number;
  /** Of the newest epoch; undefined before the first. */
  readonly last: { readonly time: number } | undefined;
  /** Something is to be put into an epoch: changes, ended records, another configuration, another depth. */
  readonly isDue: boolean;
  readonly now: number;
}

export interface Pace {
  /** Least time between epochs with changes, and most time without an epoch, in milliseconds. */
  readonly interval: number;
  readonly heartbeat: number;
}

export type Step =
  | { readonly do: 'publish' }
  | { readonly do: 'sequence' }
  /** Infinity: not before something changes or the heartbeat is due, whichever the caller sees first. */
  | { readonly do: 'wait'; readonly milliseconds: number };

export function decideStep({ size, published, last, isDue, now }: Standing, { interval, heartbeat }: Pace): Step {
  // Nothing is sequenced on top of an epoch nobody has seen: so at most one version stands beside the published one.
  if (size > published) return { do: 'publish' };
  if (last === undefined) return { do: 'sequence' };
  const since = now - last.time;
  // A clock that was set back says nothing about the pace; time in leaves grows all the same.
  const left = since < 0 ? 0 : (isDue ? interval : heartbeat) - since;
  if (left <= 0 && (isDue || since >= heartbeat)) return { do: 'sequence' };
  return { do: 'wait', milliseconds: isDue ? left : Infinity };
}

export interface DepthAim {
  /** Records a bucket is to hold, and the least depth. */
  readonly target: number;
  readonly least: number;
}

/**
 * The depth for so many records: round(log2(records / target)) (§6.1), one step at a time. Merging waits until there are
 * clearly too few, or a directory at the border would split and merge all day.
 */
export function decideDepth(depth: number, records: number, { target, least }: DepthAim): number {
  const fitting = Math.log2(Math.max(1, records) / target);
  if (depth < least || (fitting >= depth + 0.5 && depth < LIMITS.maxDepth)) return depth + 1;
  if (depth > least && fitting < depth - 1) return depth - 1;
  return depth;
}
