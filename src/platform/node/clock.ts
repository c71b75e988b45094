// The two things the rest of the program may not take for itself: the time and randomness.
import { randomBytes } from 'node:crypto';

/** Milliseconds since 1970. */
export const systemClock = (): number => Date.now();

/** Octets of the operating system's generator. */
export const systemRandom = (octets: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(octets));
