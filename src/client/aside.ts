// Directories put aside: one that signed two logs is asked nothing more, until somebody has looked at the evidence and removed it.
// An answer that merely failed a check is not used; the directory may do better next time.
import type { Code } from '../protocol/errors.ts';
import type { Checkpoints, SavedEvidence } from './checkpoints.ts';
import { originOf } from './log-pin.ts';

/** Two signed notes that no one log can have. */
const CONVICTING: ReadonlySet<Code> = new Set<Code>(['log-forked', 'consistency-invalid']);

export interface Aside {
  /** Why a directory is not asked; undefined where it is. */
  find(domain: string): Code | undefined;
  /** Reads the evidence kept: at start, and on a schedule, so that what an operator removed is forgotten. */
  load(): Promise<void>;
  /** The same store, with an ear on what is accused. */
  readonly checkpoints: Checkpoints;
}

export function createAside(checkpoints: Checkpoints): Aside {
  let codes = new Map<string, Code>();
  const note = (into: Map<string, Code>, { origin, code }: SavedEvidence): void => {
    if (CONVICTING.has(code) && !into.has(origin)) into.set(origin, code);
  };
  return {
    find: (domain) => codes.get(originOf(domain)),
    load: async () => {
      const kept = new Map<string, Code>();
      for (const evidence of await checkpoints.listEvidence()) note(kept, evidence);
      codes = kept;
    },
    checkpoints: {
      ...checkpoints,
      accuse: async (evidence) => {
        await checkpoints.accuse(evidence);
        note(codes, evidence);
      },
    },
  };
}
