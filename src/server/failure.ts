// Failures: the code each is answered with, and what a log line may say of an unforeseen one: kinds and places. Messages of
// drivers and parsers quote what was sent.
import { WhereaboutsError } from '../protocol/errors.ts';
import type { Log } from './context.ts';
import { isDatabaseTrouble, sqlState } from './store/database.ts';

const FRAMES = 3;
/** When to come again to a server that is too busy. */
export const RETRY_SECONDS = 5;

/** Our own errors speak for themselves; a database in trouble is `overloaded`; anything else says nothing (§12). */
export function codedFailure(error: unknown): WhereaboutsError {
  // A peer that cannot be reached fails with the same causes as a database: what has a code of its own keeps it.
  if (error instanceof WhereaboutsError && error.code !== 'internal-error') return error;
  if (isDatabaseTrouble(error))
    return new WhereaboutsError('overloaded', undefined, { cause: error, extensions: { retryAfter: RETRY_SECONDS } });
  return error instanceof WhereaboutsError
    ? error
    : new WhereaboutsError('internal-error', undefined, { cause: error });
}

/** Fields for a log line about `error`: names along the chain of causes, the database's code, where it was thrown. */
export function describeFailure(error: unknown): Record<string, string> {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < 5; at = at.cause) causes.push(at);
  const state = causes.map(sqlState).find((code) => code !== undefined);
  const frames = (causes.at(-1)?.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    error: causes.map(({ name }) => name).join(' < '),
    ...(state === undefined ? {} : { state }),
    at: frames
      .slice(0, FRAMES)
      .map((line) => line.trim())
      .join(' '),
  };
}

/** Work nobody waits for: its failure is one log line. */
export async function logFailure(log: Log, event: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    log.warn(event, describeFailure(error));
  }
}
