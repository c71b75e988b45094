// A process that serves: work nobody waits for, what is done every so often, and ending in order on a signal.
import type { Log } from '../../server/context.ts';
import { systemClock } from './clock.ts';

export interface Running {
  /** Work a reply need not wait for; the process ends only after it. */
  readonly later: (work: Promise<void>) => void;
  /** Does `work` at the start and then every `milliseconds`; a failure is a log line. On `signal` it leaves the rest. */
  every(milliseconds: number, event: string, work: (signal: AbortSignal) => Promise<unknown>): void;
  /** Everything listens: what is done every so often begins. */
  start(): void;
  /** Closed on a signal, the last opened first. */
  onClose(close: () => Promise<void> | void): void;
  close(): Promise<void>;
}

/** A failure nobody waits for is one log line: its kind, never its message, which may quote what was sent. */
const logFailure = (log: Log, event: string, work: Promise<unknown>): Promise<void> =>
  work.then(
    () => undefined,
    (error: unknown) => log.warn(event, { error: error instanceof Error ? error.name : 'unknown' }),
  );

export function createRunning(log: Log): Running {
  const pending = new Set<Promise<void>>();
  const closers: (() => Promise<void> | void)[] = [];
  const starters: (() => void)[] = [];
  const ending = new AbortController();
  let closing: Promise<void> | undefined;
  const later = (work: Promise<void>) => {
    const done = logFailure(log, 'later-failed', work).finally(() => pending.delete(done));
    pending.add(done);
  };
  const closeAll = async () => {
    ending.abort();
    for (const close of closers.toReversed()) {
      await close();
      await Promise.allSettled(pending);
    }
  };
  return {
    later,
    every: (milliseconds, event, work) => {
      const once = () => later(logFailure(log, event, work(ending.signal)));
      starters.push(() => {
        once();
        const timer = setInterval(once, milliseconds).unref();
        closers.push(() => clearInterval(timer));
      });
    },
    start: () => starters.splice(0).forEach((begin) => begin()),
    onClose: (close) => void closers.push(close),
    // Sockets go first and the database last: whatever was answered is done by then.
    close: () => (closing ??= closeAll()),
  };
}

/** Ends `running` on SIGINT or SIGTERM (a second one does not wait), and on a fault of our own, whose message stays here. */
export function closeOnSignal(running: Running, log: Log): void {
  let askedAt: number | undefined;
  const fault = (error: unknown) => {
    const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
    const at = frames.slice(0, 3).join(' ').replaceAll(/\s+/g, ' ').trim();
    log.error('fault', { error: error instanceof Error ? error.name : 'unknown', at });
    process.exit(70);
  };
  process.on('uncaughtException', fault).on('unhandledRejection', fault);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // Ctrl-C reaches the whole group, and a launcher or npm passes it on once more: that is one wish, not two.
      if (askedAt !== undefined && systemClock() - askedAt > 1_000) process.exit(1);
      if (askedAt !== undefined) return;
      askedAt = systemClock();
      log.info('closing', { signal });
      running.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
}
