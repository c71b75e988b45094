// tokens.json (rules T1–T12): every kind of token, good and with one named sin. Passes have a file of their own.
import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { readAttestation, verifyAttestation } from '../../src/protocol/token/attestation.ts';
import { readClientToken, verifyClientToken } from '../../src/protocol/token/client-token.ts';
import { verifyDeposit, verifyDepositFitsRoute } from '../../src/protocol/token/deposit.ts';
import type { Jwks } from '../../src/protocol/token/jws.ts';
import { verifyPossession } from '../../src/protocol/token/possession.ts';
import { verifyRoute } from '../../src/protocol/token/route.ts';
import { generateTemporaryKey, parseTemporaryJwk, thumbprint } from '../../src/protocol/token/temporary-key.ts';
import {
  fitsRecord,
  readWithdrawal,
  verifyWithdrawal,
  type WithdrawableRecord,
} from '../../src/protocol/token/withdrawal.ts';
import { formatB64u, parseB64u, utf8 } from '../../src/protocol/wire.ts';
import { ownVector } from '../support/vectors.ts';

interface Case {
  readonly title: string;
  readonly ok: boolean;
  readonly token: string;
}

interface Kind<E> {
  readonly expect: E;
  readonly cases: readonly Case[];
}

interface Named {
  readonly now: number;
  readonly aud: string;
  readonly sub: string;
}

const vectors = ownVector<{
  context: { clients: Record<string, Jwks>; issuers: Record<string, Jwks> };
  keys: { temporary: { jwk: { crv: 'Ed25519'; kty: 'OKP'; x: string }; jkt: string } };
  kinds: {
    attestation: Kind<Named & { jkt: string }>;
    route: Kind<Named>;
    possession: Kind<{ now: number; aud: string; nonce: string }>;
    deposit: Kind<Named & { sealed: string }> & { with_route: { cases: readonly (Case & { route: string })[] } };
    withdrawal: Kind<{ now: number; aud: string; record: WithdrawableRecord }>;
    client: Kind<{ now: number; aud: string; used_jti: readonly string[] }>;
  };
}>('tokens.json');
const { context, keys, kinds } = vectors;
const issuers = (iss: string) => context.issuers[iss];

/** Runs all cases of a kind and tells how many were good and refused, and by which codes. */
async function run(cases: readonly Case[], verify: (token: string) => Promise<unknown>) {
  const refused: Record<string, number> = {};
  let good = 0;
  for (const { title, ok, token } of cases) {
    const code = await verify(token).then(
      () => 'accepted',
      (error: unknown) => (error instanceof WhereaboutsError ? error.code : String(error)),
    );
    expect({ title, accepted: code === 'accepted' }).toEqual({ title, accepted: ok });
    if (code === 'accepted') good += 1;
    else refused[code] = (refused[code] ?? 0) + 1;
  }
  return { good, refused };
}

describe('tokens.json', () => {
  test('attestations', async () => {
    const { expect: expected, cases } = kinds.attestation;
    const verify = async (token: string) => {
      const verified = await verifyAttestation(token, { ...expected, keys: issuers });
      expect(verified).toEqual(readAttestation(token));
    };
    expect(await run(cases, verify)).toEqual({ good: 8, refused: { 'token-invalid': 67 } });
  });

  test('routing proofs', async () => {
    const { expect: expected, cases } = kinds.route;
    const verify = async (token: string) => {
      expect((await verifyRoute(token, expected)).jkt).toBe(keys.temporary.jkt);
    };
    expect(await run(cases, verify)).toEqual({ good: 11, refused: { 'token-invalid': 77 } });
  });

  test('proofs of possession', async () => {
    const { expect: expected, cases } = kinds.possession;
    const verify = async (token: string) => {
      expect(await verifyPossession(token, expected)).toEqual({ jkt: keys.temporary.jkt, nonce: expected.nonce });
    };
    expect(await run(cases, verify)).toEqual({ good: 4, refused: { 'token-invalid': 62 } });
  });

  test('deposits', async () => {
    const { expect: expected, cases } = kinds.deposit;
    const sealed = parseB64u(expected.sealed);
    const verify = (token: string) => verifyDeposit(token, { ...expected, sealed });
    expect(await run(cases, verify)).toEqual({ good: 4, refused: { 'token-invalid': 70 } });
  });

  test('a deposit beside its routing proof (T12)', async () => {
    const { expect: expected, with_route: together } = kinds.deposit;
    const sealed = parseB64u(expected.sealed);
    const routes = new Map(together.cases.map(({ token, route }) => [token, route]));
    const verify = async (token: string) => {
      const deposit = await verifyDeposit(token, { ...expected, sealed });
      verifyDepositFitsRoute(deposit, await verifyRoute(routes.get(token) ?? '', expected));
    };
    expect(await run(together.cases, verify)).toEqual({ good: 2, refused: { 'token-invalid': 2 } });
  });

  test('withdrawals', async () => {
    const { now, aud, record } = kinds.withdrawal.expect;
    const verify = async (token: string) => {
      const withdrawal = await verifyWithdrawal(token, { now, aud, sub: record.name, keys: issuers });
      expect(withdrawal).toEqual(readWithdrawal(token));
      fitsRecord(withdrawal, record);
    };
    // One is good in itself and merely older than the record (§5.2).
    expect(await run(kinds.withdrawal.cases, verify)).toEqual({
      good: 5,
      refused: { 'token-invalid': 77, 'record-stale': 1 },
    });
  });

  test('client tokens', async () => {
    const { now, aud, used_jti: used } = kinds.client.expect;
    const verify = async (token: string) => {
      const client = await verifyClientToken(token, { now, aud, keys: (iss) => context.clients[iss] });
      expect(client).toEqual(readClientToken(token));
      // Which are used up is for the caller to remember; all a token can do is to say which it is.
      if (used.includes(client.jti)) throw new WhereaboutsError('token-invalid', 'used');
    };
    expect(await run(kinds.client.cases, verify)).toEqual({ good: 3, refused: { 'token-invalid': 16 } });
  });

  test('the thumbprint is that of RFC 7638, whatever stands beside the key', () => {
    expect(thumbprint(keys.temporary.jwk)).toBe(keys.temporary.jkt);
  });
});

