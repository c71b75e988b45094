// The production bundle in workerd, on the tests' PostgreSQL through Hyperdrive: evaluate, deposit, bucket, withdraw, as on Node.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { bucketNumber, parseIndex } from '../../src/protocol/bucket.ts';
import { parseConfigText } from '../../src/protocol/config-text.ts';
import { blind, finalize } from '../../src/protocol/oprf.ts';
import { signWithdrawal } from '../../src/protocol/token/withdrawal.ts';
import { formatB64u, formatHex, parseB64u, utf8 } from '../../src/protocol/wire.ts';
import { createDepositor, createParty, clientToken, DOMAIN, makeDeposit } from '../support/directory.ts';
import { seconds } from '../support/served-directory.ts';
import { serveWorker } from './served.ts';

const random = (octets: number): Uint8Array => new Uint8Array(randomBytes(octets));
const party = await createParty('bob.example');

let url: URL;
let close: () => Promise<unknown>;
let logs: () => string;

beforeAll(async () => {
  const worker = await serveWorker(party);
  ({ url, close } = worker);
  logs = () => JSON.stringify(worker.harness.getLogs());
}, 90_000);
afterAll(async () => close());

const at = (path: string): URL => new URL(path, url);
const send = (path: string, method: string, body: unknown, authorization?: string): Promise<Response> =>
  fetch(at(path), {
    method,
    headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    body: JSON.stringify(body),
  });

test('it is ready, and is workerd', async () => {
  expect((await fetch(at('/readyz'))).status).toBe(200);
  expect(await (await fetch(at('/.well-known/whereabouts'))).json()).toMatchObject({ version: 1, domain: DOMAIN });
});

test('evaluates with a proof that holds', async () => {
  const [key] = parseConfigText(await (await fetch(at('/v1/config'))).text()).keys;
  const state = blind(nobleGroup, [utf8('mailto:bob@example.com'), utf8('tel:+442079460123')], random);
  const question = { key: key?.id, blinded: state.blinded.map(formatB64u) };
  const refused = await send('/v1/evaluate', 'POST', question);
  expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'credentials-required' }]);
  const token = await clientToken(party, { aud: DOMAIN, iat: seconds(), exp: seconds() + 60 });
  const response = await send('/v1/evaluate', 'POST', question, `Bearer ${token}`);
  expect(response.status).toBe(200);
  const reply = (await response.json()) as { evaluated: string[]; proof: string };
  const answer = { evaluated: reply.evaluated.map((text) => parseB64u(text)), proof: parseB64u(reply.proof) };
  expect(finalize(nobleGroup, state, key?.publicKey ?? new Uint8Array(), answer).length).toBe(2);
  // By libsodium, from the module of the bundle.
  expect(logs()).toContain('libsodium-wasm');
  const again = await send('/v1/evaluate', 'POST', question, `Bearer ${token}`);
  expect([again.status, await again.json()]).toMatchObject([401, { code: 'credentials-invalid' }]);
});

test('takes a deposit, shows it in its bucket, and takes it back', async () => {
  const now = seconds();
  const depositor = await createDepositor(random(32));
  const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
  const made = await makeDeposit(depositor, [party], times);
  const response = await send(made.path, 'PUT', made.body);
  expect([response.status, await response.json()]).toMatchObject([201, { digest: made.digest }]);
  const bucket = `/v1/buckets/4/${bucketNumber(depositor.name, 4)}`;
  const digests = async (): Promise<string[]> => {
    const { index } = (await (await fetch(at(bucket))).json()) as { index: string };
    return parseIndex(parseB64u(index)).map(({ digest }) => formatHex(digest));
  };
  expect(await digests()).toContain(made.digest);
  const sealed = new Uint8Array(await (await fetch(at(`${bucket}/sealed`))).arrayBuffer());
  expect(formatHex(sealed.subarray(0, made.octets.length))).toBe(formatHex(made.octets));
  const sub = formatB64u(depositor.name);
  const claims = { by: 'holder', aud: DOMAIN, sub, seq: 2, iat: now, exp: now + 300 } as const;
  const withdrawal = await signWithdrawal(claims, depositor.key);
  expect((await send(`${made.path}/withdrawal`, 'POST', { withdrawal })).status).toBe(200);
  expect(await digests()).not.toContain(made.digest);
});

test('bad requests get problem documents, as on Node', async () => {
  for (const [path, body, code] of [
    ['/v1/evaluate', { key: 'x' }, 'request-invalid'],
    ['/v1/evaluate', { key: '0'.repeat(16), blinded: ['A'.repeat(43)], more: 1 }, 'request-invalid'],
    ['/nowhere', {}, 'path-unknown'],
  ] as const) {
    const response = await send(path, 'POST', body);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code });
  }
});
