// DIDs: how they are read, what a host may be, whose document it is; and what an independent resolver makes of ours.
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { Resolver } from 'did-resolver';
import { getResolver } from 'web-did-resolver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatDidKey, parseDidKey } from '../../src/evidence/did/key.ts';
import { resolveDid } from '../../src/evidence/did/resolve.ts';
import { didWebUrl } from '../../src/evidence/did/web.ts';
import type { Fetched, SafeFetch } from '../../src/evidence/safe-fetch.ts';
import { didDocument } from '../../src/protocol/chain/did-document.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { generateTemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { formatB64u, utf8 } from '../../src/protocol/wire.ts';
import { claim, createOwner, type Owner } from '../support/chains.ts';
import { serveHttps, trustedCertificate, type Served } from '../support/https.ts';
import { foreignVector, NO_FOREIGN } from '../support/vectors.ts';

/** Answers by URL; whatever else is asked is not there. */
function serving(pages: Readonly<Record<string, unknown>>): { fetch: SafeFetch; asked: string[] } {
  const asked: string[] = [];
  const fetch: SafeFetch = async (url) => {
    asked.push(url);
    const page = pages[url];
    const body = page === undefined ? new Uint8Array() : utf8(JSON.stringify(page));
    return {
      status: page === undefined ? 404 : 200,
      headers: new Headers(),
      body,
      url: new URL(url),
    } satisfies Fetched;
  };
  return { fetch, asked };
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof WhereaboutsError) return error.code;
    throw error;
  }
}

const secret = new Uint8Array(32).fill(7);
const KEYS = {
  Ed25519: formatDidKey({ curve: 'Ed25519', octets: ed25519.getPublicKey(secret) }),
  secp256k1: formatDidKey({ curve: 'secp256k1', octets: secp256k1.getPublicKey(secret) }),
  'P-256': formatDidKey({ curve: 'P-256', octets: p256.getPublicKey(secret) }),
} as const;

describe('did:key', () => {
  test('published examples', () => {
    const examples = {
      // The did:key specification's own, and those of atproto (CC0).
      'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp': 'Ed25519',
      'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme': 'secp256k1',
      'did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv': 'P-256',
    };
    for (const [did, curve] of Object.entries(examples)) {
      const key = parseDidKey(did);
      expect(key.curve).toBe(curve);
      expect(formatDidKey(key)).toBe(did);
    }
  });

  test('each curve, there and back', async () => {
    const { fetch, asked } = serving({});
    for (const [curve, did] of Object.entries(KEYS)) {
      const resolved = await resolveDid(did, { fetch });
      expect(resolved?.keys.map(({ id, key }) => [id, key.curve])).toEqual([[`${did}#${did.slice(8)}`, curve]]);
    }
    expect(asked).toEqual([]);
  });

  test('no point of the curve, another curve, another spelling', async () => {
    const { fetch } = serving({});
    const bad = [
      'did:key:',
      'did:key:z',
      'did:key:z6Mk',
      KEYS.Ed25519.slice(0, -1),
      `${KEYS.Ed25519}1`,
      KEYS.Ed25519.replace('z6', 'z16'),
      `${KEYS.Ed25519}#key`,
      `${KEYS.Ed25519}?a`,
      KEYS.Ed25519.replace('did:key:z', 'did:key:m'),
      // X25519, for encryption only.
      'did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc',
      formatDidKey({ curve: 'secp256k1', octets: new Uint8Array(33).fill(2, 0, 1).fill(255, 1) }),
      formatDidKey({ curve: 'secp256k1', octets: secp256k1.getPublicKey(secret, false) }),
      `did:key:z${'1'.repeat(4_000)}`,
    ];
    for (const did of bad) expect(await codeOf(resolveDid(did, { fetch })), did.slice(0, 60)).toBe('did-invalid');
  });
});

