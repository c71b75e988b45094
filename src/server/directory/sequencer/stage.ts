// A stage of an epoch, timed and traced.
import type { DirectoryContext } from '../../context.ts';
import { startWatch } from '../../stopwatch.ts';
import { traced } from '../../trace.ts';

export type Stage = 'make' | 'sign' | 'commit' | 'witness' | 'publish' | 'copy';

export async function stage<T>({ metrics }: DirectoryContext, name: Stage, work: () => Promise<T>): Promise<T> {
  const elapsed = startWatch();
  try {
    return await traced(`epoch ${name}`, {}, work);
  } finally {
    metrics.observe('epoch_stage_duration_seconds', { stage: name }, elapsed());
  }
}
