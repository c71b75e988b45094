// Log lines as JSON, one a line, by pino. What may stand in them is decided where they are written: fixed words, codes, counts,
// domains, route templates; never an address, an identifier, an element, a token or a URL.
import { destination, pino, stdTimeFunctions } from 'pino';
import type { Log } from '../../server/context.ts';
import type { LogLevel } from '../../server/config.ts';

const STANDARD_ERROR = 2;

/**
 * A log that writes lines of at least `level`. A line is with the system once its call returns: whatever ends the process
 * then, it is not lost. pino can also write in the background; what was written last before an exit then went missing or
 * came out of order (docs/decisions/0014).
 */
export function createLog(level: LogLevel, file: number = STANDARD_ERROR): Log {
  const logger = pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    destination({ fd: file, sync: true }),
  );
  const line =
    (name: keyof Log): Log['info'] =>
    (event, fields) =>
      logger[name]({ event, ...fields });
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