describe('what the file does not try', () => {
  const [valid] = kinds.attestation.cases;
  const token = valid?.token ?? '';
  const expected = { ...kinds.attestation.expect, keys: issuers };

  test('an issuer of whom no keys are at hand, or two of one name, or a key for another algorithm', async () => {
    const [key] = context.issuers['bob.example']?.keys ?? [];
    const doubtful: (Jwks | undefined)[] = [
      undefined,
      { keys: [] },
      { keys: [{ ...key }, { ...key }] },
      { keys: [{ ...key, alg: 'ES256' }] },
      { keys: [{ ...key, x: 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }] },
    ];
    for (const found of doubtful)
      await expect(verifyAttestation(token, { ...expected, keys: () => found })).rejects.toMatchObject({
        code: 'token-invalid',
      });
    await expect(
      verifyAttestation(token, { ...expected, keys: async () => ({ keys: [{ ...key }] }) }),
    ).resolves.toBeDefined();
  });

  test('a failure to find keys is not the token’s fault', async () => {
    const keys = () => Promise.reject(new WhereaboutsError('peer-unreachable'));
    await expect(verifyAttestation(token, { ...expected, keys })).rejects.toMatchObject({ code: 'peer-unreachable' });
  });

  test('a token longer than any, though its signature holds', async () => {
    const { jwk, jkt, privateKey } = await generateTemporaryKey();
    const { now, aud, sub } = kinds.route.expect;
    const signed = (length: number) =>
      new CompactSign(
        utf8(
          JSON.stringify({
            iss: jkt,
            aud,
            sub,
            seq: 0,
            iat: now,
            exp: now + 1,
            auto: false,
            routes: [{ provider: 'bob.example', address: 'a'.repeat(length) }],
          }),
        ),
      )
        .setProtectedHeader({ alg: 'EdDSA', typ: 'whereabouts-route+jwt', jwk })
        .sign(privateKey);
    await expect(verifyRoute(await signed(5_000), kinds.route.expect)).resolves.toBeDefined();
    await expect(verifyRoute(await signed(6_500), kinds.route.expect)).rejects.toMatchObject({ code: 'token-invalid' });
  });

  test('reading without verifying is as strict about the form', () => {
    for (const changed of [
      `${token}.AA`,
      `${token}.`,
      token.slice(0, token.lastIndexOf('.')),
      `${token}=`,
      ` ${token}`,
    ])
      expect(() => readAttestation(changed)).toThrow(expect.objectContaining({ code: 'token-invalid' }));
    expect(readAttestation(token).iss).toBe('bob.example');
  });

  // Node refuses some of these by itself; other platforms accept signatures under them. So before any signature is looked at:
  test('keys that anybody can sign with, and second spellings of a point', () => {
    const p = 2n ** 255n - 19n;
    const littleEndian = (value: bigint) =>
      formatB64u(Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 255n)));
    const sign = 2n ** 255n;
    const order8 = [
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    ].map((hex) => BigInt(`0x${hex.match(/../g)?.toReversed().join('') ?? ''}`));
    const small = [1n, 0n, sign, p - 1n, ...order8, ...order8.map((y) => y + sign)];
    const twice = [p, p + 1n, 1n + sign, p - 1n + sign, p + sign, p + 1n + sign, p + 3n];
    for (const value of [...small, ...twice])
      expect(() => parseTemporaryJwk({ crv: 'Ed25519', kty: 'OKP', x: littleEndian(value) })).toThrow(
        expect.objectContaining({ code: 'token-invalid' }),
      );
    expect(small.length + twice.length).toBe(15);
    expect(parseTemporaryJwk({ crv: 'Ed25519', kty: 'OKP', x: keys.temporary.jwk.x }).x).toHaveLength(43);
  });

  test('messages never hold what was sent', async () => {
    for (const { token: sent, ok } of kinds.route.cases) {
      if (ok) continue;
      const error: unknown = await verifyRoute(sent, kinds.route.expect).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(WhereaboutsError);
      const message = error instanceof Error ? error.message : '';
      expect(message).toMatch(/^[A-Za-z ,.]+$/);
      expect(message.length).toBeLessThan(60);
    }
  });
});
