// Many writes side by side: a store answers each in its own time, and takes many at once.

const PARALLEL = 8;

/** Does `work` for every item, some at a time; the first failure ends it, once what was begun is over. */
export async function inParallel<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); !failed && next.done !== true; next = queue.next())
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
  };
  const done = await Promise.allSettled(Array.from({ length: PARALLEL }, worker));
  for (const result of done) if (result.status === 'rejected') throw result.reason;
}
