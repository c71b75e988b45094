// Descriptions (§8): which documents count, which members are ignored, and that a refusal names a place and no value.
import { describe, expect, test } from 'vitest';
import { parseDescription } from '../../src/protocol/description.ts';
import { isDomain, isServiceUrl, parseDomain, registrableDomain } from '../../src/protocol/domain.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { utf8 } from '../../src/protocol/wire.ts';

const KEY = { kty: 'OKP', crv: 'Ed25519', x: 'DxuB46CSfAxMr7sR1Z8k7gB6psZNZkOHyp5tAinVl_k', kid: 'p-1' };
const BRIDGE = {
  id: 'bridge.bob.chat/alicechat',
  from: ['alicechat.example'],
  protocol: 'alicechat',
  endpoint: 'https://bridge.bob.chat/alicechat',
  placement: 'server',
  encryption: 're-encrypted',
  networks: ['bob.chat', 'matrix'],
  operator: 'bob.chat',
  features: ['text', 'file', 'group', 'reactions'],
  priority: 10,
  health: 'https://bridge.bob.chat/healthz',
  for: ['direct', 'group'],
};
/** The example of §8, whole. */
const FULL = {
  version: 1,
  domain: 'bob.chat',
  name: 'BobChat',
  logo: 'https://bob.chat/logo.svg',
  contact: 'mailto:hello@bob.chat',
  jwks: { keys: [KEY] },
  issuer: {
    api: 'https://bob.chat/whereabouts',
    attestations: 'https://bob.chat/whereabouts/attestations/{jti}',
    amr: ['account'],
  },
  provider: { protocols: ['bobchat', 'matrix'], features: ['text', 'file', 'group'], bridges: [BRIDGE] },
  directory: {
    api: 'https://directory.bob.chat',
    log: 'bob.chat/whereabouts+8dcd8c93+AeT9',
    witnesses: ['w+1+A'],
    issuers: 'open',
    limits: { evaluateElements: 256 },
  },
  witness: { url: 'https://witness.bob.chat', key: 'w+1+A' },
  peers: ['other-directory.example'],
  expires: '2027-01-01T00:00:00Z',
  seq: 7,
  signature: 'e30..AA',
};
const LEAST = { version: 1, domain: 'bob.chat' };

const parse = (value: unknown, options?: { sandbox: boolean }) =>
  parseDescription(JSON.stringify(value), 'bob.chat', options);

/** The refusal of a document. */
function refuse(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof WhereaboutsError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'accepted', message: '' };
}

describe('accepted', () => {
  test('the whole example, from text and octets, unchanged', () => {
    expect(parse(FULL)).toEqual(FULL);
    expect(parseDescription(utf8(JSON.stringify(FULL)), 'bob.chat')).toEqual(FULL);
  });

  test('the least', () => {
    expect(parse(LEAST)).toEqual(LEAST);
  });

  test('members that are not listed are ignored, at any depth of ours', () => {
    const more = {
      ...LEAST,
      new: { of: 'a later version' },
      provider: { protocols: ['bobchat'], bridges: [{ ...BRIDGE, colour: 'red' }], later: 1 },
    };
    expect(parse(more)).toEqual({ ...LEAST, provider: { protocols: ['bobchat'], bridges: [BRIDGE] } });
  });

  test('keys of other kinds, and what else stands beside a key', () => {
    const keys = [KEY, { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'r' }, { ...KEY, key_ops: ['verify'] }];
    expect(parse({ ...LEAST, jwks: { keys } }).jwks).toEqual({ keys });
  });

  test('the sandbox: names and http URLs of *.localhost', () => {
    const local = {
      version: 1,
      domain: 'bobchat.localhost',
      directory: { api: 'http://directory.localhost:8080' },
      provider: { bridges: [{ ...BRIDGE, endpoint: 'http://bobchat.localhost:8080/bridges/alicechat' }] },
    };
    const text = JSON.stringify(local);
    expect(parseDescription(text, 'bobchat.localhost', { sandbox: true })).toMatchObject({
      domain: 'bobchat.localhost',
    });
    expect(refuse(() => parseDescription(text, 'bobchat.localhost')).code).toBe('description-invalid');
    expect(parse(FULL, { sandbox: true })).toEqual(FULL);
  });
});

