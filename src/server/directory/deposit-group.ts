// Deposits that come while a transaction is under way share the next one: what is asked of the database costs much the same for
// one as for a hundred. Each is decided by itself, in the order they came, and one that is refused takes no other with it.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { formatHex } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { isDatabaseTrouble } from '../store/database.ts';
import { applyDeposits } from './deposit-apply.ts';
import type { Deposit } from './deposit-decision.ts';

/** A deposit whose every signature holds, with its octets. */
export interface Accepted {
  readonly deposit: Deposit;
  readonly sealed: Uint8Array;
}

export interface Applied {
  readonly outcome: 'created' | 'replaced' | 'unchanged';
  /** Number of the change that waits for its epoch; undefined where nothing changed. */
  readonly change: number | undefined;
}

/** So many share a transaction at most: it holds a lock for each name and each attestation. */
const MOST = 128;
/** So many are read at once: the database's answers to those before them wait behind each of them. */
const READ_AT_ONCE = 16;
/** So many wait for that at most: who came behind them would have waited longer than anybody waits for an answer. */
const MOST_UNREAD = 4_000;
const RETRY_SECONDS = 5;

interface Job {
  readonly accepted: Accepted;
  readonly name: string;
  readonly settle: (result: Applied | WhereaboutsError) => void;
  readonly fail: (error: unknown) => void;
}

/** Has identity over time: one a process and directory; on Workers one a request, where each goes alone. */
export class DepositGroup {
  #waiting: Job[] = [];
  #isBusy = false;
  #reading = 0;
  readonly #unread: (() => void)[] = [];

  /**
   * Does `read` in its turn: the first of a thousand that come at once are committed before the last is looked at. `overloaded`
   * where too many wait.
   */
  async inTurn<T>(read: () => Promise<T>): Promise<T> {
    if (this.#unread.length >= MOST_UNREAD)
      throw new WhereaboutsError('overloaded', 'too many deposits wait', { extensions: { retryAfter: RETRY_SECONDS } });
    if (this.#reading < READ_AT_ONCE) this.#reading += 1;
    else await new Promise<void>((resolve) => this.#unread.push(resolve));
    try {
      return await read();
    } finally {
      const next = this.#unread.shift();
      if (next === undefined) this.#reading -= 1;
      else next();
    }
  }

  /** Resolves once it is committed; throws what `decideDeposit` throws, or the database. */
  apply(ctx: DirectoryContext, accepted: Accepted): Promise<Applied> {
    return new Promise((resolve, fail) => {
      const settle = (result: Applied | WhereaboutsError) =>
        result instanceof WhereaboutsError ? fail(result) : resolve(result);
      this.#waiting.push({ accepted, name: formatHex(accepted.deposit.name), settle, fail });
      if (!this.#isBusy) void this.#run(ctx);
    });
  }

  async #run(ctx: DirectoryContext): Promise<void> {
    this.#isBusy = true;
    // Those that come in the same breath go together.
    await Promise.resolve();
    for (let jobs = this.#take(); jobs.length > 0; jobs = this.#take()) await settleAll(ctx, jobs);
    this.#isBusy = false;
  }

  /** The next ones in order; of two under one name the second waits for the outcome of the first. */
  #take(): Job[] {
    const names = new Set<string>();
    const taken: Job[] = [];
    const left: Job[] = [];
    for (const job of this.#waiting) {
      if (taken.length < MOST && !names.has(job.name)) taken.push(job);
      else left.push(job);
      names.add(job.name);
    }
    this.#waiting = left;
    return taken;
  }
}

async function settleAll(ctx: DirectoryContext, jobs: readonly Job[]): Promise<void> {
  try {
    const results = await applyDeposits(
      ctx,
      jobs.map(({ accepted }) => accepted),
    );
    for (const [i, job] of jobs.entries()) {
      const result = results[i];
      if (result === undefined) throw new WhereaboutsError('internal-error', 'a deposit without an outcome');
      job.settle(result);
    }
  } catch (error) {
    // A fault of ours over one of them is nobody else's: each is tried by itself.
    if (jobs.length > 1 && !isDatabaseTrouble(error)) for (const job of jobs) await settleAll(ctx, [job]);
    else for (const { fail } of jobs) fail(error);
  }
}
