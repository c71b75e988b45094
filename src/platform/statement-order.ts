// In which order, and how, the statements of one transaction go to PostgreSQL through postgres.js.

/**
 * Statements that go to the server whole follow one another at once. One that postgres.js sends in two halves, because it has not
 * prepared it on this connection, goes alone: a process that stops between the halves is not idle for the server, which would
 * let it keep its locks.
 */
export function createOrder() {
  const underWay = new Set<Promise<unknown>>();
  let alone: Promise<unknown> = Promise.resolve();
  return {
    /** Begins `work` in its turn; never in the breath in which it is said. */
    take: <T>(isWhole: boolean, work: () => Promise<T>): Promise<T> => {
      const done = (isWhole ? alone : Promise.allSettled(underWay)).then(work);
      const ended = done.then(
        () => void underWay.delete(ended),
        () => void underWay.delete(ended),
      );
      underWay.add(ended);
      if (!isWhole) alone = ended;
      return done;
    },
  };
}

/** Statements that are known by their text at most, on a connection as well. */
const MOST_FAMILIAR = 512;

/**
 * Whether a text was said before. One that is not prepared makes postgres.js ask for the types of its parameters first and
 * say nothing else meanwhile; for one that is said once, preparing is in vain.
 */
export function createFamiliar(): (text: string) => boolean {
  const known = new Set<string>();
  return (text) => {
    if (known.has(text)) return true;
    if (known.size < MOST_FAMILIAR) known.add(text);
    return false;
  };
}
