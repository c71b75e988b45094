// A bridge between AliceChat and MyChat that anybody may run: it describes itself, answers health checks, takes messages from
// AliceChat for people of MyChat, and asks a resolver where a MyChat user's friend is for the way back. No SDK.
// PORT: where it listens; DOMAIN: its name; NETWORK: MyChat's API; RESOLVER and TOKEN as in examples/gatekeeper.
import { lookup } from 'node:dns';
import { createServer, request as httpRequest } from 'node:http';

const { PORT = '9101', DOMAIN = 'mybridge.localhost', NETWORK = 'http://127.0.0.1:9100/deliver' } = process.env;
const { RESOLVER = 'http://alicechat.localhost:8080/v1/where', TOKEN, SANDBOX_PORT = '8080' } = process.env;
const HOME = 'mychat.localhost';

// May as well be a static file. The same id stands in MyChat's own description: so both say that this bridge is theirs.
const description = {
  version: 1,
  domain: DOMAIN,
  name: 'MyBridge',
  provider: {
    bridges: [
      {
        id: `${DOMAIN}/mychat`,
        from: ['alicechat.localhost'],
        protocol: 'alicechat',
        endpoint: `http://${DOMAIN}:${SANDBOX_PORT}/in`,
        placement: 'server',
        encryption: 're-encrypted',
        networks: [HOME, 'alicechat.localhost'],
        operator: DOMAIN,
        features: ['text', 'file'],
        health: `http://${DOMAIN}:${SANDBOX_PORT}/healthz`,
      },
    ],
  },
};

function post(url, json, headers = {}) {
  const find = (name, options, done) => lookup(name.endsWith('.localhost') ? '127.0.0.1' : name, options, done);
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', lookup: find, timeout: 10_000 };
    const asked = httpRequest(
      url,
      { ...options, headers: { 'content-type': 'application/json', ...headers } },
      async (r) => {
        let text = '';
        for await (const part of r) text += part;
        resolve({ status: r.statusCode, json: JSON.parse(text || '{}') });
      },
    );
    asked
      .on('timeout', () => asked.destroy(new Error('too slow')))
      .on('error', reject)
      .end(JSON.stringify(json));
  });
}

// Messages seen: one that comes round again is dropped. Bounded; a Map keeps its order.
const seen = new Map();
const isNew = (id) => {
  if (typeof id !== 'string' || id.length > 128 || seen.has(id)) return false;
  if (seen.size >= 10_000) seen.delete(seen.keys().next().value);
  return seen.set(id, true);
};

const pages = {
  'GET /.well-known/whereabouts': () => [200, description],
  'GET /healthz': () => [200, { ok: true }],
  // From AliceChat: the sender is shown in MyChat as a ghost of this bridge, never as a user of MyChat.
  'POST /in': async ({ to, from, text, id }) => {
    if (!isNew(id)) return [202, { duplicate: true }];
    const { status } = await post(NETWORK, { to, from: `${from} (through ${DOMAIN}, re-encrypted)`, text });
    return [status === 202 ? 202 : 502, {}];
  },
  // From MyChat: where is the friend? The first way with an endpoint is the best one; its warning goes to the sender.
  'POST /out': async ({ to, from, text }) => {
    const bearer = TOKEN === undefined ? {} : { authorization: `Bearer ${TOKEN}` };
    const { json } = await post(RESOLVER, { id: to, from: HOME }, bearer);
    const way = json.routes?.find(({ connect }) => connect?.endpoint);
    if (!way) return [404, { outcome: json.outcome ?? 'unknown' }];
    const { endpoint } = way.connect;
    const { status } = await post(endpoint, { to: way.address, from, text, id: crypto.randomUUID() });
    return [status === 202 ? 202 : 502, { by: way.connect.operator, warning: way.encryption.warning }];
  },
};

const server = createServer(async (request, response) => {
  let text = '';
  for await (const part of request) if ((text += part).length > 65_536) return request.destroy();
  const page = pages[`${request.method} ${request.url}`];
  const answered = Promise.try(() => page?.(JSON.parse(text || '{}')) ?? [404, {}]).catch(() => [400, {}]);
  const [status, json] = await answered;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`bridge on http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => server.close());
