// The SDK's door on Node: the same exports, with a transport that connects only to addresses it has checked (§8.1) and knows
// where a sandbox's `*.localhost` is, which Node's own resolver does not.
import { createClient as createAnywhere, type ClientOptions } from './index.ts';
import type { Client } from './client/client.ts';
import { createNodeTransport } from './platform/node/transport.ts';

export * from './index.ts';

export interface NodeClientOptions extends ClientOptions {
  /** Addresses that are not public but may be connected to, as CIDRs. */
  readonly allowAddresses?: readonly string[];
}

/** A client of the directories its policy names. */
export function createClient({ allowAddresses = [], ...options }: NodeClientOptions): Client {
  if (options.transport !== undefined || options.fetch !== undefined) return createAnywhere(options);
  const { sandbox = false } = options;
  const sandboxPort = typeof sandbox === 'object' ? sandbox.port : 8080;
  const transport = createNodeTransport({
    allow: [...allowAddresses],
    ...(sandbox === false ? {} : { sandboxPort }),
  });
  return createAnywhere({ ...options, transport });
}
