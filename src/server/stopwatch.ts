// How long something takes, in real time and finer than a clock's milliseconds. Says nothing about what time it is.

/** Gives the seconds since it was started, each time it is asked. */
export function startWatch(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1_000;
}
