// What a log line may say of an unforeseen failure: kinds and places. Messages of drivers and parsers quote what was sent.
import type { Log } from './context.ts';
import { sqlState } from './store/database.ts';

const FRAMES = 3;

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