describe('did:web', () => {
  test('where a document is', () => {
    expect(didWebUrl('did:web:example.com')).toBe('https://example.com/.well-known/did.json');
    expect(didWebUrl('did:web:example.com:v1:chains:Ab_9')).toBe('https://example.com/v1/chains/Ab_9/did.json');
    expect(didWebUrl('did:web:example.com%3A8443:u')).toBe('https://example.com:8443/u/did.json');
    expect(didWebUrl('did:web:example.com%3a8443')).toBe('https://example.com:8443/.well-known/did.json');
    expect(didWebUrl('did:web:example.com:b%C3%B6b')).toBe('https://example.com/b%C3%B6b/did.json');
  });

  test.each([
    '127.0.0.1',
    '169.254.169.254',
    '10.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0x7f.1',
    '1.1.1.1.',
    '[::1]',
    '%5B%3A%3A1%5D',
    'localhost',
    'example',
    'example.com.',
    '.example.com',
    'example..com',
    'EXAMPLE.com',
    'com',
    'co.uk',
    'router.internal',
    'printer.local',
    'example%2ecom',
    '%31%32%37.0.0.1',
    '127%2e0%2e0%2e1',
    '１２７.0.0.1',
    'example.com%40evil.example',
    'user%3Apw%40example.com',
    'example.com%2Fpath',
    'example.com%3A0',
    'example.com%3A65536',
    'example.com%3A',
    'example.com%3A08443',
    'example.com%3A80%3A90',
    'example.com%3A-1',
    'example.com%253A80',
    'example.com:..:admin',
    'example.com:.',
    'example.com:%2e%2e:admin',
    'example.com:%2E%2E',
    'example.com:',
    'example.com::a',
    'example.com:a:',
    'example.com:a%2Fb',
    'example.com:a%5Cb',
    'example.com:a%3Fb',
    'example.com:a%23b',
    'example.com:%00',
    'example.com:a%0Ab',
    'example.com:a%20b',
    'example.com:%252e%252e',
    'example.com:%25',
    'example.com:%zz',
    'example.com:%C3',
    'example.com/a',
    'example.com?a',
    'example.com#a',
    'exa mple.com',
    '',
  ])('refused: %s', async (rest) => {
    const { fetch, asked } = serving({});
    expect(await codeOf(resolveDid(`did:web:${rest}`, { fetch }))).toBe('did-invalid');
    expect(asked).toEqual([]);
  });

  const DID = 'did:web:example.com';
  const page = 'https://example.com/.well-known/did.json';
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: formatB64u(ed25519.getPublicKey(secret)) };
  const method = { id: '#a', type: 'JsonWebKey', controller: DID, publicKeyJwk: jwk };
  const resolve = (document: unknown) => resolveDid(DID, serving({ [page]: document }));

  test('keys, other names, services', async () => {
    const uncompressed = p256.getPublicKey(secret, false);
    const ec = {
      kty: 'EC',
      crv: 'P-256',
      x: formatB64u(uncompressed.subarray(1, 33)),
      y: formatB64u(uncompressed.subarray(33)),
    };
    const resolved = await resolve({
      '@context': 'https://www.w3.org/ns/did/v1',
      id: DID,
      alsoKnownAs: ['acct:bob@example.com'],
      verificationMethod: [
        method,
        { id: `${DID}#b`, type: 'Multikey', controller: DID, publicKeyMultibase: KEYS.secp256k1.slice(8) },
        { id: '#c', type: 'JsonWebKey2020', controller: DID, publicKeyJwk: ec },
        { id: '#d', type: 'RsaVerificationKey2018', controller: DID },
        { id: '#e', type: 'Multikey', controller: 'did:web:other.example', publicKeyMultibase: KEYS['P-256'].slice(8) },
      ],
      service: [{ id: '#s', type: 'Messaging', serviceEndpoint: 'https://example.com/' }],
    });
    expect(resolved?.keys.map(({ id, key }) => [id, formatDidKey(key)])).toEqual([
      [`${DID}#a`, KEYS.Ed25519],
      [`${DID}#b`, KEYS.secp256k1],
      [`${DID}#c`, KEYS['P-256']],
    ]);
    expect(resolved?.alsoKnownAs).toEqual(['acct:bob@example.com']);
    expect(resolved?.services).toEqual([{ id: `${DID}#s`, type: 'Messaging', endpoint: 'https://example.com/' }]);
  });

  test('none there', async () => expect(await resolveDid(DID, serving({}))).toBeUndefined());

  test.each([
    ['another DID', { id: 'did:web:evil.example' }],
    ['no id', {}],
    ['the DID with a path', { id: `${DID}:a` }],
    ['a private key', { id: DID, verificationMethod: [{ ...method, publicKeyJwk: { ...jwk, d: jwk.x } }] }],
    ['two keys in one', { id: DID, verificationMethod: [{ ...method, publicKeyMultibase: KEYS.Ed25519.slice(8) }] }],
    ['one id twice', { id: DID, verificationMethod: [method, { ...method, id: `${DID}#a` }] }],
    ['an id of another DID', { id: DID, verificationMethod: [{ ...method, id: 'did:web:evil.example#a' }] }],
    ['a key that is none', { id: DID, verificationMethod: [{ ...method, publicKeyJwk: { ...jwk, x: 'AA' } }] }],
    ['a list', []],
  ])('refused document: %s', async (_sin, document) => {
    expect(await codeOf(resolve(document))).toBe('did-invalid');
  });
});

