// Accounts elsewhere: one spelling each, hostile ones refused by code without being repeated.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isImported,
  isSelfHosted,
  isService,
  parseAccount,
  parseAccountName,
  parseAccountNames,
  parseClaim,
  SERVICES,
  type Service,
} from '../../src/protocol/account.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';

const services = Object.keys(SERVICES).filter(isService);

function refusal(work: () => unknown): WhereaboutsError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof WhereaboutsError) return error;
    throw error;
  }
}

const PLC = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz';

const NORMAL: readonly (readonly [Service, string, string])[] = [
  ['dns', 'Bob.Example', 'bob.example'],
  ['dns', 'bücher.example', 'xn--bcher-kva.example'],
  ['dns', 'bob.co.uk', 'bob.co.uk'],
  ['https', 'bob.github.io', 'bob.github.io'],
  ['https', 'bob.localhost', 'bob.localhost'],
  ['github', 'Bob-Smith', 'bob-smith'],
  ['github', 'a'.repeat(39), 'a'.repeat(39)],
  ['github', 'b2', 'b2'],
  ['gitlab', 'Bob.Smith_1', 'bob.smith_1'],
  ['activitypub', '@Bob@Mastodon.Example', '@bob@mastodon.example'],
  ['activitypub', '@b.o-b_@mastodon.example', '@b.o-b_@mastodon.example'],
  ['matrix', '@bob:Matrix.Example', '@bob:matrix.example'],
  ['matrix', '@bob=2fx/+-._:matrix.example', '@bob=2fx/+-._:matrix.example'],
  ['bluesky', 'Bob.Bsky.Social', 'bob.bsky.social'],
  ['hackernews', 'BobSmith', 'BobSmith'],
  ['keybase', 'Max_32', 'max_32'],
  ['plc', PLC, PLC],
  ['asp', 'aspe:Keys.Example:qprgvpjnwdxh4esk2rydtzjlte', 'aspe:keys.example:QPRGVPJNWDXH4ESK2RYDTZJLTE'],
];

test('every spelling has its normal form, which is its own', () => {
  for (const [service, text, normal] of NORMAL) {
    expect(parseAccount(service, text), `${service} ${text}`).toBe(normal);
    expect(parseAccount(service, normal)).toBe(normal);
    expect(parseAccountName(`${service}:${text}`)).toEqual({ service, account: normal });
  }
  expect(new Set(NORMAL.map(([service]) => service))).toEqual(new Set(services));
});

