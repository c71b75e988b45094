// Makes test/vectors/chains.json, always the same: keys from fixed seeds, nonces that count. `npx node test/support/chain-cases.ts`
// writes the file; test/protocol/chain.test.ts compares it with what is made.
import { writeFileSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519.js';
import { linkHash } from '../../src/protocol/chain/names.ts';
import { thumbprint } from '../../src/protocol/token/temporary-key.ts';
import { formatB64u, utf8 } from '../../src/protocol/wire.ts';

type Members = Readonly<Record<string, unknown>>;
export interface ChainCase {
  readonly name: string;
  readonly links: readonly string[];
  /** Undefined: valid. */
  readonly reason?: string;
}

const NOW = 1_790_000_000;

function makeKey(seed: number) {
  const secret = new Uint8Array(32).fill(seed);
  const jwk = { crv: 'Ed25519', kty: 'OKP', x: formatB64u(ed25519.getPublicKey(secret)) } as const;
  return { secret, jwk, jkt: thumbprint(jwk) };
}
type Key = ReturnType<typeof makeKey>;
const [A, B, C] = [makeKey(1), makeKey(2), makeKey(3)] as const;

let count = 0;
const nonce = (): string =>
  formatB64u(
    Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? count % 256 : i === 14 ? Math.floor(count / 256) : 7)),
  );

/** Text signed as it is: what no honest program writes, too. */
function signText(header: string, payload: string, key: Key): string {
  const input = `${formatB64u(utf8(header))}.${formatB64u(utf8(payload))}`;
  return `${input}.${formatB64u(ed25519.sign(utf8(input), key.secret))}`;
}

const headerOf = (key: Key, typ = 'link', more: Members = {}): string =>
  JSON.stringify({ alg: 'EdDSA', typ: `whereabouts-${typ}+jwt`, jwk: key.jwk, ...more });

/** A member that is undefined is left out. */
function sign(members: Members, key: Key = A, header: Members = {}): string {
  count++;
  return signText(headerOf(key, 'link', header), JSON.stringify(members), key);
}

const start = (change: Members = {}, key: Key = A, header: Members = {}): string =>
  sign({ version: 1, seq: 0, iat: NOW, type: 'start', nonce: nonce(), ...change }, key, header);

/** The next link behind `links`, with whatever is changed in it. */
function next(links: readonly string[], members: Members, key: Key = A, header: Members = {}): string {
  const [first = '', last = ''] = [links[0], links.at(-1)];
  const place = { chain: linkHash(first), seq: links.length, prev: linkHash(last), iat: NOW, nonce: nonce() };
  return sign({ version: 1, ...place, ...members }, key, header);
}

function addKey(
  links: readonly string[],
  added: Key,
  key: Key = A,
  change: { by?: Key; other?: Members; typ?: string } = {},
): string {
  const [first = '', last = ''] = [links[0], links.at(-1)];
  const place = { chain: linkHash(first), seq: links.length, prev: linkHash(last), iat: NOW, nonce: nonce() };
  const members = { version: 1, ...place, type: 'add-key', key: added.jwk, reverse: '' };
  const by = change.by ?? added;
  const signed = signText(headerOf(by, change.typ ?? 'reverse'), JSON.stringify({ ...members, ...change.other }), by);
  return sign({ ...members, reverse: signed.replace(/\.[^.]*\./, '..') }, key);
}

const account = (service: string, name: string, where?: string) => ({
  type: 'add-account',
  service,
  account: name,
  where,
});
const proof = (value: number) => formatB64u(new Uint8Array(32).fill(value));
const HASH = proof(9);

