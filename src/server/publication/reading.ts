// Which epoch a round of writing reads the database at: the newest when it began, for as long as that is kept. A round that
// takes longer goes on with a newer one, and is then not the last: its files are of several epochs, and another round follows.
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { DirectoryContext } from '../context.ts';
import { readPublished, type Published } from '../directory/published.ts';
import { KEPT_EPOCHS } from '../directory/sequencer/tidy.ts';
import { readHead } from '../store/log.ts';

/** Has identity over a round. */
export class Reading {
  readonly goal: Published;
  readonly #ctx: DirectoryContext;
  #at: Published;

  constructor(ctx: DirectoryContext, goal: Published) {
    this.#ctx = ctx;
    this.goal = goal;
    this.#at = goal;
  }

  /** All that was read is of the epoch the round began with. */
  get isOfGoal(): boolean {
    return this.#at === this.goal;
  }

  /** Buckets are numbered otherwise by now: nothing more is worth reading. */
  get isOver(): boolean {
    return this.#at.era !== this.goal.era;
  }

  /** What `read` makes of an epoch, all of it of that epoch; undefined where the round is over. `read` gives undefined where rows are gone. */
  async read<T>(read: (at: Published) => Promise<T | undefined>): Promise<T | undefined> {
    while (!this.isOver) {
      const at = this.#at;
      const found = await read(at);
      // Looked at last: rows are only removed once the head is so far ahead.
      const { published } = await readHead(this.#ctx.db, this.#ctx.domain);
      if (found !== undefined && at.epoch >= published - KEPT_EPOCHS) return found;
      await this.#moveOn(at);
    }
    return undefined;
  }

  async #moveOn(at: Published): Promise<void> {
    const newest = await readPublished(this.#ctx);
    if (newest.epoch === at.epoch) throw new WhereaboutsError('internal-error', 'a published epoch is not whole');
    if (this.#at === at) this.#at = newest;
  }
}
