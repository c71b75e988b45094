// An issuer with a directory beside it that evaluates for real and can be told to misbehave, on a real database.
import type { Hono } from 'hono';
import { createDescriptions } from '../../../src/client/descriptions.ts';
import { createSafeFetch } from '../../../src/evidence/safe-fetch.ts';
import { generateKeys, openKeys, type Keys } from '../../../src/server/keys.ts';
import { nobleGroup } from '../../../src/protocol/group-noble.ts';
import { parseIdentifier } from '../../../src/protocol/identifier.ts';
import { deriveName, type BlindedName } from '../../../src/protocol/name.ts';
import { blind, evaluate, finalize, type OprfKeyPair } from '../../../src/protocol/oprf.ts';
import { signPossession } from '../../../src/protocol/token/possession.ts';
import { generateTemporaryKey, type TemporaryKey } from '../../../src/protocol/token/temporary-key.ts';
import { utf8 } from '../../../src/protocol/wire.ts';
import type { IssuerContext } from '../../../src/server/context.ts';
import type { Env } from '../../../src/server/http.ts';
import type { Accounts } from '../../../src/server/issuer/accounts.ts';
import { UNCOUNTED } from '../../../src/server/metrics.ts';
import { formatOwnDescription, serveUnsigned } from '../../../src/server/own-description.ts';
import { issuerApp } from '../../../src/server/routes/issuer.ts';
import type { Database } from '../../../src/server/store/database.ts';
import { createTestDirectory } from './test-directory.ts';

export const ISSUER = 'bob.example';
export const DIRECTORY = 'directory.example';
const API = 'https://api.directory.example:8443';
export const BOB = 'mailto:bob@bob.example';

export const random = (octets: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(octets));

/** `Bearer <name>`; each owns `<name>@bob.example`, with an address and a way of proof of its own. */
export const accounts: Accounts = {
  authenticate: async (request) => {
    const id = /^Bearer (bob|eve)$/.exec(request.headers.get('authorization') ?? '')?.[1];
    return id === undefined ? undefined : { id };
  },
  owns: async (account, identifier) => {
    if (identifier === `mailto:${account.id}@bob.example`) return { address: `@${account.id}:bob.example` };
    return identifier === 'tel:+442079460123' && account.id === 'bob' ? { amr: ['sms'] } : undefined;
  },
};

export interface World {
  readonly app: Hono<Env>;
  readonly ctx: IssuerContext;
  readonly keys: Keys;
  /** What the directory was sent, in order: method and path. */
  readonly asked: string[];
  readonly withdrawals: { jti: string; sub: string }[];
  /** Replaces the directory's answer to one path by another, until removed. */
  readonly faults: Map<string, () => Response>;
  /** Keys the directory lists and evaluates under. */
  readonly oprf: (OprfKeyPair & { until?: number })[];
  now(): number;
  advance(seconds: number): void;
  nameOf(identifier: string, key?: OprfKeyPair): BlindedName;
  call(
    path: string,
    options?: CallOptions,
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }>;
  /** Nonce and proof for `key`, as `account`. */
  prove(key: TemporaryKey, options?: { account?: string; aud?: string }): Promise<string>;
  /** The whole way to an attestation. */
  attest(options?: { account?: string; identifier?: string; key?: TemporaryKey }): Promise<Issued>;
}

export interface CallOptions {
  readonly method?: string;
  readonly account?: string;
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly type?: string;
}

export interface Issued {
  readonly key: TemporaryKey;
  readonly attestation: string;
  readonly pass: string;
}

export async function issuerWorld(database: Database, change: Partial<IssuerContext> = {}): Promise<World> {
  let now = 1_790_000_000_000;
  const keys = await openKeys(nobleGroup, await generateKeys(nobleGroup, random));
  const asked: string[] = [];
  const faults: World['faults'] = new Map();
  const seconds = () => Math.floor(now / 1000);
  const { answer, oprf, withdrawals } = createTestDirectory({
    domain: DIRECTORY,
    api: API,
    now: seconds,
    keys: (iss) => (iss === ISSUER ? keys.jwks : undefined),
  });

  const fetch = createSafeFetch(
    async ({ url, method, headers, body }) => {
      asked.push(`${method} ${url.href}`);
      const fault = faults.get(url.pathname.replace(/\/records\/.*/, '/records'));
      if (fault !== undefined) return fault();
      return answer(url, headers, typeof body === 'string' ? JSON.parse(body) : undefined);
    },
    { sandbox: false },
  );
  const clock = () => now;
  const ctx: IssuerContext = {
    role: 'issuer',
    domain: ISSUER,
    url: `https://${ISSUER}`,
    db: database.db,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    metrics: UNCOUNTED,
    later: () => undefined,
    clock,
    random,
    fetch,
    group: () => nobleGroup,
    signingKey: keys.signing,
    pepper: keys.pepper,
    amr: ['account'],
    directories: new Set([DIRECTORY]),
    descriptions: createDescriptions({ fetch, clock, sandbox: false }),
    attestationsPerAccount: { capacity: 1_000, refill: 1_000, seconds: 60 },
    description: serveUnsigned(
      formatOwnDescription({
        domain: ISSUER,
        name: 'BobChat',
        jwks: keys.jwks,
        issuer: { url: `https://${ISSUER}`, amr: ['account'] },
        sandbox: false,
      }),
    ),
    ...change,
  };
  const app = issuerApp(ctx, accounts);

  const call: World['call'] = async (path, { method = 'POST', account, json: value, body, type } = {}) => {
    const headers = new Headers();
    if (account !== undefined) headers.set('authorization', `Bearer ${account}`);
    if (value !== undefined || body !== undefined) headers.set('content-type', type ?? 'application/json');
    const sent = value === undefined ? body : JSON.stringify(value);
    const response = await app.request(`/whereabouts${path}`, {
      method,
      headers,
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : { text } };
  };
  const prove: World['prove'] = async (key, { account = 'bob', aud = ISSUER } = {}) => {
    const { body } = await call('/nonce', { account });
    const claims = { aud, iat: seconds(), exp: seconds() + 300, nonce: String(body['nonce']) };
    return await signPossession(claims, key);
  };
  return {
    app,
    ctx,
    keys,
    asked,
    withdrawals,
    faults,
    oprf,
    call,
    prove,
    now: seconds,
    advance: (by) => {
      now += by * 1000;
    },
    nameOf: (identifier, key = oprf[0]) => {
      if (key === undefined) throw new Error('no key');
      const state = blind(nobleGroup, [utf8(parseIdentifier(identifier))], random);
      const [output] = finalize(nobleGroup, state, key.publicKey, evaluate(nobleGroup, key, state.blinded, random));
      if (output === undefined) throw new Error('no output');
      return deriveName(output);
    },
    attest: async ({ account = 'bob', identifier = BOB, key: given } = {}) => {
      const key = given ?? (await generateTemporaryKey());
      const possession = await prove(key, { account });
      const { status, body } = await call('/attestations', {
        account,
        json: { directory: DIRECTORY, identifier, possession },
      });
      if (status !== 201) throw new Error(`attest: ${status} ${String(body['code'])}`);
      return { key, attestation: String(body['attestation']), pass: String(body['pass']) };
    },
  };
}