test('other methods, and what is no DID', async () => {
  for (const did of [
    '',
    'did:',
    'did:web',
    'did:ethr:0x1',
    'did:constructor:a',
    'DID:web:example.com',
    `did:web:example.com:${'a'.repeat(3_000)}`,
  ])
    expect(await codeOf(resolveDid(did, serving({}))), did.slice(0, 40)).toBe('did-invalid');
});

describe.skipIf(foreignVector('did-plc/valid/log_legacy_dholms.json') === undefined)(
  `did:plc (or ${NO_FOREIGN})`,
  () => {
    const log =
      foreignVector<{ did: string; operation: { alsoKnownAs?: string[] } }[]>('did-plc/valid/log_legacy_dholms.json') ??
      [];
    const did = log[0]?.did ?? '';

    test('what the log says, replayed', async () => {
      const { fetch } = serving({ [`https://plc.directory/${did}/log/audit`]: log });
      const resolved = await resolveDid(did, { fetch });
      expect(resolved?.alsoKnownAs).toEqual(log.at(-1)?.operation.alsoKnownAs);
      expect(resolved?.keys.map(({ id, key }) => [id, key.curve])).toEqual([[`${did}#atproto`, 'secp256k1']]);
      expect(resolved?.services.map(({ id }) => id)).toEqual([`${did}#atproto_pds`]);
    });

    test('a directory that changes a name, gives another’s log, or none', async () => {
      const at = `https://plc.directory/${did}/log/audit`;
      const forged = log.with(log.length - 1, {
        ...log.at(-1),
        operation: { ...log.at(-1)?.operation, alsoKnownAs: ['at://evil.example'] },
      } as never);
      expect(await codeOf(resolveDid(did, serving({ [at]: forged })))).toBe('import-invalid');
      const other = foreignVector('did-plc/valid/log_bnewbold_robocracy.json');
      expect(await codeOf(resolveDid(did, serving({ [at]: other })))).toBe('import-invalid');
      expect(await resolveDid(did, serving({}))).toBeUndefined();
      expect(await codeOf(resolveDid(`${did}x`, serving({})))).toBe('did-invalid');
    });
  },
);

describe('an independent resolver over TLS', () => {
  let served: Served;
  let owner: Owner;
  let api: string;
  beforeAll(async () => {
    owner = await createOwner();
    served = await serveHttps(await trustedCertificate(['localhost']), (request, response) => {
      const found = request.url === `/v1/chains/${owner.state().id}/did.json`;
      response.writeHead(found ? 200 : 404, { 'content-type': 'application/did+json' });
      response.end(found ? JSON.stringify(didDocument(owner.state(), api)) : '');
    });
    api = `https://localhost:${served.port}`;
    await owner.add(claim('activitypub', '@bob@mastodon.example'));
    await owner.add(claim('dns', 'bob.example'));
    await owner.add({ type: 'add-key', key: await generateTemporaryKey() });
  });
  afterAll(() => served.close());

  test('finds a chain’s document where ours looks for it, as DID Core has it', async () => {
    const { id, keys } = owner.state();
    const did = `did:web:localhost%3A${served.port}:v1:chains:${id}`;
    const { didDocument: document, didResolutionMetadata } = await new Resolver(getResolver()).resolve(did);
    expect(didResolutionMetadata.error).toBeUndefined();
    // DID Core §3.1, §5.1: the subject, and other names of it, which are URIs.
    expect(document?.id).toBe(did);
    expect(did).toMatch(/^did:[a-z0-9]+:(?:[\w.-]|%[0-9A-F]{2})+(?::(?:[\w.-]|%[0-9A-F]{2})+)*$/);
    expect(document?.alsoKnownAs).toEqual(['acct:bob@mastodon.example', 'dns:bob.example']);
    // §5.2: methods are of the document, each with one public key; §5.3: relationships name methods there are.
    const methods = document?.verificationMethod ?? [];
    expect(methods.map(({ publicKeyJwk }) => publicKeyJwk)).toEqual([...keys.values()]);
    expect(new Set(methods.map(({ controller }) => controller))).toEqual(new Set([did]));
    for (const { id: method } of methods) expect(method.startsWith(`${did}#`)).toBe(true);
    for (const relation of [document?.authentication, document?.assertionMethod])
      expect(relation).toEqual(methods.map((method) => method.id));
    // §5.4: services have an id of their own and an endpoint that is a URI.
    expect(document?.service).toEqual([
      { id: `${did}#chain`, type: 'WhereaboutsChain', serviceEndpoint: `${api}/v1/chains/${id}` },
    ]);
    expect(didWebUrl(`did:web:example.com%3A8443:v1:chains:${id}`)).toBe(
      `https://example.com:8443/v1/chains/${id}/did.json`,
    );
  });
});
