// A Worker that checks bridges and says what it found, in a language: what a resolver on Workers does of §7 and §8.2.
import { createBridgeHealth } from '../../../src/client/bridge-health.ts';
import { createSafeFetch } from '../../../src/evidence/safe-fetch.ts';
import { createFetchTransport } from '../../../src/platform/workers/transport.ts';
import type { Bridge } from '../../../src/protocol/bridge-listing.ts';
import { selectBridge } from '../../../src/protocol/bridge.ts';
import type { Description } from '../../../src/protocol/description.ts';
import { LANGUAGES } from '../../../src/protocol/language/messages.ts';
import { messagesIn } from '../../../src/protocol/language/language.ts';

export default {
  /** `?port=` is where bridges are: `http://<name>.localhost` is `/<name>` there. */
  async fetch(request: Request): Promise<Response> {
    const sandboxPort = Number(new URL(request.url).searchParams.get('port'));
    const transport = createFetchTransport({
      sandboxPort,
      fetch: (input, init) => {
        const to = new URL(input instanceof Request ? input.url : input);
        return fetch(`http://127.0.0.1:${to.port}/${to.hostname.split('.')[0]}`, init);
      },
    });
    const bridges = ['up', 'broken', 'silent'].map((name): Bridge => ({
      from: ['*'],
      protocol: 'x',
      endpoint: `http://${name}.localhost/in`,
      placement: 'server',
      encryption: 're-encrypted',
      health: `http://${name}.localhost/healthz`,
    }));
    const provider: Description = { version: 1, domain: 'bob.localhost', provider: { bridges } };
    const bridgeHealth = createBridgeHealth({
      fetch: createSafeFetch(transport, { sandbox: true }),
      clock: () => Date.now(),
    });
    await bridgeHealth.check([provider]);
    const health = await bridgeHealth.read();
    const ends = { from: 'alice.localhost', route: { provider: 'bob.localhost' }, provider, health };
    return Response.json({
      health: bridges.map((bridge) => health(bridge.health ?? '')),
      taken: selectBridge(ends).connect?.operator,
      texts: LANGUAGES.map((language) => selectBridge({ ...ends, language }).encryption.explanation),
      counts: LANGUAGES.map((language) => [1, 2, 5].map((n) => messagesIn(language).page.checked(1, n))),
    });
  },
};
