// A watched question as events (§7): `answer`, then a `change` each time.
import type { WatchEvent } from '../../client/watch.ts';
import type { ServerEvent } from '../event-stream.ts';

/** Each event of a watched question as it is sent. */
export async function* tellEvents(
  events: AsyncIterable<WatchEvent, void, undefined>,
): AsyncGenerator<ServerEvent, void, undefined> {
  for await (const { kind, ...data } of events)
    yield { event: kind, data: JSON.stringify('changes' in data ? data : data.answer) };
}
