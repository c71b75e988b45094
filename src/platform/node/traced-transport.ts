// Spans of what this process asks of others. Apart from outside.ts: the command line asks as well, and has nobody to tell.
import type { Transport } from '../../evidence/safe-fetch.ts';
import { traced } from '../../server/trace.ts';

/** Spans name `known` hosts, which the configuration names, and no others. */
export const tracedTransport =
  (known: ReadonlySet<string>) =>
  (send: Transport): Transport =>
  (request) => {
    const { method, url } = request;
    const host = known.has(url.hostname) ? { 'server.address': url.hostname } : {};
    return traced('fetch', { kind: 'asking', attributes: { 'http.request.method': method, ...host } }, async (span) => {
      const response = await send(request);
      span.note({ 'http.response.status_code': response.status });
      return response;
    });
  };
