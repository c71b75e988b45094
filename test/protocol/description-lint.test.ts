// What a description's author is told (§8): each fault with its place, each thing that is allowed but not what was meant.
import { describe, expect, test } from 'vitest';
import { lintDescription } from '../../src/protocol/description-lint.ts';
import { signDescription } from '../../src/protocol/description-signature.ts';
import type { Json } from '../../src/protocol/json.ts';
import { formatPointer } from '../../src/platform/node/cli/json-places.ts';
import { createParty } from '../support/parties.ts';

const NOW = 1_800_000_000;
const party = await createParty('bob.chat');
const KEY = JSON.parse(JSON.stringify(party.jwk)) as { [member: string]: Json };
const VKEY = 'bob.chat/whereabouts+e4b3f9a4+AeT9';
const BRIDGE = {
  id: 'b1',
  from: ['alice.example'],
  protocol: 'alice',
  endpoint: 'https://bridge.bob.chat',
  placement: 'server',
  encryption: 'native',
  operator: 'bob.chat',
  health: 'https://bridge.bob.chat/healthz',
};
const LEAST: { [member: string]: Json } = { version: 1, domain: 'bob.chat', name: 'Bob', contact: 'mailto:b@bob.chat' };
const ISSUER = { api: 'https://bob.chat/w', attestations: 'https://bob.chat/w/{jti}' };
const provider = (bridge: object): { [member: string]: Json } => ({
  ...LEAST,
  provider: { protocols: ['bob'], features: ['text'], bridges: [{ ...BRIDGE, ...bridge }] },
});

async function lint(document: object | string): Promise<string[]> {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const { findings } = await lintDescription(text, 'bob.chat', { sandbox: false, now: NOW });
  return findings.map(({ severity, place, reason }) => `${severity} ${formatPointer(place)} ${reason}`);
}

const UNSIGNED = 'note  is not signed';
const CASES: readonly [string, object | string, readonly string[]][] = [
  ['nothing to say but that it is not signed', LEAST, [UNSIGNED]],
  [
    'no name, no contact',
    { version: 1, domain: 'bob.chat' },
    ['warning  has no name', 'note  has no contact', UNSIGNED],
  ],
  ['not JSON', '{', ['error  the description is not a JSON object'.replace('the description ', '')]],
  ['another domain', { ...LEAST, domain: 'eve.chat' }, ['error /domain is of another domain']],
  [
    'several faults at once',
    { ...LEAST, version: 2, name: 7, logo: 'http://bob.chat' },
    ['error /version is missing', 'error /name is missing', 'error /logo is not an https URL'],
  ],
  ['a fault in a bridge', provider({ placement: 'cloud' }), ['error /provider/bridges/0/placement is missing']],
  ['a member of no place', { ...LEAST, contakt: 'x' }, ['warning /contakt is no member', UNSIGNED]],
  ['one of them further in', provider({ colour: 1 }), ['warning /provider/bridges/0/colour is no member', UNSIGNED]],
  ['a pointer’s own signs', { ...LEAST, 'a/b~c\u001b[2J': 1 }, ['warning /a~1b~0c\\u001b[2J is no', UNSIGNED]],
  ['an issuer without keys', { ...LEAST, issuer: ISSUER }, ['error /jwks is missing', UNSIGNED]],
  [
    'a key without a name',
    { ...LEAST, jwks: { keys: [{ ...KEY, kid: undefined }] } },
    ['error /jwks/keys/0 has no kid', UNSIGNED],
  ],
  ['two keys of one name', { ...LEAST, jwks: { keys: [KEY, KEY] } }, ['error /jwks/keys/1/kid is another', UNSIGNED]],
  [
    'a key of another kind',
    { ...LEAST, jwks: { keys: [{ kty: 'RSA' }] } },
    [UNSIGNED, 'note /jwks/keys/0 is of a kind'],
  ],
  [
    'a directory without a log',
    { ...LEAST, directory: { api: 'https://bob.chat' } },
    ['error /directory has no log', UNSIGNED, 'note /directory names no witnesses'],
  ],
  [
    'verifier keys that are none',
    {
      ...LEAST,
      directory: { api: 'https://bob.chat', log: VKEY, witnesses: ['w+1+A'] },
      witness: { url: 'https://w.example', key: 'k' },
    },
    ['error /directory/log is not', 'error /directory/witnesses/0 is not', 'error /witness/key is not', UNSIGNED],
  ],
  [
    'a provider that speaks nothing',
    { ...LEAST, provider: {} },
    ['warning /provider names no protocols', 'warning /provider names no features', UNSIGNED],
  ],
  [
    'a bridge nobody can connect to',
    provider({ endpoint: undefined }),
    ['warning /provider/bridges/0 is on a server', UNSIGNED],
  ],
  [
    'a bridge that reads',
    provider({ encryption: 're-encrypted' }),
    [UNSIGNED, 'note /provider/bridges/0/encryption people are told: re-encrypted-by-bridge'],
  ],
  [
    'a bridge of nobody',
    provider({ operator: undefined, health: undefined }),
    [UNSIGNED, 'note /provider/bridges/0 names no operator', 'note /provider/bridges/0 has no health'],
  ],
  ['a bridge for groups', provider({ for: ['group'] }), [UNSIGNED, 'note /provider/bridges/0/for has no "direct"']],
  ['an end that has passed', { ...LEAST, expires: '2020-01-01T00:00:00Z' }, ['error /expires has expired', UNSIGNED]],
];

describe('findings', () => {
  test.each(CASES)('%s', async (_, document, expected) => {
    const said = await lint(document);
    expect(said.map((line, at) => line.slice(0, expected[at]?.length ?? 0))).toEqual(expected);
  });
  test('21 cases', () => expect(CASES).toHaveLength(21));
});

describe('signatures', () => {
  const day = (days: number): string => new Date((NOW + days * 86_400) * 1000).toISOString().replace('.000Z', 'Z');
  const signed = (more: { [member: string]: Json }) =>
    signDescription({ ...LEAST, jwks: { keys: [KEY] }, seq: NOW, expires: day(60), ...more }, party.key);

  test('one that holds, and for how long', async () => {
    expect(await lint(await signed({}))).toEqual([]);
    expect(await lint(await signed({ expires: day(3) }))).toEqual(['warning /expires ends in 3 days']);
  });
  test.each<[string, (text: string) => string, { [member: string]: Json }, string]>([
    [
      'changed afterwards',
      (text) => text.replace('"Bob"', '"Eve"'),
      {},
      'error /signature has no signature that holds',
    ],
    ['a seq ahead of the clock', (text) => text, { seq: NOW + 100 }, 'error /seq has a seq ahead'],
    ['an end too far away', (text) => text, { expires: day(120) }, 'error /expires expires too far ahead'],
    ['no keys', (text) => text, { jwks: { keys: [] } }, 'error /signature has no signature that holds'],
  ])('%s', async (_, change, more, expected) => {
    const [first = ''] = await lint(change(await signed(more)));
    expect(first).toContain(expected);
  });
});
