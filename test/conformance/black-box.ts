// What any deployment has to do, seen from outside: the same on Node and in workerd. Three hosts are asked as the internet asks them;
// nothing is known of how they run.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createClient, type Client } from '../../src/client/client.ts';
import { parsePolicy } from '../../src/client/policy.ts';
import type { Transport } from '../../src/evidence/safe-fetch.ts';
import { parseClaim } from '../../src/protocol/account.ts';
import { nameProof } from '../../src/protocol/chain/names.ts';
import type { NewAction } from '../../src/protocol/chain/sign.ts';
import { CODES } from '../../src/protocol/errors.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { generateTemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { parseB64u } from '../../src/protocol/wire.ts';
import { judgeBy, type Judge, type Reference } from '../support/conformance.ts';
import { LogFollower } from './log-follower.ts';

export const NAMES = { directory: 'directory.example', issuer: 'bob.example', gatekeeper: 'alice.example' } as const;
export type Host = (typeof NAMES)[keyof typeof NAMES];

/** One user of the provider's, known by a token of its own. */
export const ID = '+44 20 7946 0321';
export const SESSION = 'Bearer of-bobs-session';
export const ADDRESS = '@bob:bob.example';

export const POLICY = {
  domain: NAMES.gatekeeper,
  directories: [NAMES.directory],
  trust: { tel: [NAMES.issuer], mailto: [] },
  alternatives: [NAMES.issuer],
};

export interface World {
  /** A request to one of the hosts; the gatekeeper's is its resolver. */
  ask(host: Host, path: string, init?: RequestInit): Promise<Response>;
  /** What the resolver's callers show. */
  readonly token: string;
  /** Verifier keys of witnesses that cosign the log. */
  readonly witnesses: readonly string[];
}

/** What a chain claims; nobody proves it. */
const CLAIMED = { service: 'https', account: 'carol.example' } as const;

const ELEMENT = '4oc4mBmKJBxyqA2dGEHTVDDOMGPqWqZdyVRS4vUHgjc';

