// Log lines as JSON, one a line. What may stand in them is decided where they are written: fixed words, codes, counts, domains,
// route templates; never an address, an identifier, an element, a token or a URL.
import type { Log } from '../../server/context.ts';
import type { LogLevel } from '../../server/config.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** A log that writes lines of at least `level` with `write`. */
export function createLog(options: {
  readonly level: LogLevel;
  readonly clock: () => number;
  readonly write: (line: string) => void;
}): Log {
  const least = options.level === 'silent' ? LEVELS.length : LEVELS.indexOf(options.level);
  const line = (level: (typeof LEVELS)[number], index: number): Log['info'] =>
    index < least
      ? () => undefined
      : (event, fields = {}) =>
          options.write(
            `${JSON.stringify({ time: new Date(options.clock()).toISOString(), level, event, ...fields })}\n`,
          );
  return { debug: line('debug', 0), info: line('info', 1), warn: line('warn', 2), error: line('error', 3) };
}
