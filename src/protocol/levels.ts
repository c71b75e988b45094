// How private a way is, and what the one who is about to write is to make of it (§7): two short scales that everything else ranks
// and speaks by. How a way comes to its place on them is encryption.ts.

/** Best first. */
export const LEVELS = [
  'end-to-end',
  're-encrypted-on-recipients-device',
  're-encrypted-by-bridge',
  'not-end-to-end',
] as const;

export type Level = (typeof LEVELS)[number];

/**
 * `private`: only the two people can read. `unconfirmed`: nobody between them opens it, but a network does not say that it
 * encrypts from end to end. `readable`: somebody else could read. `unreachable`: there is no way.
 */
export type Verdict = 'private' | 'unconfirmed' | 'readable' | 'unreachable';
