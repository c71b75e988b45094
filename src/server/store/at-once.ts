// Statements that do not wait for one another, said to one transaction in one breath: a round trip costs more than most of them.

/**
 * Gives what each of `works` gives, once all of them have ended; throws what the first to fail threw. Nothing is under way any more when
 * it throws: what is still to be said would otherwise reach the database after the rollback, outside of every transaction.
 */
export async function atOnce<T extends readonly unknown[]>(
  ...works: { readonly [K in keyof T]: PromiseLike<T[K]> }
): Promise<T> {
  // A query begins when it is waited for, and each time anew.
  const begun = works.map((work) => Promise.resolve(work));
  const all = Promise.all(begun);
  await Promise.allSettled([all, ...begun]);
  return (await all) as unknown as T;
}
