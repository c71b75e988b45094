// What readers of one process share: the published epoch for a moment, and replies of that epoch, so that a bucket is put together
// once an epoch and not once a reader. Of public octets only, and never the truth: the database is.
import type { Reply } from '../cache.ts';
import type { Published } from './published.ts';

/**
 * For so long, in milliseconds, readers are shown an epoch without asking the database whether another instance published one
 * since; what this one publishes is seen at once. Far below the second for which anybody may keep a reply (§6.5).
 */
const FRESH_MILLISECONDS = 50;
/** Octets of replies kept: some 2,500 buckets. */
const MOST_OCTETS = 32 * 1024 * 1024;

/** Has identity over time: one a process and directory. */
export class ReadMemory {
  #published: Published | undefined;
  #until = 0;
  #asking: Promise<Published> | undefined;
  readonly #replies = new Map<string, Promise<Reply>>();
  #octets = 0;

  /** The published epoch, from `ask` where the one that is known is not fresh. */
  async recent(clock: () => number, ask: () => Promise<Published>): Promise<Published> {
    if (this.#published !== undefined && clock() < this.#until) return this.#published;
    if (this.#asking !== undefined) return this.#asking;
    const asking = ask().then((published) => {
      // Forgotten meanwhile: what was asked for then is for those who asked then.
      if (this.#asking === asking) this.learn(published, clock());
      return published;
    });
    this.#asking = asking;
    const done = () => {
      if (this.#asking === asking) this.#asking = undefined;
    };
    asking.then(done, done);
    return asking;
  }

  /** Somebody has read it just now, for whatever reason. Never goes back. */
  learn(published: Published, now: number): void {
    const known = this.#published;
    if (known !== undefined && published.epoch < known.epoch) return;
    if (known?.note !== published.note) {
      this.#replies.clear();
      this.#octets = 0;
    }
    this.#published = published;
    this.#until = now + FRESH_MILLISECONDS;
  }

  /** Something was published: whoever reads from now on asks. */
  forget(): void {
    this.#until = 0;
    this.#asking = undefined;
  }

  /** The reply called `name` at an epoch, made by `make` unless it is there. */
  async reply(published: Published, name: string, make: () => Promise<Reply>): Promise<Reply> {
    if (published.note !== this.#published?.note) return make();
    const kept = this.#replies.get(name);
    if (kept !== undefined) return kept;
    const making = make();
    this.#replies.set(name, making);
    try {
      const { octets } = await making;
      if (this.#replies.get(name) === making) this.#count(octets.length);
    } catch (error) {
      if (this.#replies.get(name) === making) this.#replies.delete(name);
      throw error;
    }
    return making;
  }

  #count(octets: number): void {
    this.#octets += octets;
    // All at once: the next epoch would have done it anyway.
    if (this.#octets <= MOST_OCTETS) return;
    this.#replies.clear();
    this.#octets = 0;
  }
}
