// How long a directory is waited for. One that used up its time is given a small share of the next question's, until it answers
// again: a slow one costs what it costs once, not on every question.

/** The share of a question's time that a directory gets which did not answer the last one. */
const SHARE = 1 / 8;

export interface Patience {
  /** The moment up to which `domain` is waited for, of a question that began at `now` and ends at `until` (milliseconds). */
  until(domain: string, now: number, until: number): number;
  /** What became of it. */
  answered(domain: string, inTime: boolean): void;
}

export function createPatience(): Patience {
  const late = new Set<string>();
  return {
    until: (domain, now, until) => (late.has(domain) ? now + Math.ceil((until - now) * SHARE) : until),
    answered: (domain, inTime) => void (inTime ? late.delete(domain) : late.add(domain)),
  };
}

/** Waits for `work`, but no longer than that; what becomes of it afterwards is its own affair. */
export async function waitAtMost(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), milliseconds);
  try {
    await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
