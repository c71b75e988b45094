// How this process reaches others: a transport with its address rules, for production or for the sandbox, never for both.
import { createSafeFetch, type SafeFetch, type Transport } from '../../evidence/safe-fetch.ts';
import { traced } from '../../server/trace.ts';
import { createNodeTransport } from './transport.ts';

export interface Outside {
  readonly transport: Transport;
  /** The same, within the rules of §8.1. */
  readonly fetch: SafeFetch;
  readonly sandbox: boolean;
}

/** For production: https to public addresses, and to those the operator allows. Spans name `known` hosts, and no others. */
export function openOutside(
  network: { readonly allowAddresses?: readonly string[] | undefined; readonly dns?: string | undefined },
  known: ReadonlySet<string> = new Set(),
): Outside {
  const { allowAddresses = [], dns } = network;
  const send = createNodeTransport({ allow: allowAddresses, ...(dns === undefined ? {} : { dns }) });
  const transport = tracedTransport(send, known);
  return { transport, fetch: createSafeFetch(transport, { sandbox: false }), sandbox: false };
}

/** For the sandbox: `*.localhost` on this machine's `port`, and nothing else. `headers` go with every request. */
export function openSandboxOutside(port: number, headers: Readonly<Record<string, string>> = {}): Outside {
  const send = createNodeTransport({ sandboxPort: port });
  const transport: Transport = (request) => send({ ...request, headers: { ...request.headers, ...headers } });
  return { transport, fetch: createSafeFetch(transport, { sandbox: true }), sandbox: true };
}

function tracedTransport(send: Transport, known: ReadonlySet<string>): Transport {
  return (request) => {
    const { method, url } = request;
    const host = known.has(url.hostname) ? { 'server.address': url.hostname } : {};
    return traced('fetch', { kind: 'asking', attributes: { 'http.request.method': method, ...host } }, async (span) => {
      const response = await send(request);
      span.note({ 'http.response.status_code': response.status });
      return response;
    });
  };
}
