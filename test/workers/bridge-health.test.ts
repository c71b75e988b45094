// Checks of bridges and the texts about them in workerd: the same as on Node, plural forms and lists of every language included.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestHarness } from 'wrangler';
import { LANGUAGES } from '../../src/protocol/language/messages.ts';
import { messagesIn } from '../../src/protocol/language/language.ts';
import { serveHttp, type Served } from '../support/https.ts';

let bridges: Served;
let url: URL;
let close: () => Promise<unknown>;

beforeAll(async () => {
  bridges = await serveHttp((request, response) => {
    if (request.url === '/up') response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    if (request.url === '/broken') response.writeHead(503).end();
  });
  const server = createTestHarness({
    workers: [{ configPath: fileURLToPath(new URL('./health/wrangler.toml', import.meta.url)) }],
  });
  ({ url } = await server.listen());
  close = () => server.close();
}, 90_000);
afterAll(async () => {
  await close();
  await bridges.close();
});

test('bridges are checked, the one that answers is taken, and every language speaks', async () => {
  const response = await fetch(new URL(`/?port=${bridges.port}`, url));
  const names = { host: 'up.localhost', operator: 'up.localhost', isSaid: false };
  expect(await response.json()).toEqual({
    health: ['up', 'down', 'down'],
    taken: 'up.localhost',
    texts: LANGUAGES.map((language) => messagesIn(language).explanation.byBridges([names], ['up.localhost'])),
    counts: LANGUAGES.map((language) => [1, 2, 5].map((n) => messagesIn(language).page.checked(1, n))),
  });
}, 30_000);
