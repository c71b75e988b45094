// Ariadne profiles: the published one, ours with one sin each, and a served one.
import { beforeAll, describe, expect, test } from 'vitest';
import { fetchAsp } from '../../src/evidence/asp/fetch.ts';
import { importAsp } from '../../src/evidence/asp/profile.ts';
import { createSafeFetch, type Transport } from '../../src/evidence/safe-fetch.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { A, party, payload, sign, type Party } from './asp-profile.ts';

const NOW = 1_700_000_000;

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof WhereaboutsError) return error.extensions['reason'] ?? error.code;
    throw error;
  }
}

let [alice, bob, carol]: [Party, Party, Party] = [] as never;
beforeAll(async () => {
  [alice, bob, carol] = await Promise.all([party('EdDSA'), party('EdDSA'), party('ES256')]);
});

describe('profiles', () => {
  test('Ed25519 and P-256, claims as accounts where there is the service', async () => {
    const claims = [
      'https://gist.github.com/Alice/0123456789abcdef0123456789abcdef',
      'dns:alice.example?type=TXT',
      'https://mastodon.social/@alice',
      'matrix:u/alice:matrix.org?org.keyoxide.r=x',
      'https://news.ycombinator.com/user?id=Alice',
      'openpgp4fpr:3637202523e7c1309ab79e99ef2dc5827b445f4b',
      'https://twitter.com/alice/status/1',
    ];
    for (const by of [alice, carol]) {
      const { accounts, foreign, fingerprint, name } = await importAsp(await sign(by, payload(claims)), { now: NOW });
      expect([fingerprint, name]).toEqual([by.fingerprint, 'Alice']);
      expect(accounts.map(({ service, account, where = '' }) => `${service} ${account} ${where}`.trim())).toEqual([
        'github alice 0123456789abcdef0123456789abcdef',
        'dns alice.example',
        'activitypub @alice@mastodon.social',
        'matrix @alice:matrix.org',
        'hackernews Alice',
      ]);
      expect(foreign.map(({ service }) => service)).toEqual(['openpgp4fpr', 'https']);
    }
  });

  test('one sin each', async () => {
    const good = payload(['dns:alice.example']);
    const sins: readonly [string, string, Promise<string>][] = [
      ['another typ', 'syntax', sign(alice, good, { typ: 'at+jwt' })],
      ['a member in the header', 'syntax', sign(alice, good, { cty: 'x' })],
      ['another’s kid', 'fingerprint', sign(alice, good, { kid: bob.fingerprint })],
      ['another’s key and kid', 'signature', sign(alice, good, { kid: bob.fingerprint, jwk: bob.jwk })],
      ['a private key', 'algorithm', sign(alice, good, { jwk: { ...alice.jwk, d: 'AA' } })],
      ['a key of another algorithm', 'algorithm', sign(alice, good, { jwk: carol.jwk, kid: carol.fingerprint })],
      ['expired', 'expired', sign(alice, { ...good, exp: NOW })],
      ['javascript:', 'claim', sign(alice, payload(['dns:alice.example', 'javascript:alert(1)']))],
      ['JAVASCRIPT:', 'claim', sign(alice, payload([' JAVASCRIPT:alert(1)'.trim()]))],
      ['data:', 'claim', sign(alice, payload(['data:text/html,x']))],
      ['a line end', 'claim', sign(alice, payload(['https://a.example/\n']))],
      ['a telephone number', 'claim', sign(alice, payload(['tel:+15550100']))],
      ['another version', 'syntax', sign(alice, { ...good, [`${A}version`]: 1 })],
      ['a request', 'syntax', sign(alice, { ...good, [`${A}type`]: 'request' })],
      ['no claims', 'syntax', sign(alice, { ...good, [`${A}claims`]: undefined })],
    ];
    for (const [sin, reason, token] of sins)
      expect(await reasonOf(importAsp(await token, { now: NOW })), sin).toBe(reason);
    expect((await importAsp(await sign(alice, { ...good, exp: NOW + 1 }), { now: NOW })).expires).toBe(NOW + 1);
    const unsigned = `${Buffer.from(JSON.stringify({ typ: 'JWT', alg: 'none', kid: alice.fingerprint, jwk: alice.jwk })).toString('base64url')}.e30.`;
    expect(await reasonOf(importAsp(unsigned, { now: NOW }))).toBe('algorithm');
  });

  test('the published key has the published fingerprint', async () => {
    const x = '__poSQwNedopfLKP3ZgM6FXz9LIJszDZh5wKcoQF71U';
    const jwk = { kty: 'OKP', use: 'sig', crv: 'Ed25519', x };
    const kid = 'QPRGVPJNWDXH4ESK2RYDTZJLTE';
    // Only its owner can sign: what is left to be wrong is the signature.
    expect(await reasonOf(importAsp(await sign(alice, payload([]), { jwk, kid }), { now: NOW }))).toBe('signature');
    const other = kid.replace('Q', 'R');
    expect(await reasonOf(importAsp(await sign(alice, payload([]), { jwk, kid: other }), { now: NOW }))).toBe(
      'fingerprint',
    );
  });

  test('every character', async () => {
    const token = await sign(alice, payload(['dns:alice.example']));
    for (let at = 0; at < token.length; at++) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect(
        await reasonOf(importAsp(changed, { now: NOW, fingerprint: alice.fingerprint })),
        `at ${at}`,
      ).toBeDefined();
    }
  });

  test('accounts look only where the pattern ends', async () => {
    const claims = [
      'https://evil.example/#https://gist.github.com/alice/0123456789abcdef0123456789abcdef',
      'https://evil.example/?https://gitlab.com/alice',
      'dns:alice.example/evil.example',
    ];
    const { accounts } = await importAsp(await sign(alice, payload(claims)), { now: NOW });
    expect(accounts).toEqual([]);
  });
});

describe('over ASPE', () => {
  const served = (token: string, type = 'application/asp+jwt'): { transport: Transport; asked: string[] } => {
    const asked: string[] = [];
    return {
      asked,
      transport: async ({ url }) => {
        asked.push(url.href);
        if (!url.pathname.endsWith(alice.fingerprint)) return new Response(null, { status: 404 });
        return new Response(token, { headers: { 'content-type': type } });
      },
    };
  };
  const get = (transport: Transport, uri: string) =>
    fetchAsp(uri, { fetch: createSafeFetch(transport, { sandbox: false }), now: NOW });

  test('finds, does not find, is not fooled', async () => {
    const token = await sign(alice, payload(['dns:alice.example']));
    const { transport, asked } = served(token);
    const uri = `aspe:keys.example.com:${alice.fingerprint.toLowerCase()}`;
    expect((await get(transport, uri))?.name).toBe('Alice');
    expect(asked).toEqual([`https://keys.example.com/.well-known/aspe/id/${alice.fingerprint}`]);
    expect(await get(transport, `aspe:keys.example.com:${bob.fingerprint}`)).toBeUndefined();
    const bobs = served(await sign(bob, payload([])));
    expect(await reasonOf(get(bobs.transport, uri))).toBe('owner-other');
    expect(await reasonOf(get(served(token, 'text/html').transport, uri))).toBe('url-refused');
    expect(await reasonOf(get(transport, 'aspe:127.0.0.1:QPRGVPJNWDXH4ESK2RYDTZJLTE'))).toBe('account-invalid');
  });
});
