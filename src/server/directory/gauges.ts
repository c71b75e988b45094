// What a directory says of itself to whoever watches it: how far its log is, what waits, when a key ends.
import { parseEpochLeaf } from '../../protocol/log/leaf-text.ts';
import type { DirectoryContext } from '../context.ts';
import { readingOf, type Reading } from '../metrics.ts';
import { countAccounts } from '../store/accounts.ts';
import { findProgress } from '../store/progress.ts';

export async function readGauges(ctx: DirectoryContext): Promise<readonly Reading[]> {
  const progress = await findProgress(ctx.db, ctx.domain);
  const accounts = await countAccounts(ctx.db, ctx.clock());
  const keys = ctx.flight.memory.announced?.keys ?? [];
  return [
    readingOf('waiting_changes', {}, progress?.waiting ?? 0),
    readingOf('published_epochs', {}, progress?.published ?? 0),
    ...(progress?.newest === undefined
      ? []
      : [
          readingOf('records', {}, progress.newest.records),
          readingOf('checkpoint_timestamp_seconds', {}, parseEpochLeaf(progress.newest.leaf).time / 1_000),
        ]),
    ...Array.from(accounts.states, ([state, count]) => readingOf('followed_accounts', { state }, count)),
    readingOf('due_accounts', {}, accounts.due),
    ...keys.flatMap(({ id, until }) =>
      until === undefined ? [] : [readingOf('oprf_key_end_timestamp_seconds', { key: id }, until)],
    ),
  ];
}
