// Loading the program leaves some 150 MB of garbage, which the heap would keep room for as long as the process lives. Given back
// once, a moment after everything listens: who waits for the first answer does not wait for this.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MOMENT_MILLISECONDS = 1_500;

/** Collects all garbage in a moment, unless the process has ended by then. Does nothing where the runtime has no such function. */
export function releaseMemory(): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('globalThis.gc');
    setFlagsFromString('--no-expose-gc');
    if (typeof collect === 'function') collect({ type: 'major', flavor: 'last-resort' });
  }, MOMENT_MILLISECONDS).unref();
}
