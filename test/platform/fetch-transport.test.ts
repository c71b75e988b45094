// The transport of Workers and browsers, on Node's own `fetch`: one exchange, nothing followed, the sandbox's port filled in.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSafeFetch } from '../../src/evidence/safe-fetch.ts';
import { createFetchTransport } from '../../src/platform/workers/transport.ts';
import { serveHttp, type Served } from '../support/https.ts';

let served: Served;
beforeAll(async () => {
  served = await serveHttp((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: 'http://127.0.0.1/' }).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(`{"method":"${request.method}"}`);
  });
});
afterAll(() => served.close());

test('a redirect is given back, not followed; a port that is missing is the sandbox’s', async () => {
  const transport = createFetchTransport({ sandboxPort: served.port });
  const signal = AbortSignal.timeout(5_000);
  const moved = await transport({ url: new URL('http://127.0.0.1/moved'), method: 'GET', headers: {}, signal });
  expect([moved.status, moved.headers.get('location')]).toEqual([302, 'http://127.0.0.1/']);
  const put = await transport({ url: new URL('http://127.0.0.1/'), method: 'PUT', headers: {}, body: 'x', signal });
  expect(await put.json()).toEqual({ method: 'PUT' });
});

test('the rules hold in front of it', async () => {
  const fetch = createSafeFetch(createFetchTransport({}), { sandbox: false });
  for (const url of [`http://127.0.0.1:${served.port}/`, `https://127.0.0.1:${served.port}/`, 'http://a.localhost/'])
    await expect(fetch(url, { describedPort: true })).rejects.toMatchObject({ code: 'url-refused' });
});