/** The suite; `world` is there once tests run. */
export function describeBlackBox(name: string, given: () => World): void {
  const judged = new Map<Host, Promise<Judge>>();
  const wrong: string[] = [];
  let replies = 0;
  /** Every reply of the suite is held against the reference its server gives of itself. */
  const ask: World['ask'] = async (host, path, init) => {
    judged.set(host, judged.get(host) ?? readReference(given(), host));
    const reply = await given().ask(host, path, init);
    const judge = await judged.get(host);
    const type = reply.headers.get('content-type') ?? '';
    const asked = new URL(path, 'https://host.example').pathname;
    const fault = judge?.(init?.method ?? 'GET', asked, reply.status, type, await reply.clone().text());
    if (fault !== undefined) wrong.push(fault);
    replies += 1;
    return reply;
  };
  const world = (): World => ({ ...given(), ask });
  const transport: Transport = ({ url, method, headers, body, signal }) => {
    const { hostname, pathname, search } = new URL(url);
    return world().ask(hostname as Host, pathname + search, {
      method,
      headers: { ...headers },
      signal,
      ...(body !== undefined && { body }),
    });
  };
  const open = (): Client =>
    createClient({
      transport,
      clock: () => Date.now(),
      random: (octets) => new Uint8Array(randomBytes(octets)),
      group: () => nobleGroup,
      sandbox: false,
      policy: parsePolicy(JSON.stringify(POLICY)),
    });
  const post = (host: Host, path: string, body: unknown, headers: Record<string, string> = {}) =>
    world().ask(host, path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const where = async () => {
    const reply = await post(NAMES.gatekeeper, '/v1/where', { id: ID }, { authorization: `Bearer ${world().token}` });
    expect(reply.status).toBe(200);
    return (await reply.json()) as { outcome: string; routes: { address: string; assurance: string }[] };
  };
  const get = (path: string, headers: Record<string, string> = {}) => world().ask(NAMES.directory, path, { headers });
  const depthOf = async () => Number(/^depth (\d+)$/m.exec(await (await get('/v1/epoch')).text())?.[1] ?? 4);

  describe(name, () => {
    test('each role is ready and says who it is', async () => {
      for (const host of [NAMES.directory, NAMES.issuer])
        expect(await (await world().ask(host, '/.well-known/whereabouts')).json()).toMatchObject({ domain: host });
      for (const host of Object.values(NAMES))
        for (const path of ['/healthz', '/readyz'])
          expect([host, path, (await world().ask(host, path)).status]).toEqual([host, path, 200]);
    });

    test('register with the SDK, found by the resolver, withdraw, gone', async () => {
      expect(await where()).toMatchObject({ outcome: 'absent', routes: [] });
      const client = open();
      const registration = await client.register({
        identifier: ID,
        providers: [{ domain: NAMES.issuer, address: ADDRESS, authorization: SESSION }],
        keep: true,
      });
      expect(await where()).toMatchObject({ outcome: 'found', routes: [{ address: ADDRESS, assurance: 'confirmed' }] });
      await client.withdraw(registration);
      expect(await where()).toMatchObject({ outcome: 'absent', routes: [] });
    });

    test('an identity chain: begun, continued, proven, searched, a DID, shown to who knows the number it is tied to', async () => {
      const client = open();
      const key = await generateTemporaryKey();
      const { id } = (await client.startChain(NAMES.directory, key)).state;
      const append = (action: NewAction) => client.appendLink(NAMES.directory, id, action, key);
      const { tip } = (await append({ type: 'add-account', ...parseClaim(CLAIMED) })).state;
      const registration = await client.register({
        identifier: ID,
        providers: [{ domain: NAMES.issuer, address: ADDRESS, authorization: SESSION }],
        claims: [id],
        keep: true,
      });
      const proof = nameProof(parseB64u(registration.kept?.seal ?? '', 32), registration.holder);
      await append({ type: 'add-name', directory: NAMES.directory, proof });

      // Somebody who never heard of it.
      const found = await open().findChain(NAMES.directory, id);
      expect([found?.links.length, found?.state.accounts]).toMatchObject([3, [{ ...CLAIMED, link: tip }]]);
      const account = encodeURIComponent(`${CLAIMED.service}:${CLAIMED.account}`);
      const claiming: unknown = await (await get(`/v1/chains?account=${account}`)).json();
      expect(claiming).toMatchObject({ ...CLAIMED, chains: [{ id, link: tip }] });
      const document = await get(`/v1/chains/${id}/did.json`);
      expect(document.headers.get('content-type')).toBe('application/did+ld+json');
      expect(await document.json()).toMatchObject({
        id: `did:web:${NAMES.directory}:v1:chains:${id}`,
        alsoKnownAs: [`https://${CLAIMED.account}/`],
        verificationMethod: [{ publicKeyJwk: key.jwk }],
      });
      // Whether it has been looked at by now is the directory's own pace.
      expect((await get(`/v1/chains/${id}/accounts`)).status).toBe(200);

      const asCaller = { authorization: `Bearer ${world().token}` };
      const shown = await post(NAMES.gatekeeper, '/v1/where', { id: ID, chains: true }, asCaller);
      expect(await shown.json()).toMatchObject({ routes: [{ chains: [{ id, accounts: [CLAIMED] }] }] });
      const verify = async (address: string) => {
        const question = { id: ID, claims: { provider: NAMES.issuer, address } };
        const reply = await post(NAMES.gatekeeper, '/v1/verify', question, asCaller);
        return (await reply.json()) as { verdict: string; evidence: object | null };
      };
      const match = await verify(ADDRESS);
      expect(match.verdict).toBe('match');
      // Whoever is handed the evidence judges it himself, and asks no directory.
      expect(await client.verifyEvidence(match.evidence)).toMatchObject({ verdict: 'match' });
      expect((await verify('@mallory:bob.example')).verdict).toBe('mismatch');
      await client.withdraw(registration);
      const last = { links: expect.any(Array) as unknown, state: { ended: true, accounts: [] } };
      expect(await append({ type: 'end' })).toMatchObject(last);
      const late = await post(NAMES.directory, `/v1/chains/${id}`, { link: found?.links.at(-1) });
      expect([late.status, await late.json()]).toMatchObject([200, { id, seq: 2 }]);
    });

    test('the log can be followed with what C2SP says alone', async () => {
      const { directory } = (await (await get('/.well-known/whereabouts')).json()) as { directory: { log: string } };
      const { witnesses } = world();
      const follower = new LogFollower({
        prefix: `https://${NAMES.directory}/log`,
        origin: `${NAMES.directory}/whereabouts`,
        key: directory.log,
        cosigners: witnesses,
        fetch: (url) => get(new URL(url).pathname),
      });
      const { size, cosigners } = await follower.follow();
      expect(cosigners.size).toBe(witnesses.length);
      expect(size).toBeGreaterThan(1);
    });

    test('a bucket is for caches: one tag an epoch, 304 for who has it, never transformed', async () => {
      const path = `/v1/buckets/${await depthOf()}/3`;
      const reply = await get(path);
      const tag = reply.headers.get('etag') ?? '';
      expect([reply.status, tag]).toEqual([200, expect.stringMatching(/^"[0-9a-f]{64}"$/)]);
      expect(reply.headers.get('cache-control')).toMatch(/no-transform/);
      expect((await reply.arrayBuffer()).byteLength % 4096).toBe(0);
      const same = await get(path, { 'if-none-match': tag });
      if (same.headers.get('etag') === tag) expect(same.status).toBe(304);
    });

    test('what is wrong with a request is said by a code of the list, and nothing of it comes back', async () => {
      const marker = 'x7946marker';
      const key = /^oprf ([0-9a-f]{16}) /m.exec(await (await get('/v1/config')).text())?.[1] ?? '';
      const wrong: [Host, string, unknown, Record<string, string>, string][] = [
        [NAMES.directory, '/v1/evaluate', { key: marker }, {}, 'request-invalid'],
        [NAMES.directory, '/v1/evaluate', `{"key":"${marker}"`, {}, 'request-invalid'],
        [
          NAMES.directory,
          '/v1/evaluate',
          { key: '0'.repeat(16), blinded: ['A'.repeat(43)], [marker]: 1 },
          {},
          'request-invalid',
        ],
        [NAMES.directory, '/v1/evaluate', { key: '0'.repeat(16), blinded: ['A'.repeat(43)] }, {}, 'key-unknown'],
        [NAMES.directory, '/v1/evaluate', { key, blinded: [ELEMENT] }, {}, 'credentials-required'],
        [NAMES.directory, '/v1/evaluate', {}, { 'content-type': 'text/plain' }, 'media-type-unsupported'],
        [NAMES.directory, `/v1/records/${'A'.repeat(43)}/withdrawal`, { withdrawal: marker }, {}, 'token-invalid'],
        [NAMES.directory, `/v1/${marker}`, {}, {}, 'path-unknown'],
        [NAMES.directory, '/v1/epoch', {}, {}, 'method-refused'],
        [NAMES.issuer, '/whereabouts/nonce', {}, {}, 'credentials-required'],
        [NAMES.issuer, '/whereabouts/nonce', {}, { authorization: `Bearer ${marker}` }, 'credentials-invalid'],
        [
          NAMES.issuer,
          '/whereabouts/attestations',
          { identifier: marker },
          { authorization: SESSION },
          'request-invalid',
        ],
        [NAMES.gatekeeper, '/v1/where', { id: ID }, {}, 'credentials-required'],
        [
          NAMES.gatekeeper,
          '/v1/where',
          { id: ID },
          { authorization: `Bearer ${marker.padEnd(43, 'x')}` },
          'credentials-invalid',
        ],
        [
          NAMES.gatekeeper,
          '/v1/where',
          { id: marker },
          { authorization: `Bearer ${world().token}` },
          'identifier-invalid',
        ],
        [
          NAMES.gatekeeper,
          '/v1/where',
          { id: ID, [marker]: 1 },
          { authorization: `Bearer ${world().token}` },
          'request-invalid',
        ],
      ];
      for (const [host, path, body, headers, code] of wrong) {
        const reply = await post(host, path, body, headers);
        const text = await reply.text();
        expect({ path, code: (JSON.parse(text) as { code: string }).code }).toEqual({ path, code });
        expect(CODES).toHaveProperty(code);
        expect(reply.headers.get('content-type')).toBe('application/problem+json');
        expect(text).not.toContain('7946');
        expect(reply.status).toBeGreaterThanOrEqual(400);
        expect(reply.status).toBeLessThan(500);
      }
    });

    test('methods, pre-flights and headers', async () => {
      expect((await world().ask(NAMES.directory, '/v1/epoch', { method: 'HEAD' })).status).toBe(200);
      const flight = await world().ask(NAMES.directory, '/v1/evaluate', {
        method: 'OPTIONS',
        headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' },
      });
      expect([flight.status, flight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
      const refused = await world().ask(NAMES.directory, '/v1/evaluate');
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
      const reply = await get('/v1/epoch');
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'");
    });

    test('all of these replies are as the reference has them', () => {
      expect(wrong).toEqual([]);
      expect(replies).toBeGreaterThan(40);
    });
  });
}

async function readReference(world: World, host: Host): Promise<Judge> {
  const reply = await world.ask(host, '/openapi.json');
  return judgeBy((await reply.json()) as Reference);
}
