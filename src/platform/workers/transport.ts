// The transport of runtimes that have only `fetch`: Workers and browsers. They resolve names themselves and show no
// address, so what §8.1 asks of addresses is left to the platform: on Workers `global_fetch_strictly_public` is on.
import type { Transport } from '../../evidence/safe-fetch.ts';

export interface FetchTransportOptions {
  /** The platform's own unless given. */
  readonly fetch?: typeof globalThis.fetch;
  /** Sandbox: `http://x.localhost` without a port means this one; the runtime takes the name to loopback. */
  readonly sandboxPort?: number;
}

export function createFetchTransport({ fetch: get = globalThis.fetch, sandboxPort }: FetchTransportOptions): Transport {
  // workerd has neither cookies nor referrers, and throws when told to send none.
  const quiet: RequestInit =
    'credentials' in Request.prototype ? { credentials: 'omit', referrerPolicy: 'no-referrer' } : {};
  return ({ url, method, headers, body, signal }) => {
    const to = new URL(url);
    // A sandbox's domains carry no port. Nothing else is ever http: see evidence/safe-fetch.ts.
    if (sandboxPort !== undefined && to.protocol === 'http:' && to.port === '') to.port = String(sandboxPort);
    const sent = body === undefined ? {} : { body };
    return get(to, { ...quiet, ...sent, method, headers: { ...headers }, redirect: 'manual', signal });
  };
}
