// What of sequencing is under way in this process: one step at a time, joined by everybody who wants one. Other processes
// are kept out by the database alone; this only saves them and ourselves work.
import type { ConfigKey } from '../../../protocol/config-text.ts';
import { formatB64u } from '../../../protocol/wire.ts';
import type { Random } from '../../../protocol/oprf.ts';
import { within } from './waiting.ts';

/** What a step did. */
export interface Done {
  /** Epochs of the changes it published, by their number in the queue. */
  readonly published: ReadonlyMap<number, number>;
  /** Nothing was done: another instance is at work, or it is too early, or there is nothing to do. */
  readonly idle: boolean;
}

export const IDLE: Done = { published: new Map(), idle: true };

/** A step takes two seconds at worst; one that hangs longer is left to itself. Should it wake up, its commit will fail. */
const STEP_MILLISECONDS = 15_000;

/** What outlives a flight: on Workers there is one a request, because nothing under way can be shared between them. */
export interface Memory {
  /** The database was found to be the newest there is of its log. */
  started: boolean;
  /** Where witnesses were left, by the names of their keys. */
  readonly witnessed: Map<string, number>;
  /** The configuration as it stood in the newest epoch at the last step. */
  announced: Announced | undefined;
  /** Why another one is held back (config.ts), and when (milliseconds) that was last said. */
  held: { readonly why: string; readonly at: number } | undefined;
}

/** The keys that stand in the newest epoch's config text, and ids of those that stood in one before. */
export interface Announced {
  readonly keys: readonly ConfigKey[];
  readonly past: ReadonlySet<string>;
}

export const createMemory = (): Memory => ({
  started: false,
  witnessed: new Map(),
  announced: undefined,
  held: undefined,
});

/** Has identity over time: one a process and directory. */
export class Flight {
  /** Tells this one from others in the database. */
  readonly instance: string;
  readonly memory: Memory;
  #current: Promise<Done> | undefined;
  #starting: Promise<void> | undefined;

  constructor(random: Random, memory: Memory = createMemory()) {
    this.instance = formatB64u(random(16));
    this.memory = memory;
  }

  /** Does `work`, or waits for what is under way. Undefined: it did not end in time. */
  join(work: () => Promise<Done>): Promise<Done> {
    if (this.#current !== undefined) return this.#current;
    const current = within(STEP_MILLISECONDS, work()).then((done) => done ?? IDLE);
    this.#current = current;
    const forget = () => {
      if (this.#current === current) this.#current = undefined;
    };
    current.then(forget, forget);
    return current;
  }

  /** Runs `check` once before anything else; where it throws, it is run again the next time. */
  async start(check: () => Promise<void>): Promise<void> {
    if (this.memory.started) return;
    this.#starting ??= check();
    try {
      await this.#starting;
      this.memory.started = true;
    } finally {
      this.#starting = undefined;
    }
  }
}
