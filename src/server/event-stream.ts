// A stream of events (WHATWG HTML, "Server-sent events"). Whoever goes away ends it; a comment now and then shows both ends that the
// line still holds. Knows nothing of what is told.
import { utf8 } from '../protocol/wire.ts';

/** Milliseconds between two signs of life. */
const BEAT = 15_000;
const BEAT_LINE = utf8(': \n\n');

/** `data` is one line of JSON. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** The events as they come, `first` before all others; `end` is called when nobody reads any more. */
export function streamEvents(
  first: ServerEvent,
  rest: AsyncIterator<ServerEvent, void, undefined>,
  end: () => void,
): ReadableStream<Uint8Array> {
  let beat: ReturnType<typeof setInterval> | undefined;
  const stop = (): void => {
    clearInterval(beat);
    end();
    // One that waits at an event has to be told too. How it ends is nobody's business any more.
    rest.return?.().catch(() => undefined);
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

const formatEvent = ({ event, data }: ServerEvent): Uint8Array => utf8(`event: ${event}\ndata: ${data}\n\n`);