const REFUSED: readonly [string, unknown][] = [
  ['', null],
  ['', []],
  ['version', { ...LEAST, version: 2 }],
  ['version', { domain: 'bob.chat' }],
  ['domain', { version: 1 }],
  ['domain', { ...LEAST, domain: 'Bob.chat' }],
  ['domain', { ...LEAST, domain: 'bob.chat:443' }],
  ['domain', { ...LEAST, domain: 'localhost' }],
  ['of another domain', { ...LEAST, domain: 'eve.chat' }],
  ['name', { ...LEAST, name: 7 }],
  ['name', { ...LEAST, name: 'Bob\u001b[2JChat' }],
  ['name', { ...LEAST, name: null }],
  ['logo', { ...LEAST, logo: 'http://bob.chat/logo.svg' }],
  ['logo', { ...LEAST, logo: 'data:image/svg+xml,' }],
  ['jwks', { ...LEAST, jwks: [KEY] }],
  ['jwks.keys[0]', { ...LEAST, jwks: { keys: [{ ...KEY, d: 'AAAA' }] } }],
  ['jwks.keys[1]', { ...LEAST, jwks: { keys: [KEY, { kty: 'oct', k: 'AAAA' }] } }],
  ['jwks.keys[0].kty', { ...LEAST, jwks: { keys: [{ crv: 'Ed25519' }] } }],
  ['issuer.attestations', { ...LEAST, issuer: { api: 'https://bob.chat' } }],
  ['issuer.attestations', { ...LEAST, issuer: { api: 'https://bob.chat', attestations: 'https://bob.chat/a' } }],
  ['issuer.attestations', { ...LEAST, issuer: { api: 'https://bob.chat', attestations: 'https://{jti}/{jti}' } }],
  ['issuer.api', { ...LEAST, issuer: { ...FULL.issuer, api: 'https://127.0.0.1/' } }],
  ['issuer.api', { ...LEAST, issuer: { ...FULL.issuer, api: 'https://[::1]/' } }],
  ['issuer.api', { ...LEAST, issuer: { ...FULL.issuer, api: 'https://user:word@bob.chat/' } }],
  ['issuer.api', { ...LEAST, issuer: { ...FULL.issuer, api: 'https://bob.chat\\@eve.chat/' } }],
  ['issuer.api', { ...LEAST, issuer: { ...FULL.issuer, api: 'https://bob/' } }],
  ['provider.protocols', { ...LEAST, provider: { protocols: 'bobchat' } }],
  ['provider.bridges[0].from', { ...LEAST, provider: { bridges: [{ ...BRIDGE, from: [] }] } }],
  ['provider.bridges[0].placement', { ...LEAST, provider: { bridges: [{ ...BRIDGE, placement: 'cloud' }] } }],
  ['provider.bridges[0].encryption', { ...LEAST, provider: { bridges: [{ ...BRIDGE, encryption: 'yes' }] } }],
  ['provider.bridges[0].endpoint', { ...LEAST, provider: { bridges: [{ ...BRIDGE, endpoint: 'http://x.example' }] } }],
  ['provider.bridges[0].priority', { ...LEAST, provider: { bridges: [{ ...BRIDGE, priority: 1.5 }] } }],
  ['directory.api', { ...LEAST, directory: { log: 'x' } }],
  ['directory.issuers', { ...LEAST, directory: { api: 'https://d.example', issuers: 'closed' } }],
  ['witness.key', { ...LEAST, witness: { url: 'https://w.example' } }],
  ['peers[0]', { ...LEAST, peers: ['https://d.example'] }],
  ['expires', { ...LEAST, expires: '2027-01-01' }],
  ['expires', { ...LEAST, expires: '2027-01-01T00:00:00+01:00' }],
  ['seq', { ...LEAST, seq: -1 }],
  ['signature without', { ...LEAST, signature: 'e30..AA', seq: 1 }],
];

describe('refused', () => {
  test('each with its place, and without what stands there', () => {
    for (const [place, value] of REFUSED) {
      const { code, message } = refuse(() => parse(value));
      expect({ place, code }).toEqual({ place, code: 'description-invalid' });
      expect(message).toContain(place);
      expect(message).not.toMatch(/eve|cloud|closed|127|user:word|AAAA|logo\.svg/);
    }
    expect(REFUSED).toHaveLength(40);
  });

  test('not JSON, a member twice, too large', () => {
    for (const text of ['{', '{"version":1,"version":1,"domain":"bob.chat"}', `{"x":"${'a'.repeat(65_536)}"}`])
      expect(refuse(() => parseDescription(text, 'bob.chat')).code).toBe('description-invalid');
  });
});

describe('domains', () => {
  test('one spelling each', () => {
    for (const good of ['bob.chat', 'x.localhost', 'a-b.c1.example', 'xn--mnchen-3ya.example', '1.example', 'a.co'])
      expect(parseDomain(good)).toBe(good);
    const bad = [
      '',
      'chat',
      'localhost',
      'Bob.chat',
      'bob.chat.',
      '.bob.chat',
      'bob..chat',
      '-bob.chat',
      'bob-.chat',
      'bob_x.chat',
      'bob.chat:443',
      'bob.chat/',
      ' bob.chat',
      'münchen.example',
      'xn--zzzzzzzzz99.example',
      '127.0.0.1',
      '1.2.3',
      '1.0x7f',
      '[::1]',
      `${'a'.repeat(64)}.example`,
      `${'a.'.repeat(126)}example`,
    ];
    for (const text of bad) {
      expect({ text, good: isDomain(text) }).toEqual({ text, good: false });
      expect(refuse(() => parseDomain(text)).code).toBe('request-invalid');
    }
    expect(bad).toHaveLength(21);
  });

  test('what was registered counts, not the host', () => {
    expect(registrableDomain('a.b.bob.co.uk')).toBe('bob.co.uk');
    expect(registrableDomain('x.github.io')).toBe('x.github.io');
    expect(registrableDomain('bob.chat')).toBe('bob.chat');
    expect(registrableDomain('a.b.localhost')).toBe('a.b.localhost');
    expect(registrableDomain('co.uk')).toBe('co.uk');
  });

  test('URLs', () => {
    expect(isServiceUrl('https://bob.chat:8443/x?y=1', { sandbox: false })).toBe(true);
    expect(isServiceUrl('https://bob.localhost', { sandbox: false })).toBe(false);
    expect(isServiceUrl('https://bob.localhost', { sandbox: true })).toBe(false);
    expect(isServiceUrl('http://bob.chat', { sandbox: true })).toBe(false);
    expect(isServiceUrl('https://bob.chat/a b', { sandbox: false })).toBe(false);
  });
});
