// A gatekeeper's resolver that asks directories in processes of their own about numbers nobody has, as it would outside, but for TLS: they
// listen in clear, as behind a proxy.
import { createClient } from '../src/client/client.ts';
import { parsePolicy } from '../src/client/policy.ts';
import { systemClock, systemRandom } from '../src/platform/node/clock.ts';
import { createNodeTransport } from '../src/platform/node/transport.ts';
import { openGroup } from '../src/platform/sodium.ts';
import type { Party } from '../test/support/parties.ts';

export interface Asker {
  /** Looks up `count` numbers that were not asked for before, one at a time, with all of §6.6 verified; milliseconds of each. */
  ask(count: number): Promise<number[]>;
}

/** `directories`: ports by domain. */
export async function createAsker(party: Party, directories: ReadonlyMap<string, number>): Promise<Asker> {
  const group = await openGroup(() => undefined);
  const transports = new Map(
    [...directories].map(([domain, port]) => [domain, createNodeTransport({ sandboxPort: port })]),
  );
  const client = createClient({
    transport: (request) => {
      const { hostname, pathname, search } = request.url;
      const url = new URL(`http://directory.localhost${pathname}${search}`);
      return transports.get(hostname)?.({ ...request, url }) ?? Promise.resolve(new Response(null, { status: 404 }));
    },
    clock: systemClock,
    random: systemRandom,
    group: () => group,
    sandbox: false,
    policy: parsePolicy(JSON.stringify({ domain: party.domain, directories: [...directories.keys()] })),
    credentials: { domain: party.domain, key: party.key },
  });
  await client.start();
  let next = 0;
  return {
    ask: async (count) => {
      const times: number[] = [];
      for (let i = 0; i < count; i++) {
        const at = performance.now();
        const { outcome } = await client.where(`+4420794${String(next++).padStart(5, '0')}`);
        if (outcome !== 'absent') throw new Error(outcome);
        times.push(performance.now() - at);
      }
      return times;
    },
  };
}
