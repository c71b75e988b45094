// Requests that the sandbox accepts as they are: what the faults are put into. Keys are the sandbox's own, read from its folder.
import { randomBytes } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { blind } from '../../src/protocol/oprf.ts';
import { evidenceOf } from '../../src/protocol/sealed.ts';
import { signAttestation } from '../../src/protocol/token/attestation.ts';
import { signClientToken } from '../../src/protocol/token/client-token.ts';
import { signDeposit } from '../../src/protocol/token/deposit.ts';
import { signPossession } from '../../src/protocol/token/possession.ts';
import { generateTemporaryKey, type TemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { signWithdrawal } from '../../src/protocol/token/withdrawal.ts';
import { concat, formatB64u, utf8 } from '../../src/protocol/wire.ts';
import { openSandboxKeys, type SandboxKeys } from '../../src/platform/node/sandbox/keys.ts';
import type { RawRequest } from '../support/raw-http.ts';

const random = (octets: number): Uint8Array => new Uint8Array(randomBytes(octets));
const seconds = (): number => Math.floor(Date.now() / 1000);
const DAY = 86_400;

export const DIRECTORY = 'directory.localhost';
export const ISSUER = 'bobchat.localhost';
export const GATEKEEPER = 'alicechat.localhost';

export interface Made {
  readonly request: RawRequest;
  readonly body: { readonly [member: string]: unknown };
}

/** One kind of request that is accepted, and what in it is a token or an element to be spoiled. */
export interface Subject {
  readonly endpoint: string;
  /** Shows valid credentials: a token, an account, or the attestations themselves. */
  readonly credentials: boolean;
  readonly tokens: readonly string[];
  make(): Promise<Made>;
}

const JSON_TYPE = ['Content-Type', 'application/json'] as const;
const post = (
  host: string,
  path: string,
  body: object,
  headers: readonly (readonly [string, string])[] = [],
): Made => ({
  request: { method: 'POST', path, host, headers: [JSON_TYPE, ...headers], body: Buffer.from(JSON.stringify(body)) },
  body: { ...body },
});

/** `fetchJson` asks the sandbox over HTTP for what a request needs first: the current key, a nonce. */
export async function createSubjects(
  folder: string,
  fetchJson: (made: Made) => Promise<{ [member: string]: string }>,
  key: string,
): Promise<Subject[]> {
  const keys = await openSandboxKeys(folder, nobleGroup, random);
  const element = (): string => formatB64u(blind(nobleGroup, [random(16)], random).blinded[0] ?? random(32));
  // One element serves every evaluation: what it is does not matter, and making one costs a millisecond.
  const blinded = [element(), element()];
  const held = await makeDeposit(keys, random(32), await generateTemporaryKey());
  await fetchJson(held.made);
  const bearer = [['Authorization', 'Bearer sandbox-mallory']] as const;
  return [
    {
      endpoint: 'POST /v1/evaluate',
      credentials: true,
      tokens: ['authorization'],
      make: async () =>
        post(DIRECTORY, '/v1/evaluate', { key, blinded }, [['Authorization', `Bearer ${await clientToken(keys)}`]]),
    },
    {
      endpoint: 'PUT /v1/records/{name}',
      credentials: true,
      tokens: ['deposit', 'attestations'],
      make: async () => (await makeDeposit(keys, random(32), await generateTemporaryKey())).made,
    },
    {
      endpoint: 'POST /v1/records/{name}/withdrawal',
      credentials: true,
      tokens: ['withdrawal'],
      make: async () => {
        const [now, sub] = [seconds(), formatB64u(held.name)];
        const claims = { by: 'holder', aud: DIRECTORY, sub, seq: 2, iat: now, exp: now + 300 } as const;
        return post(DIRECTORY, `/v1/records/${sub}/withdrawal`, { withdrawal: await signWithdrawal(claims, held.key) });
      },
    },
    {
      endpoint: 'POST {api}/attestations',
      credentials: true,
      tokens: ['possession', 'authorization'],
      make: async () => {
        const { nonce = '' } = await fetchJson(post(ISSUER, '/whereabouts/nonce', {}, bearer));
        const now = seconds();
        const holder = await generateTemporaryKey();
        const possession = await signPossession({ aud: ISSUER, iat: now, exp: now + 300, nonce }, holder);
        const body = { directory: DIRECTORY, identifier: '+44 20 7946 0999', possession };
        return post(ISSUER, '/whereabouts/attestations', body, bearer);
      },
    },
    {
      endpoint: 'POST /v1/where',
      credentials: false,
      tokens: [],
      make: async () => post(GATEKEEPER, '/v1/where', { id: '+44 20 7946 0999' }),
    },
  ];
}

function clientToken(keys: SandboxKeys): Promise<string> {
  const now = seconds();
  const claims = { iss: GATEKEEPER, aud: DIRECTORY, iat: now, exp: now + 60, jti: formatB64u(random(16)) };
  return signClientToken(claims, keys(GATEKEEPER).signing);
}

async function makeDeposit(
  keys: SandboxKeys,
  name: Uint8Array,
  key: TemporaryKey,
): Promise<{ made: Made; name: Uint8Array; key: TemporaryKey }> {
  const [sub, now] = [formatB64u(name), seconds()];
  const common = { aud: DIRECTORY, sub, iat: now, exp: now + DAY };
  const jti = formatB64u(random(16));
  const attestation = await signAttestation(
    { iss: ISSUER, ...common, jkt: key.jkt, amr: ['account'], jti },
    keys(ISSUER).signing,
  );
  const octets = concat(evidenceOf([attestation]), random(1_052));
  const deposit = await signDeposit({ ...common, seq: 1, sealed: formatB64u(sha256(octets)) }, key);
  const body = { sealed: formatB64u(octets), deposit, attestations: [attestation] };
  const { request } = post(DIRECTORY, `/v1/records/${sub}`, body);
  return { made: { request: { ...request, method: 'PUT' }, body }, name, key };
}

/** GET paths spoiled in themselves; each would be answered but for its one fault. */
export function badPaths(marker: string): readonly { readonly endpoint: string; readonly request: RawRequest }[] {
  const get = (endpoint: string, path: string, host = DIRECTORY) => ({
    endpoint,
    request: { method: 'GET', path, host },
  });
  const name = formatB64u(utf8(marker.padEnd(32, 'x')));
  return [
    ...[
      '5/0',
      '3/0',
      '4/16',
      '4/-1',
      '04/1',
      '4/1.0',
      '4/0x1',
      '99/0',
      `4/${marker}`,
      `${marker}/1`,
      '4/1e0',
      '4/ 1',
      '4/%00',
      '4/18446744073709551616',
      '4/+1',
    ].map((rest) => get('GET /v1/buckets/{d}/{i}', `/v1/buckets/${rest.replace(' ', '%20')}`)),
    ...['5/0/sealed', '4/16/sealed', `4/${marker}/sealed`, '4/1/unsealed'].map((rest) =>
      get('GET /v1/buckets/{d}/{i}/sealed', `/v1/buckets/${rest}`),
    ),
    ...[
      '',
      marker,
      'ab'.repeat(32),
      'AB'.repeat(32),
      'ab'.repeat(31),
      `${'ab'.repeat(32)}%00`,
      '..%2f..%2fkeys.json',
    ].map((rest) => get('GET /v1/sealed/{digest}', `/v1/sealed/${rest}`)),
    ...[
      marker,
      'localhost',
      '127.0.0.1',
      '[::1]',
      `${marker}.example`,
      'UPPER.example',
      'a..b',
      'xn--.example',
      `${'a'.repeat(64)}.example`,
      '%2e%2e',
      'bobchat.localhost:8080',
      'bobchat.localhost.',
    ].map((rest) => get('GET /v1/providers/{domain}', `/v1/providers/${rest}`)),
    ...[marker, 'ab'.repeat(32), 'zz'.repeat(32)].map((rest) => get('GET /v1/config/{hash}', `/v1/config/${rest}`)),
    ...[marker, name, formatB64u(random(16)), '%00', 'a'.repeat(4_000)].map((rest) =>
      get('GET {attestations}/{jti}', `/whereabouts/attestations/${rest}`, ISSUER),
    ),
    ...[
      '/v1',
      '/v2/config',
      `/${marker}`,
      '/v1/config%2f',
      '//',
      '/.well-known/',
      '/v1/records',
      `/v1/records/${name}`,
      '/v1/evaluate',
      `/v1?q=${marker}x`,
    ].map((path) => get('GET elsewhere', path)),
  ];
}
