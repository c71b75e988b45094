// Questions that come while one is under way are asked together in the next: PostgreSQL, and this process, take much the same time for
// one as for a hundred. Each is answered by a statement that began after it was asked.
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Db } from './database.ts';

/** So many go together at most. */
const MOST = 256;

interface Job<K, V> {
  readonly key: K;
  readonly settle: PromiseWithResolvers<V>;
}

/** `ask` answers questions in their order; what it throws, all of them are told. */
export function together<K, V>(
  ask: (db: Db, keys: readonly K[]) => Promise<readonly V[]>,
): (db: Db, key: K) => Promise<V> {
  // By database: on Workers each request has one of its own, and may not wait for another's.
  const queues = new WeakMap<Db, Job<K, V>[]>();
  const run = async (db: Db, waiting: Job<K, V>[]): Promise<void> => {
    // Those that come in the same breath go together.
    await Promise.resolve();
    while (waiting.length > 0) {
      const jobs = waiting.splice(0, MOST);
      try {
        const answers = await ask(
          db,
          jobs.map(({ key }) => key),
        );
        if (answers.length !== jobs.length) throw new WhereaboutsError('internal-error', 'questions without an answer');
        answers.forEach((answer, i) => jobs[i]?.settle.resolve(answer));
      } catch (error) {
        for (const { settle } of jobs) settle.reject(error);
      }
    }
    queues.delete(db);
  };
  return (db, key) => {
    const settle = Promise.withResolvers<V>();
    const waiting = queues.get(db);
    if (waiting !== undefined) waiting.push({ key, settle });
    else {
      const begun = [{ key, settle }];
      queues.set(db, begun);
      void run(db, begun);
    }
    return settle.promise;
  };
}