export function makeCases(): ChainCase[] {
  count = 0;
  const cases: ChainCase[] = [];
  const first = [start()];
  const grow = (links: readonly string[], ...more: ((links: readonly string[]) => string)[]): string[] =>
    more.reduce<string[]>((all, make) => [...all, make(all)], [...links]);
  const valid = (name: string, links: readonly string[]) => cases.push({ name, links });
  const invalid = (reason: string, name: string, links: readonly string[]) => cases.push({ name, links, reason });
  /** One link more, that is refused. */
  const bad = (reason: string, name: string, members: Members, links = first, key: Key = A, header: Members = {}) =>
    invalid(reason, name, [...links, next(links, members, key, header)]);

  const two = grow(first, (links) => addKey(links, B));
  const one = grow(first, (links) => next(links, account('hackernews', 'bob')));
  const named = grow(first, (links) =>
    next(links, { type: 'add-name', directory: 'directory.example', proof: proof(1) }),
  );
  const without = grow(two, (links) => next(links, { type: 'remove-key', key: A.jkt }, B));
  const index = { 'https://schema.example/a': { ref: 'urn:example:b', hash: HASH } };
  const sealed = [{ keys: [formatB64u(new Uint8Array(60))], box: formatB64u(new Uint8Array(284)) }];
  const ended = grow(one, (links) => next(links, { type: 'end' }));

  valid('start alone', first);
  valid('start with alg Ed25519', [start({}, A, { alg: 'Ed25519' })]);
  valid('a second key', two);
  valid('the second key removes the first', without);
  valid(
    'accounts of services with and without a place',
    grow(one, (links) => next(links, account('github', 'bob', 'abcdef0123'))),
  );
  valid(
    'an account claimed, taken back, claimed again',
    grow(
      one,
      (links) => next(links, { type: 'remove-account', service: 'hackernews', account: 'bob' }),
      (links) => next(links, account('hackernews', 'bob')),
    ),
  );
  valid(
    'a name held and taken back',
    grow(named, (links) => next(links, { type: 'remove-name', directory: 'directory.example', proof: proof(1) })),
  );
  valid(
    'an index in public and sealed',
    grow(first, (links) => next(links, { type: 'set-index', index, sealed })),
  );
  valid(
    'an index emptied',
    grow(first, (links) => next(links, { type: 'set-index', index: {} })),
  );
  valid('ended', ended);
  valid(
    'a minute back',
    grow(first, (links) => next(links, { ...account('dns', 'bob.example'), iat: NOW - 60 })),
  );
  valid('a minute ahead', [start({ iat: NOW + 60 })]);

  invalid('first-link', 'no link at all', []);
  invalid('first-link', 'begins with another type', one.slice(1));
  invalid('seq-wrong', 'a start that is number 1', [start({ seq: 1 })]);
  invalid('members-invalid', 'a start that names a chain', [start({ chain: HASH })]);
  invalid('members-invalid', 'a start that names a link before', [start({ prev: HASH })]);
  invalid('first-link', 'a second start', [...first, start()]);
  invalid('time-ahead', 'dated 61 seconds ahead', [start({ iat: NOW + 61 })]);
  invalid('version-unknown', 'version 2', [start({ version: 2 })]);
  invalid('version-unknown', 'no version', [start({ version: undefined })]);
  invalid('version-unknown', 'version in words', [start({ version: '1' })]);
  invalid('type-unknown', 'no type', [start({ type: undefined })]);
  bad('type-unknown', 'a type that there is not', { type: 'rename' });
  bad('type-unknown', 'a type of another prototype', { type: 'constructor' });
  for (const member of ['nonce', 'iat', 'seq'])
    invalid('members-invalid', `no ${member}`, [start({ [member]: undefined })]);
  invalid('members-invalid', 'a nonce of 15 octets', [start({ nonce: formatB64u(new Uint8Array(15)) })]);
  invalid('members-invalid', 'iat in words', [start({ iat: String(NOW) })]);
  invalid('members-invalid', 'iat with a fraction', [start({ iat: NOW + 0.5 })]);
  invalid('members-invalid', 'an unknown member', [start({ exp: NOW + 5 })]);
  bad('members-invalid', 'an unknown member later', { type: 'end', reason: 'bored' });
  bad('members-invalid', 'no chain', { type: 'end', chain: undefined });
  bad('members-invalid', 'no prev', { type: 'end', prev: undefined });
  bad('other-chain', 'names another chain', { type: 'end', chain: HASH });
  bad('prev-wrong', 'names another link before', { type: 'end', prev: HASH });
  bad('prev-wrong', 'names the link before the last', { type: 'end', prev: linkHash(first[0] ?? '') }, one);
  bad('seq-wrong', 'a number twice', { type: 'end', seq: 1 }, one);
  bad('seq-wrong', 'a number left out', { type: 'end', seq: 2 });
  bad('time-back', 'dated 61 seconds back', { type: 'end', iat: NOW - 61 });
  bad(
    'time-back',
    'dated back little by little',
    { type: 'end', iat: NOW - 90 },
    grow(first, (links) => next(links, { ...account('dns', 'bob.example'), iat: NOW - 50 })),
  );
  bad('key-unknown', 'signed by a stranger', { type: 'end' }, first, C);
  bad('key-removed', 'signed by a removed key', { type: 'end' }, without, A);
  bad('key-last', 'the last key removed', { type: 'remove-key', key: A.jkt });
  bad('key-absent', 'a key removed that is none', { type: 'remove-key', key: C.jkt }, two);
  bad('key-absent', 'a key removed twice', { type: 'remove-key', key: A.jkt }, without, B);
  invalid('key-again', 'a removed key brought back', [...without, addKey(without, A, B)]);
  invalid('key-there', 'a key added twice', [...two, addKey(two, B)]);
  invalid('reverse-invalid', 'reverse signature by the wrong key', [...first, addKey(first, B, A, { by: C })]);
  invalid('reverse-invalid', 'reverse signature over another time', [
    ...first,
    addKey(first, B, A, { other: { iat: NOW - 1 } }),
  ]);
  invalid('reverse-invalid', 'reverse signature of another typ', [...first, addKey(first, B, A, { typ: 'link' })]);
  bad('reverse-invalid', 'no reverse signature', { type: 'add-key', key: B.jwk, reverse: '' });
  bad('members-invalid', 'reverse left out', { type: 'add-key', key: B.jwk });
  bad('members-invalid', 'a private key added', { type: 'add-key', key: { ...B.jwk, d: HASH }, reverse: '' });
  bad('members-invalid', 'a key of small order added', {
    type: 'add-key',
    key: { ...B.jwk, x: formatB64u(new Uint8Array(32)) },
    reverse: '',
  });
  for (const [service, text, where, what] of [
    ['fax', 'bob', undefined, 'no such service'],
    ['github', 'Bob', 'abcdef0123', 'not the normal form'],
    ['github', 'bob', undefined, 'a place is missing'],
    ['hackernews', 'bob', 'abcdef', 'a place where there is none'],
    ['hackernews', '447700900123', undefined, 'a telephone number'],
    ['dns', 'bob@bob.example', undefined, 'an e-mail address'],
    ['https', '192.0.2.1', undefined, 'an IP address'],
  ] as const)
    bad('account-invalid', `account: ${what}`, account(service, text, where));
  bad('account-there', 'an account claimed twice', account('hackernews', 'bob'), one);
  bad('account-absent', 'an account taken back that is none', {
    type: 'remove-account',
    service: 'hackernews',
    account: 'bob',
  });
  bad('name-there', 'a name twice', { type: 'add-name', directory: 'directory.example', proof: proof(1) }, named);
  bad(
    'name-absent',
    'a name taken back that is none',
    { type: 'remove-name', directory: 'directory.example', proof: proof(2) },
    named,
  );
  bad('members-invalid', 'a name without a domain', {
    type: 'add-name',
    directory: 'https://directory.example',
    proof: proof(1),
  });
  bad('members-invalid', 'a proof of 31 octets', {
    type: 'add-name',
    directory: 'directory.example',
    proof: formatB64u(new Uint8Array(31)),
  });
  for (const [what, value] of Object.entries({
    'a list': [],
    'a telephone number': { 'tel:+442079460123': index['https://schema.example/a'] },
    'an e-mail address': { 'https://a.example/': { ref: 'mailto:bob@bob.example', hash: HASH } },
    'a user part': { 'https://bob@a.example/': { ref: 'urn:a:b', hash: HASH } },
    'no hash': { 'https://a.example/': { ref: 'urn:a:b' } },
    'seventeen entries': Object.fromEntries(
      Array.from({ length: 17 }, (_, i) => [`urn:a:${i}`, { ref: 'urn:a:b', hash: HASH }]),
    ),
  }))
    bad('index-invalid', `index: ${what}`, { type: 'set-index', index: value });
  bad('index-invalid', 'sealed: a wrapped key of 59 octets', {
    type: 'set-index',
    index,
    sealed: [{ keys: [formatB64u(new Uint8Array(59))], box: HASH }],
  });
  bad('index-invalid', 'sealed: for nobody', { type: 'set-index', index, sealed: [{ keys: [], box: HASH }] });
  bad('ended', 'after the end', { type: 'end' }, ended);
  const seventeen = Array.from({ length: 16 }, (_, i) => makeKey(10 + i)).reduce<string[]>(
    (links, key) => [...links, addKey(links, key)],
    first,
  );
  invalid('keys-full', 'a seventeenth key', seventeen);
  invalid(
    'accounts-full',
    'a thirty-third account',
    Array.from({ length: 33 }, (_, i) => i).reduce<string[]>(
      (links, i) => [...links, next(links, account('dns', `a${i}.example`))],
      first,
    ),
  );
  invalid(
    'names-full',
    'a seventeenth name',
    Array.from({ length: 17 }, (_, i) => i).reduce<string[]>(
      (links, i) => [...links, next(links, { type: 'add-name', directory: 'a.example', proof: proof(i) })],
      first,
    ),
  );
  invalid('token-invalid', 'no token', ['start']);
  invalid('token-invalid', 'another typ', [start({}, A, { typ: 'whereabouts-route+jwt' })]);
  invalid('token-invalid', 'alg none', [start({}, A, { alg: 'none' })]);
  invalid('token-invalid', 'crit', [start({}, A, { crit: [] })]);
  invalid('token-invalid', 'a key by name', [start({}, A, { kid: 'k1' })]);
  invalid('token-invalid', 'duplicate member', [
    signText(headerOf(A), `{"version":1,"version":1,"seq":0,"iat":${NOW},"type":"start","nonce":"${nonce()}"}`, A),
  ]);
  invalid('token-invalid', 'padding', [`${start()}=`]);
  invalid('signature-invalid', 'signed by another key than the header’s', [
    signText(headerOf(B), JSON.stringify({ version: 1, seq: 0, iat: NOW, type: 'start', nonce: nonce() }), A),
  ]);
  return cases;
}

export const formatCases = (): string => `${JSON.stringify({ now: NOW, cases: makeCases() }, null, 1)}\n`;

if (process.argv[1] === import.meta.filename)
  writeFileSync(new URL('../vectors/chains.json', import.meta.url), formatCases());
