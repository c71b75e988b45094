// What readers of one process share: the published epoch for a moment, and replies of that epoch, so that a bucket is put together
// once an epoch and not once a reader. Of public octets only, and never the truth: the database is.
import type { Reply } from '../cache.ts';
import { EpochCache } from './epoch-cache.ts';
import type { ProvenBucket, Published } from './published.ts';

/**
 * For so long, in milliseconds, readers are shown an epoch without asking the database whether another instance published one
 * since; what this one publishes is seen at once. Far below the second for which anybody may keep a reply (§6.5).
 */
const FRESH_MILLISECONDS = 50;
/** Octets of replies kept: some 2,500 buckets. */
const MOST_OCTETS = 32 * 1024 * 1024;

/** Has identity over time: one a process and directory. */
export class ReadMemory {
  readonly replies = new EpochCache<Reply>(MOST_OCTETS, ({ octets }) => octets.length);
  /** Buckets with their proofs: what replies are made of, and receipts. */
  readonly buckets = new EpochCache<ProvenBucket | undefined>(MOST_OCTETS / 2, (bucket) =>
    bucket === undefined ? 0 : 2 * bucket.text.length,
  );
  #published: Published | undefined;
  #until = 0;
  #asking: Promise<Published> | undefined;

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
    if (this.#published !== undefined && published.epoch < this.#published.epoch) return;
    this.replies.turnTo(published.note);
    this.buckets.turnTo(published.note);
    this.#published = published;
    this.#until = now + FRESH_MILLISECONDS;
  }

  /** Something was published: whoever reads from now on asks. */
  forget(): void {
    this.#until = 0;
    this.#asking = undefined;
  }
}
