// Keeps auditors up with their logs on a schedule, so that a directory that asks finds them one epoch behind at most.
import type { Auditor } from '../../client/auditor.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Log } from '../context.ts';
import { describeFailure } from '../failure.ts';

/** Replays every log up to its newest checkpoint; what fails is a log line, and tried again the next time. */
export async function followLogs(auditors: ReadonlyMap<string, Auditor>, log: Log, signal: AbortSignal): Promise<void> {
  const followOne = async ([origin, auditor]: readonly [string, Auditor]): Promise<void> => {
    try {
      const { size } = await auditor.follow(signal);
      log.debug('log-audited', { origin, size });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof WhereaboutsError)) {
        log.error('audit-failed', { origin, ...describeFailure(error) });
        return;
      }
      const { epoch } = error.extensions;
      log.error('audit-failed', { origin, code: error.code, ...(typeof epoch === 'number' ? { epoch } : {}) });
    }
  };
  await Promise.all([...auditors].map(followOne));
}
