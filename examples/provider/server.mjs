// MyChat becomes an issuer and a described provider: all that Whereabouts adds to a service with its own login (service.mjs).
// PORT: where it listens; DATA: what it keeps; DOMAIN: its name; BRIDGE: domain of a bridge that somebody runs for it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createIssuer } from 'whereabouts/issuer';
import { serve, sessionOf, users } from './service.mjs';

const { PORT = '9100', DATA = '.', DOMAIN = 'mychat.localhost', SANDBOX_PORT = '8080', BRIDGE } = process.env;

// The signing key of this domain. Whoever has it speaks for you.
const keyFile = `${DATA}/mychat-key.json`;
if (!existsSync(keyFile)) {
  const { privateKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  const { kty, crv, x, d } = await crypto.subtle.exportKey('jwk', privateKey);
  writeFileSync(keyFile, JSON.stringify({ kty, crv, x, d }), { mode: 0o600, flag: 'wx' });
}

// How others reach our users (docs/protocol.md §8.2): here by a bridge for AliceChat, run by somebody else for us.
const features = ['text', 'file'];
const bridge = {
  id: `${BRIDGE}/mychat`,
  from: ['alicechat.localhost'],
  protocol: 'alicechat',
  endpoint: `http://${BRIDGE}:${SANDBOX_PORT}/in`,
  placement: 'server',
  encryption: 're-encrypted',
  networks: [DOMAIN, 'alicechat.localhost'],
  operator: BRIDGE,
  features,
  health: `http://${BRIDGE}:${SANDBOX_PORT}/healthz`,
};

const issuer = await createIssuer({
  domain: DOMAIN,
  url: `http://${DOMAIN}:${SANDBOX_PORT}`, // in production https://…, and no sandboxPort
  name: 'MyChat',
  key: JSON.parse(readFileSync(keyFile, 'utf8')),
  accounts: {
    // Your own login says whose request it is …
    authenticate: async (request) => {
      const name = sessionOf(request.headers);
      return name === undefined ? undefined : { id: name };
    },
    // … and your own records which identifiers are proved to be theirs. Everybody believes this answer.
    owns: async ({ id }, identifier) =>
      users.get(id)?.verified.includes(identifier) ? { address: `@${id}:${DOMAIN}`, amr: ['sms'] } : undefined,
  },
  directories: ['directory.localhost'],
  database: { folder: `${DATA}/mychat-issuer` }, // in production { url: 'postgres://…' }
  description: { provider: { protocols: ['mychat'], features, bridges: BRIDGE ? [bridge] : [] } },
  sandboxPort: Number(SANDBOX_PORT),
});

const isOurs = (url) => url.startsWith('/whereabouts/') || url === '/.well-known/whereabouts';
const server = createServer((request, response) =>
  isOurs(request.url) ? issuer.listener(request, response) : serve(request, response),
);
server.listen(Number(PORT), '127.0.0.1', () => console.log(`MyChat is on http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => server.close(() => issuer.close()));
