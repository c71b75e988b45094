// The issuer as a provider has it: a library on its own Node server, or mounted into its own Hono app, over real HTTP.
import { createServer } from 'node:http';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIssuer, type Issuer } from '../../../src/issuer.ts';
import { parseDescription } from '../../../src/protocol/description.ts';
import { readAttestation } from '../../../src/protocol/token/attestation.ts';
import { signPossession } from '../../../src/protocol/token/possession.ts';
import { generateTemporaryKey } from '../../../src/protocol/token/temporary-key.ts';
import { utf8 } from '../../../src/protocol/wire.ts';
import { createPostgresDatabase } from '../../support/database.ts';
import { accounts } from './world.ts';
import { createTestDirectory, type TestDirectory } from './test-directory.ts';

let issuer: Issuer;
let directory: TestDirectory;
let drop: () => Promise<void>;
let base: string;
const now = () => Math.floor(Date.now() / 1000);

/** The provider's own server: its pages, and the issuer where its paths begin. The directory lives behind the same port. */
const server = createServer((request, response) => {
  const { host = '', authorization } = request.headers;
  const path = request.url ?? '/';
  if (host.startsWith('directory.localhost')) {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      void directory.answer(new URL(path, 'http://x/'), { authorization }, body).then(async (answer) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
      });
    });
  } else if (/^\/(whereabouts|\.well-known\/whereabouts)/.test(path)) void issuer.listener(request, response);
  else response.end('welcome to BobChat');
});

beforeAll(async () => {
  const database = await createPostgresDatabase();
  drop = () => database.drop();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  base = `http://127.0.0.1:${port}`;
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('not a pair');
  const { x = '', d = '' } = await crypto.subtle.exportKey('jwk', pair.privateKey);
  issuer = await createIssuer({
    domain: 'bobchat.localhost',
    url: `http://bobchat.localhost:${port}`,
    name: 'BobChat',
    key: { kty: 'OKP', crv: 'Ed25519', x, d },
    accounts,
    directories: ['directory.localhost'],
    database: { url: database.url },
    sandboxPort: port,
  });
  const description = parseDescription(
    utf8(await (await fetch(`${base}/.well-known/whereabouts`)).text()),
    'bobchat.localhost',
    { sandbox: true },
  );
  directory = createTestDirectory({
    domain: 'directory.localhost',
    api: `http://directory.localhost:${port}`,
    now,
    keys: () => description.jwks,
  });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise<void>((done) => server.close(() => done()));
  await issuer.close();
  await drop();
});

const post = async (path: string, json: unknown) =>
  fetch(`${base}/whereabouts${path}`, {
    method: 'POST',
    headers: { authorization: 'Bearer bob', 'content-type': 'application/json' },
    body: JSON.stringify(json),
  });

test('nonce, attestation, matching proof, withdrawal, beside the pages that were there before', async () => {
  expect(await (await fetch(base)).text()).toBe('welcome to BobChat');
  const { nonce } = (await (await post('/nonce', {})).json()) as { nonce: string };
  const key = await generateTemporaryKey();
  const possession = await signPossession({ aud: 'bobchat.localhost', iat: now(), exp: now() + 300, nonce }, key);
  const request = { directory: 'directory.localhost', identifier: '+442079460123', possession };
  const issued = await post('/attestations', request);
  expect(issued.status).toBe(201);
  const { attestation } = (await issued.json()) as { attestation: string };
  const { iss, jti, jkt } = readAttestation(attestation);
  expect([iss, jkt]).toEqual(['bobchat.localhost', key.jkt]);
  const place = `${base}/whereabouts/attestations/${jti}`;
  expect(await (await fetch(place)).text()).toBe(attestation);
  const gone = await fetch(place, { method: 'DELETE', headers: { authorization: 'Bearer bob' } });
  expect(await gone.json()).toEqual({ records: 'withdrawn' });
  expect(directory.withdrawals).toHaveLength(1);
  expect((await fetch(place)).status).toBe(410);
});

test('mounted into an app of the provider', async () => {
  const app = new Hono().route('/', issuer.app).get('/', (c) => c.text('pages'));
  const page = await app.request('/');
  expect(await page.text()).toBe('pages');
  expect([...page.headers.keys()]).toEqual(['content-type']);
  expect((await app.request('/.well-known/whereabouts')).status).toBe(200);
  const refused = await app.request('/whereabouts/nonce', { method: 'POST' });
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ code: 'credentials-required' });
});