const NO_HOSTS = [
  'example',
  'co.uk',
  'github.io',
  'com',
  '.bob.example',
  'bob..example',
  'bob.example.',
  '-bob.example',
  'bob-.example',
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '1.2.3.04',
  '[::1]',
  '::1',
  '[::ffff:127.0.0.1]',
  '127。0。0。1',
  '①②⑦.0.0.1',
  'bob.example:443',
  'bob.example/',
  'bob.example?',
  'bob.example#',
  'https://bob.example',
  'bob@bob.example',
  'bob example.com',
  ' bob.example',
  'bob.example\n',
  'bob.example\0',
  'bob%2eexample',
  'bob_x.example',
  'xn--a.example',
  'xn--.example',
  'bob\\.example',
  'bob.local',
  'bob.onion',
  '1.0.0.127.in-addr.arpa',
  'bob.internal',
  'handle.invalid',
  'bob.alt',
  'localhost',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(130)}example`,
  '\u202ebob.example',
  'bo\u200bb.example!',
  '',
  '.',
  '..',
];

const HOSTED: readonly (readonly [Service, (host: string) => string])[] = [
  ['dns', (host) => host],
  ['https', (host) => host],
  ['bluesky', (host) => host],
  ['activitypub', (host) => `@bob@${host}`],
  ['matrix', (host) => `@bob:${host}`],
  ['asp', (host) => `aspe:${host}:QPRGVPJNWDXH4ESK2RYDTZJLTE`],
];

test('what is no host somebody registered is an account nowhere', () => {
  for (const [service, at] of HOSTED)
    for (const host of NO_HOSTS)
      expect(refusal(() => parseAccount(service, at(host)))?.code, `${service} ${host}`).toBe('account-invalid');
});

const NOT: Readonly<Record<Service, readonly string[]>> = {
  dns: ['_whereabouts.bob.example', '*.example'],
  https: ['bob.example/path'],
  github: [
    '-bob',
    'bob-',
    'bo--b',
    'a'.repeat(40),
    'bob.x',
    'bob_x',
    'bob/gist',
    'bob?',
    'bob#',
    '..',
    'bób',
    'bob ',
    'bob\n',
    '@bob',
    '',
  ],
  gitlab: ['b', '-bob', 'bob-', 'bob.', 'bob.git', 'bob.atom', 'bob/x', 'bob?x', 'bob%2f', 'b'.repeat(256), 'BOB.GIT'],
  activitypub: [
    'bob@mastodon.example',
    '@bob',
    '@@mastodon.example',
    '@bob@x@mastodon.example',
    '@bob/x@mastodon.example',
    '@bob?@mastodon.example',
    '@.bob@mastodon.example',
    '@bob.@mastodon.example',
    '@bób@mastodon.example',
    `@${'b'.repeat(65)}@mastodon.example`,
    'acct:bob@mastodon.example',
    'https://mastodon.example/@bob',
  ],
  matrix: [
    'bob:matrix.example',
    '@bob',
    '@Bob:matrix.example',
    '@:matrix.example',
    '@bob:matrix.example:8448',
    '@bob=40mail.example:matrix.example',
    '@bob#:matrix.example',
    '@bób:matrix.example',
    '@bob@x:matrix.example',
    `@${'b'.repeat(250)}:matrix.example`,
    '#bob:matrix.example',
  ],
  bluesky: ['@bob.bsky.social', 'at://bob.bsky.social', PLC, 'bob'],
  hackernews: ['b', 'b'.repeat(16), 'bob.x', 'bob x', 'bob&id=alice', 'bob%', 'böb', ''],
  keybase: ['b', '_bob', 'bob_', 'bo__b', 'b'.repeat(17), 'bob.x', 'bob-x'],
  plc: ['did:plc:', `${PLC}a`, PLC.toUpperCase(), 'did:web:bob.example', PLC.replace('e', '1'), ` ${PLC}`],
  asp: [
    'aspe:keys.example:QPRGVPJNWDXH4ESK2RYDTZJLT',
    'aspe:keys.example:QPRGVPJNWDXH4ESK2RYDTZJLT1',
    'aspe:keys.example',
    'ASPE:keys.example:QPRGVPJNWDXH4ESK2RYDTZJLTE',
    'openpgp4fpr:3637202523E7C1309AB79E99EF2DC5827B445F4B',
  ],
};

test('hostile accounts of every service are refused, and no message repeats them', () => {
  for (const service of services)
    for (const text of NOT[service]) {
      const error = refusal(() => parseAccount(service, text));
      expect(error?.code, `${service} ${text}`).toBe('account-invalid');
      if (text.length > 4) expect(error?.message).not.toContain(text);
    }
  expect(services.flatMap((service) => NOT[service]).length).toBeGreaterThan(70);
});

test('no e-mail address and no telephone number is an account of any service', () => {
  const personal = [
    'bob@mail.example',
    'mailto:bob@mail.example',
    '447700900123',
    '+447700900123',
    '0044-7700-900123',
    '4477.00900.123',
    '5551234',
    'tel:+447700900123',
  ];
  for (const service of services)
    for (const text of personal)
      for (const at of [text, `@${text}:matrix.example`, `@${text}@mastodon.example`])
        expect(refusal(() => parseAccount(service, at))?.code, `${service} ${at}`).toBe('account-invalid');
  expect(refusal(() => parseAccount('bluesky', '447700900123.bsky.social'))?.code).toBe('account-invalid');
});

test('too long is refused before any work', () => {
  for (const service of services)
    expect(refusal(() => parseAccount(service, `${'ü'.repeat(1_000_000)}.example`))?.code).toBe('account-invalid');
});

const EVENT = `$${'A'.repeat(43)}`;
const PLACES: readonly (readonly [Service, string, string])[] = [
  ['github', 'bob', 'aa5a315d61ae9438b18d'],
  ['github', 'bob', '6cad326836d38bd3a7ae65a1b3b1ae5d'],
  ['gitlab', 'bob', '2345678'],
  ['activitypub', '@bob@mastodon.example', 'https://mastodon.example/users/bob/statuses/109'],
  ['activitypub', '@bob@mastodon.example', 'https://social.mastodon.example/@bob/109'],
  ['matrix', '@bob:matrix.example', `!abc:other.example/${EVENT}`],
  ['matrix', '@bob:matrix.example', `!${'b'.repeat(43)}/${EVENT}`],
  ['bluesky', 'bob.bsky.social', `at://${PLC}/app.bsky.feed.post/3k2akyl7fwc2s`],
  ['bluesky', 'bob.bsky.social', 'at://did:web:bob.example/app.bsky.actor.profile/self'],
];

