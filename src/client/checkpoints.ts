// What a client remembers of logs: the last checkpoint it verified of each, so that nobody shows it an older or another one
// later, and what directories signed that they should not have. Where that is kept is pluggable; what it means is log-check.ts.
import type { Code } from '../protocol/errors.ts';

/** Something a directory signed that an honest one does not sign (§6.6). */
export interface SavedEvidence {
  readonly origin: string;
  /** Verifier key the notes are signed with. */
  readonly log: string;
  /** The check that failed. */
  readonly code: Code;
  /** Seconds since 1970. */
  readonly savedAt: number;
  /** The signed checkpoints as they came: two that contradict each other, or one beside the last one seen. */
  readonly notes: readonly string[];
  /** The reply that failed, where it was more than a checkpoint. */
  readonly reply?: string;
}

/** Several processes may share one: `save` is a compare-and-swap, so that two of them cannot be led along two forks. */
export interface Checkpoints {
  /** Note of the last checkpoint verified of this log. */
  find(origin: string): Promise<string | undefined>;
  /** Keeps `note` in place of `before`; false, and nothing changes, where another one is kept by now. */
  save(origin: string, note: string, before: string | undefined): Promise<boolean>;
  /** Keeps evidence for good; the first ones of each log are enough. */
  accuse(evidence: SavedEvidence): Promise<void>;
  /** Everything kept by `accuse`, oldest first. */
  listEvidence(): Promise<readonly SavedEvidence[]>;
}

/** How much is kept against one log: a directory that lies in every epoch must not fill anybody's disk. */
export const EVIDENCE_EACH = 32;

/** Whether `known` has room for `next` and does not hold it already, whenever it was saved. */
export function isNewEvidence(known: readonly SavedEvidence[], next: SavedEvidence): boolean {
  const own = known.filter(({ origin }) => origin === next.origin);
  const identity = ({ code, notes, reply }: SavedEvidence) => JSON.stringify([code, notes, reply]);
  return own.length < EVIDENCE_EACH && own.every((one) => identity(one) !== identity(next));
}

/** As long as the process lives: enough for a look-up or two, not for a resolver. */
export function createMemoryCheckpoints(): Checkpoints {
  const notes = new Map<string, string>();
  const evidence: SavedEvidence[] = [];
  return {
    find: async (origin) => notes.get(origin),
    save: async (origin, note, before) => {
      if (notes.get(origin) !== before) return false;
      notes.set(origin, note);
      return true;
    },
    accuse: async (next) => {
      if (isNewEvidence(evidence, next)) evidence.push(next);
    },
    listEvidence: async () => [...evidence],
  };
}
