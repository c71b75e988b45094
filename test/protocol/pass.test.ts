// Passes (§4.6), which tokens.json leaves out, and that what we sign is what we accept.
import { assert as assertLaw, asyncProperty, constantFrom, nat, pre } from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { signAttestation, verifyAttestation } from '../../src/protocol/token/attestation.ts';
import {
  readPass,
  signClientToken,
  signPass,
  verifyClientToken,
  verifyPass,
} from '../../src/protocol/token/client-token.ts';
import { signDeposit, verifyDeposit } from '../../src/protocol/token/deposit.ts';
import type { Jwks, SigningKey } from '../../src/protocol/token/jws.ts';
import { signPossession, verifyPossession } from '../../src/protocol/token/possession.ts';
import { signRoute, verifyRoute } from '../../src/protocol/token/route.ts';
import { generateTemporaryKey, type TemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { signWithdrawal, verifyWithdrawal } from '../../src/protocol/token/withdrawal.ts';
import { formatB64u } from '../../src/protocol/wire.ts';
import { sha256 } from '@noble/hashes/sha2.js';

const NOW = 1_790_000_000;
const JTI = formatB64u(new Uint8Array(16).fill(1));
const NAME = formatB64u(new Uint8Array(32).fill(2));
const DAY = 86_400;

let temporary: TemporaryKey;
let signing: SigningKey;
let jwks: Jwks;
let es256: SigningKey;

beforeAll(async () => {
  temporary = await generateTemporaryKey();
  const own = await generateTemporaryKey();
  signing = { alg: 'EdDSA', kid: 'one', privateKey: own.privateKey };
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  if (!('publicKey' in pair)) throw new Error('no pair');
  es256 = { alg: 'ES256', kid: 'two', privateKey: pair.privateKey };
  const { kty = '', crv = '', x = '', y = '' } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  jwks = {
    keys: [
      { ...own.jwk, kid: 'one' },
      { kty, crv, x, y, kid: 'two' },
    ],
  };
});

const keys = (iss: string) => (iss === 'bob.example' ? jwks : undefined);
const pass = () => ({
  iss: 'bob.example',
  aud: 'api.directory.example',
  sub: temporary.jkt,
  iat: NOW,
  exp: NOW + 300,
  jti: JTI,
});
const expected = { now: NOW, aud: ['api.directory.example', 'api.directory.example:8443'], keys };

describe('passes', () => {
  test('valid, with each key, for each name of the host', async () => {
    for (const key of [signing, es256])
      for (const aud of expected.aud) {
        const token = await signPass({ ...pass(), aud }, key);
        expect(await verifyPass(token, expected)).toEqual({ ...pass(), aud });
        expect(readPass(token)).toEqual({ ...pass(), aud });
      }
  });

  test('refused', async () => {
    const other = await generateTemporaryKey();
    const cases: Record<string, () => Promise<string>> = {
      'lives 301 s': () => signPass({ ...pass(), exp: NOW + 301 }, signing),
      expired: () => signPass({ ...pass(), iat: NOW - 300, exp: NOW }, signing),
      'issued 61 s ahead': () => signPass({ ...pass(), iat: NOW + 61, exp: NOW + 100 }, signing),
      'for another host': () => signPass({ ...pass(), aud: 'directory.example' }, signing),
      'host in upper case': () => signPass({ ...pass(), aud: 'API.directory.example' }, signing),
      'sub is no thumbprint': () => signPass({ ...pass(), sub: JTI }, signing),
      'jti of 8 octets': () => signPass({ ...pass(), jti: 'AAAAAAAAAAA' }, signing),
      'by an issuer without keys': () => signPass({ ...pass(), iss: 'eve.example' }, signing),
      'iss is no domain': () => signPass({ ...pass(), iss: 'Bob.example' }, signing),
      'kid that is not listed': () => signPass(pass(), { ...signing, kid: 'three' }),
      'kid of another key': () => signPass(pass(), { ...signing, kid: 'two' }),
      'signed by another key': () => signPass(pass(), { ...signing, privateKey: other.privateKey }),
      'a client token': () => signClientToken({ ...pass(), exp: NOW + 60 }, signing),
      nothing: async () => '',
    };
    for (const [title, make] of Object.entries(cases)) {
      const code = await verifyPass(await make(), expected).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
      expect({ title, code }).toEqual({ title, code: 'token-invalid' });
    }
    expect(Object.keys(cases)).toHaveLength(14);
  });

  test('a pass is no client token', async () => {
    const token = await signPass({ ...pass(), exp: NOW + 60 }, signing);
    await expect(verifyClientToken(token, expected)).rejects.toMatchObject({ code: 'token-invalid' });
  });

  test('an issuer that does not say which key it signs with cannot sign', async () => {
    const { alg, privateKey } = signing;
    await expect(signPass(pass(), { alg, privateKey })).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

describe('what we sign we accept', () => {
  const common = { aud: 'directory.example', sub: NAME, iat: NOW, exp: NOW + 30 * DAY };
  const expect2 = { now: NOW, aud: 'directory.example', sub: NAME };

  test('every kind', async () => {
    const attestation = {
      iss: 'bob.example',
      ...common,
      jkt: temporary.jkt,
      amr: ['account'],
      jti: JTI,
      account: NAME,
    };
    expect(
      await verifyAttestation(await signAttestation(attestation, es256), { ...expect2, jkt: temporary.jkt, keys }),
    ).toEqual(attestation);

    const proof = {
      ...common,
      seq: 1,
      auto: true,
      claims: [NAME],
      routes: [{ provider: 'bob.example', address: '@bob' }],
    };
    expect(await verifyRoute(await signRoute(proof, temporary), expect2)).toEqual({ jkt: temporary.jkt, ...proof });

    const sealed = new Uint8Array(10);
    const deposit = { ...common, seq: 1, sealed: formatB64u(sha256(sealed)) };
    expect(await verifyDeposit(await signDeposit(deposit, temporary), { ...expect2, sealed })).toEqual({
      jkt: temporary.jkt,
      ...deposit,
    });

    const possession = { aud: 'bob.example', iat: NOW, exp: NOW + 300, nonce: 'n' };
    const proven = await verifyPossession(await signPossession(possession, temporary), {
      now: NOW,
      aud: 'bob.example',
    });
    expect(proven).toEqual({ jkt: temporary.jkt, nonce: 'n' });

    const short = { ...common, exp: NOW + 300 };
    const byHolder = await signWithdrawal({ by: 'holder', ...short, seq: 2 }, temporary);
    expect(await verifyWithdrawal(byHolder, { ...expect2, keys })).toEqual({
      by: 'holder',
      jkt: temporary.jkt,
      ...short,
      seq: 2,
    });
    const byIssuer = await signWithdrawal({ iss: 'bob.example', ...short, jti: JTI }, signing);
    expect(await verifyWithdrawal(byIssuer, { ...expect2, keys })).toEqual({
      by: 'issuer',
      iss: 'bob.example',
      ...short,
      jti: JTI,
    });
  });

  test('bridges of one’s own: https, and http only in the sandbox', async () => {
    const bridge = {
      from: ['alice.example'],
      protocol: 'matrix',
      placement: 'client',
      encryption: 're-encrypted',
    } as const;
    const withEndpoint = (endpoint: string) =>
      signRoute(
        { ...common, seq: 1, auto: true, routes: [{ provider: 'bob.example', bridges: [{ ...bridge, endpoint }] }] },
        temporary,
      );
    await expect(verifyRoute(await withEndpoint('https://phone.example/b'), expect2)).resolves.toBeDefined();
    const local = await withEndpoint('http://phone.localhost:8080/b');
    await expect(verifyRoute(local, expect2)).rejects.toMatchObject({ code: 'token-invalid' });
    await expect(verifyRoute(local, { ...expect2, sandbox: true })).resolves.toBeDefined();
    for (const url of ['http://phone.example', 'https://127.0.0.1', 'https://u:p@phone.example', 'javascript:alert(1)'])
      await expect(verifyRoute(await withEndpoint(url), expect2)).rejects.toMatchObject({ code: 'token-invalid' });
  });

  test('text that would play tricks on a screen is refused', async () => {
    for (const address of ['', 'a\u001b[2J', 'a\nb', '\u202ebob'])
      await expect(
        verifyRoute(
          await signRoute({ ...common, seq: 1, auto: true, routes: [{ provider: 'bob.example', address }] }, temporary),
          expect2,
        ),
      ).rejects.toMatchObject({ code: 'token-invalid' });
  });

  test('what does not fit into a token is not signed', async () => {
    const routes = [{ provider: 'bob.example', address: 'a'.repeat(8_000) }];
    await expect(signRoute({ ...common, seq: 1, auto: true, routes }, temporary)).rejects.toMatchObject({
      code: 'request-invalid',
    });
  });

  test('any change of any character of a token makes it refused', async () => {
    const proof = { ...common, seq: 1, auto: true, routes: [{ provider: 'bob.example' }] };
    const token = await signRoute(proof, temporary);
    const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=';
    await assertLaw(
      asyncProperty(nat(token.length - 1), constantFrom(...characters.split('')), async (at, character) => {
        pre(token[at] !== character);
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        await expect(verifyRoute(changed, expect2)).rejects.toMatchObject({ code: 'token-invalid' });
      }),
      { numRuns: 300 },
    );
  });
});