test('places of posts', () => {
  for (const [service, account, where] of PLACES) expect(parseClaim({ service, account, where }).where).toBe(where);
});

const NO_PLACES: readonly (readonly [Service, string, readonly string[]])[] = [
  ['dns', 'bob.example', ['', '_whereabouts.bob.example', 'https://bob.example/']],
  ['https', 'bob.example', ['/other.txt', 'https://bob.example/x']],
  [
    'github',
    'bob',
    [
      '',
      'bob/aa5a315d61ae9438b18d',
      'AA5A315D61AE9438B18D',
      'aa5a315d61ae9438b18d/comments',
      '../users/bob',
      'aa5a315d61ae9438b18d?x',
      'aa5a%2f',
      'https://gist.github.com/bob/aa5a315d61ae9438b18d',
    ],
  ],
  ['gitlab', 'bob', ['', '0', '01', '-1', '1/raw', '1?x=y', '1e3', '9'.repeat(13)]],
  [
    'activitypub',
    '@bob@mastodon.example',
    [
      '',
      'http://mastodon.example/1',
      'https://evil.example/@bob/1',
      'https://mastodon.example.evil.test/1',
      'https://evil.test/#https://mastodon.example/1',
      'https://mastodon.example@evil.test/1',
      'https://mastodon.example:444/1',
      'https://mastodon.example/1?x=y',
      'https://mastodon.example/1#x',
      'https://mastodon.example/a/../b',
      'https://mastodon.example/%2e%2e/b',
      'https://127.0.0.1/1',
      'https://Mastodon.example/1',
      'https://mastodon.example\\@evil.test/1',
    ],
  ],
  [
    'matrix',
    '@bob:matrix.example',
    [
      '',
      EVENT,
      '!abc:other.example',
      `!abc:127.0.0.1/${EVENT}`,
      `!abc:other.example/${EVENT}/x`,
      `!abc:other.example/${EVENT}?x`,
      `!../x:other.example:8448/${EVENT}`,
      `#abc:other.example/${EVENT}`,
      `!short/${EVENT}`,
    ],
  ],
  [
    'bluesky',
    'bob.bsky.social',
    [
      '',
      'at://bob.bsky.social/app.bsky.feed.post/3k2akyl7fwc2s',
      `at://${PLC}/app.bsky.feed.like/3k2akyl7fwc2s`,
      `at://${PLC}/app.bsky.feed.post/self`,
      `at://${PLC}/app.bsky.actor.profile/other`,
      'at://did:web:127.0.0.1/app.bsky.actor.profile/self',
      'at://did:web:bob.example%3A8080/app.bsky.actor.profile/self',
      'at://did:web:bob.example:path/app.bsky.actor.profile/self',
      `at://${PLC}/app.bsky.feed.post/3k2akyl7fwc2s?x`,
      'at://did:key:zQ3shX/app.bsky.actor.profile/self',
    ],
  ],
  ['hackernews', 'Bob', ['', '123']],
  ['keybase', 'bob', ['x']],
  ['plc', PLC, ['x']],
  ['asp', 'aspe:keys.example:QPRGVPJNWDXH4ESK2RYDTZJLTE', ['x']],
];

