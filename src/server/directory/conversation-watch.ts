// The plans of a conversation as they are made (§11.11): read every moment, since any instance may have made them. A stream ends after a
// while, so that whoever reads shows again who he is, and at once for who may not see it any more.
import { pause } from '../../client/pause.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { DirectoryContext } from '../context.ts';
import type { ServerEvent } from '../event-stream.ts';
import { readConversation } from './conversation-look.ts';
import { formatRow } from './conversation-row.ts';
import { nowSeconds } from './times.ts';

const APART_MILLISECONDS = 1_000;

let streams = 0;

/** The plan there is, then each new one, until `signal` is aborted; throws `overloaded` before anything is told. */
export async function* watchConversation(
  ctx: DirectoryContext,
  id: Uint8Array,
  domain: string,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent, void, undefined> {
  if (streams >= LIMITS.conversationStreams)
    throw new WhereaboutsError('overloaded', undefined, { extensions: { retryAfter: 60 } });
  streams++;
  try {
    const end = nowSeconds(ctx) + LIMITS.conversationStreamSeconds;
    for (let told = 0; !signal.aborted && nowSeconds(ctx) < end; await pause(APART_MILLISECONDS, signal)) {
      const row = await readConversation(ctx, id, domain);
      if (row.epoch === told) continue;
      told = row.epoch;
      yield { event: 'plan', data: formatRow(row) };
    }
  } finally {
    streams--;
  }
}
