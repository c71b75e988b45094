/** At work at once: each is answered by itself, so that its proof shows nobody else's. */
const PARALLEL = 8;

/** One answer per item, in order. */
export async function* answerInOrder<I, A>(
  items: readonly I[],
  answer: (item: I, index: number) => Promise<A>,
): AsyncGenerator<A, void, undefined> {
  const running: Promise<A>[] = [];
  for (const [index, item] of items.entries()) {
    const next = answer(item, index);
    // Whoever stops reading leaves the rest unawaited: their failures are nobody's any more.
    next.catch(() => undefined);
    running.push(next);
    if (running.length < PARALLEL) continue;
    const first = running.shift();
    if (first !== undefined) yield await first;
  }
  for (const next of running) yield await next;
}
