// A gatekeeper in plain HTTP, without the SDK: its user types a number or an e-mail address, the gatekeeper asks its own resolver,
// shows the ways there are and what each means for privacy, and sends the message the way the user chose. Nothing is kept.
// PORT: where it listens; RESOLVER: the resolver's URL; TOKEN: its bearer token (outside the sandbox).
import { createServer, request as httpRequest } from 'node:http';
import { lookup } from 'node:dns';

const { PORT = '9102', RESOLVER = 'http://alicechat.localhost:8080/v1/where', TOKEN } = process.env;
const OWN = process.env.DOMAIN ?? 'alicechat.localhost';

/** POST of JSON; names of the sandbox are this machine, which Node's own resolver does not know. */
function post(url, json, headers = {}) {
  const find = (name, options, done) => lookup(name.endsWith('.localhost') ? '127.0.0.1' : name, options, done);
  return new Promise((resolve, reject) => {
    const asked = httpRequest(
      url,
      { method: 'POST', lookup: find, headers: { 'content-type': 'application/json', ...headers }, timeout: 10_000 },
      async (response) => {
        let text = '';
        for await (const part of response) text += part;
        resolve({ status: response.statusCode, json: JSON.parse(text || '{}') });
      },
    );
    asked
      .on('timeout', () => asked.destroy(new Error('too slow')))
      .on('error', reject)
      .end(JSON.stringify(json));
  });
}

/** The ways to reach somebody, best first, each with what the user should know before choosing it. */
async function find(id) {
  const authorization = TOKEN === undefined ? {} : { authorization: `Bearer ${TOKEN}` };
  const { status, json } = await post(RESOLVER, { id, from: OWN }, authorization);
  if (status === 400) return { error: 'This is no phone number or e-mail address.' };
  if (status !== 200) return { error: 'We cannot look this up now.' };
  const ways = json.routes.map(({ provider, address, assurance, connect, encryption, auto }) => ({
    provider: provider.name ?? provider.domain,
    address,
    verified: assurance === 'confirmed',
    endpoint: connect?.endpoint ?? null, // null: known to be there, but no bridge leads to them yet
    warning: encryption.warning,
    readers: encryption.readers,
    ask: !auto, // the person wants to be asked before messages are routed by themselves
  }));
  // Never «not found» when it only could not be checked: the user would try something less safe.
  return { outcome: json.outcome, ways, instead: json.alternatives.map(({ name, domain }) => name ?? domain) };
}

const pages = {
  '/find': ({ id }) => find(String(id)),
  '/send': async ({ endpoint, to, text }) => {
    const { status } = await post(String(endpoint), { to, from: `@alice:${OWN}`, text, id: crypto.randomUUID() });
    return { sent: status === 202 };
  },
};

const server = createServer(async (request, response) => {
  let text = '';
  for await (const part of request) if ((text += part).length > 65_536) return request.destroy();
  const page = request.method === 'POST' ? pages[request.url] : undefined;
  const answer = await Promise.try(() => page?.(JSON.parse(text))).catch(() => ({ error: 'That did not work.' }));
  response.writeHead(answer === undefined ? 404 : 200, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
  });
  response.end(JSON.stringify(answer ?? {}));
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`gatekeeper on http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => server.close());