test('what is no place of a post there is refused', () => {
  for (const [service, account, places] of NO_PLACES)
    for (const where of places)
      expect(refusal(() => parseClaim({ service, account, where }))?.code, `${service} ${where}`).toBe(
        'account-invalid',
      );
  expect(new Set(NO_PLACES.map(([service]) => service))).toEqual(new Set(services));
});

test('a claim takes the normal form only, a service of the list only, and a place where one is needed', () => {
  for (const [service, account] of [
    ['github', 'Bob'],
    ['twitter', 'bob'],
    ['constructor', 'bob'],
    ['__proto__', 'bob'],
    ['', 'bob'],
  ] as const)
    expect(refusal(() => parseClaim({ service, account, where: 'aa5a315d61ae9438b18d' }))?.code).toBe(
      'account-invalid',
    );
  for (const service of ['github', 'bluesky'])
    expect(refusal(() => parseClaim({ service, account: service === 'github' ? 'bob' : 'bob.test' }))?.code).toBe(
      'account-invalid',
    );
  for (const text of ['bob', ':bob', 'dns', 'dns:', 'DNS:bob.example', 'toString:bob'])
    expect(refusal(() => parseAccountName(text))?.code, text).toBe('account-invalid');
});

test.each([
  ['bob', ['github:bob', 'gitlab:bob', 'hackernews:bob', 'keybase:bob']],
  ['Bob', ['github:bob', 'gitlab:bob', 'hackernews:Bob', 'keybase:bob']],
  ['bob.example', ['dns:bob.example', 'https:bob.example', 'gitlab:bob.example', 'bluesky:bob.example']],
  ['@Bob@mastodon.example', ['activitypub:@bob@mastodon.example']],
  ['@bob:matrix.example', ['matrix:@bob:matrix.example']],
  ['github:Bob', ['github:bob']],
  ['did:plc:ewvi7nxzyoun6zhxrhs64oiz', ['plc:did:plc:ewvi7nxzyoun6zhxrhs64oiz']],
])('%s is looked for as each account that it may name', (text, names) => {
  expect(parseAccountNames(text).map(({ service, account }) => `${service}:${account}`)).toEqual(names);
});

test('a number, an e-mail address, nothing: no account of any service', () => {
  for (const text of [
    '',
    '+44 20 7946 0123',
    '442079460123',
    'bob@bob.example',
    'github:',
    'github:bob.example',
    ' bob',
  ])
    expect(refusal(() => parseAccountNames(text))?.code, text).toBe('account-invalid');
});

test('whose owner may see who looks', () => {
  expect(services.filter(isSelfHosted)).toEqual(['dns', 'https', 'activitypub', 'matrix', 'bluesky', 'asp']);
  expect(services.filter(isImported)).toEqual(['keybase', 'plc', 'asp']);
});

test('whatever is typed: a normal form is its own, everything else is refused by its one code', () => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.stringMatching(/^[@a-zA-Z0-9:._-]{0,40}$/),
    fc.domain(),
    fc.emailAddress(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...services), word, (service, text) => {
      const error = refusal(() => parseAccount(service, text));
      if (error !== undefined) return error.code === 'account-invalid';
      const account = parseAccount(service, text);
      return parseAccount(service, account) === account && !/^[^@]+@/.test(account);
    }),
    { numRuns: 2_000 },
  );
});
