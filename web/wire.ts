// What leaves this browser while something is looked up: every request as it is sent, so that it can be shown. Changes none.

/** One request, and what came back once it has. */
export interface Sent {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** The body as it was sent. */
  readonly body?: string;
  status?: number;
  /** Octets of the reply. */
  received?: number;
}

export interface Wire {
  readonly fetch: typeof globalThis.fetch;
  /** Tells of every request from now on, twice: when it is sent and when it is answered. Gives what ends that. */
  listen(onSent: (sent: Sent) => void): () => void;
}

export function createWire(): Wire {
  const listeners = new Set<(sent: Sent) => void>();
  const tell = (sent: Sent) => {
    for (const listener of listeners) listener(sent);
  };
  return {
    fetch: async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const { method = 'GET', body } = init ?? {};
      const sent: Sent = {
        method,
        host: url.hostname,
        path: url.pathname + url.search,
        ...(typeof body === 'string' ? { body } : {}),
      };
      tell(sent);
      const response = await globalThis.fetch(input, init);
      sent.status = response.status;
      if (response.type === 'opaqueredirect' || listeners.size === 0) return response;
      // A copy is counted; the SDK reads its own, and decides itself how much of it.
      void response
        .clone()
        .arrayBuffer()
        .then(({ byteLength }) => {
          sent.received = byteLength;
          tell(sent);
        })
        .catch(() => undefined);
      return response;
    },
    listen: (onSent) => {
      listeners.add(onSent);
      return () => listeners.delete(onSent);
    },
  };
}
