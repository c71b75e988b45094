// How this process reaches others: a transport with its address rules, for production or for the sandbox, never for both.
import { createSafeFetch, type SafeFetch, type Transport } from '../../evidence/safe-fetch.ts';
import { createNodeTransport } from './transport.ts';

export interface Outside {
  readonly transport: Transport;
  /** The same, within the rules of §8.1. */
  readonly fetch: SafeFetch;
  readonly sandbox: boolean;
}

/** For production: https to public addresses, and to those the operator allows. `watch` sees each exchange. */
export function openOutside(
  network: { readonly allowAddresses?: readonly string[] | undefined; readonly dns?: string | undefined },
  watch: (send: Transport) => Transport = (send) => send,
): Outside {
  const { allowAddresses = [], dns } = network;
  const transport = watch(createNodeTransport({ allow: allowAddresses, ...(dns === undefined ? {} : { dns }) }));
  return { transport, fetch: createSafeFetch(transport, { sandbox: false }), sandbox: false };
}

/** For the sandbox: `*.localhost` on this machine's `port`, and nothing else. `headers` go with every request. */
export function openSandboxOutside(port: number, headers: Readonly<Record<string, string>> = {}): Outside {
  const send = createNodeTransport({ sandboxPort: port });
  const transport: Transport = (request) => send({ ...request, headers: { ...request.headers, ...headers } });
  return { transport, fetch: createSafeFetch(transport, { sandbox: true }), sandbox: true };
}
