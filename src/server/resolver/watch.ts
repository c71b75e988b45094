// A watched question as a stream of events (§7; WHATWG HTML, "Server-sent events"): `answer`, then a `change` each time. Whoever
// goes away ends it; a comment now and then shows both ends that the line still holds.
import type { WatchEvent } from '../../client/watch.ts';
import { utf8 } from '../../protocol/wire.ts';

/** Milliseconds between two signs of life. */
const BEAT = 15_000;
const BEAT_LINE = utf8(': \n\n');

/** The events as they come, `first` before all others; `end` is called when nobody reads any more. */
export function streamEvents(
  first: WatchEvent,
  rest: AsyncIterator<WatchEvent, void, undefined>,
  end: () => void,
): ReadableStream<Uint8Array> {
  let beat: ReturnType<typeof setInterval> | undefined;
  const stop = (): void => {
    clearInterval(beat);
    end();
  };
  return new ReadableStream({
    start(controller) {
      controller.enqueue(formatEvent(first));
      beat = setInterval(() => {
        // Who does not read gets no heap of comments either.
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(BEAT_LINE);
      }, BEAT);
    },
    async pull(controller) {
      try {
        const { done, value } = await rest.next();
        if (done !== true) return controller.enqueue(formatEvent(value));
      } catch {
        // The status is long sent: a stream that ends is asked for again.
      }
      stop();
      controller.close();
    },
    cancel: stop,
  });
}

function formatEvent({ kind, ...data }: WatchEvent): Uint8Array {
  return utf8(`event: ${kind}\ndata: ${JSON.stringify('changes' in data ? data : data.answer)}\n\n`);
}
