// A worker that fetches what it is told to, by the rules of §8.1 over workerd's own fetch: for test/evidence/hostile-workerd.test.ts.
import { createDescriptions } from '../../src/client/descriptions.ts';
import { createSafeFetch } from '../../src/evidence/safe-fetch.ts';
import { createFetchTransport } from '../../src/platform/workers/transport.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';

/** Either a URL, as a description names it, or a domain whose description is wanted. */
export type Order = { readonly url: string; readonly timeoutMs: number } | { readonly domain: string };

export default {
  async fetch(request: Request): Promise<Response> {
    const order = (await request.json()) as Order;
    const fetch = createSafeFetch(createFetchTransport({}), { sandbox: false });
    try {
      if ('domain' in order) await createDescriptions({ fetch, clock: Date.now, sandbox: false }).fetch(order.domain);
      else await fetch(order.url, { describedPort: true, timeoutMs: order.timeoutMs });
      return Response.json({ code: 'no failure' });
    } catch (error) {
      return Response.json({ code: error instanceof WhereaboutsError ? error.code : String(error) });
    }
  },
};
