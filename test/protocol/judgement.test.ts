// Records some of whose issuers' keys are not at hand (§5.3): what the others say stands, what nobody can check says nothing,
// and no absence follows from an issuer that would be believed.
import { sha256 } from '@noble/hashes/sha2.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { parseIdentifier } from '../../src/protocol/identifier.ts';
import { judgeRecord, type TrustPolicy } from '../../src/protocol/judgement.ts';
import { accountMac } from '../../src/protocol/name.ts';
import { sealRecord } from '../../src/protocol/sealed.ts';
import { signAttestation, type Attestation } from '../../src/protocol/token/attestation.ts';
import { signRoute } from '../../src/protocol/token/route.ts';
import { generateTemporaryKey, type TemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { formatB64u, parseB64u } from '../../src/protocol/wire.ts';
import { createParty, type Party } from '../support/parties.ts';

const NOW = 1_790_000_000;
const DAY = 86_400;
const AUD = 'directory.example';
const TRUST: TrustPolicy = { tel: ['telco.example'], mailto: [] };
const name = { name: new Uint8Array(32).fill(1), seal: new Uint8Array(32).fill(2) };
const ADDRESS = '@bob:bob.example';

let telco: Party;
let bob: Party;
let mail: Party;
let key: TemporaryKey;

beforeAll(async () => {
  telco = await createParty('telco.example');
  bob = await createParty('bob.example');
  mail = await createParty('mail.example');
  key = await generateTemporaryKey();
});

/** An attestation that all of them would sign, and what is particular about it. */
const attest = (party: Party, change: Partial<Attestation> = {}): Promise<string> =>
  signAttestation(
    {
      iss: party.domain,
      aud: AUD,
      sub: formatB64u(name.name),
      jkt: key.jkt,
      iat: NOW - 10,
      exp: NOW + 100,
      amr: ['account'],
      jti: formatB64u(new Uint8Array(16)),
      account: accountMac(name.seal, ADDRESS),
      ...change,
    },
    party.key,
  );

/** What comes of a record with these attestations where only the keys of `known` are at hand. */
async function judge(attestations: readonly string[], known: readonly Party[], identifier = '+442079460123') {
  const proof = { aud: AUD, sub: formatB64u(name.name), seq: 1, iat: NOW - 20, exp: NOW + 500, auto: true };
  const route = await signRoute({ ...proof, routes: [{ provider: 'bob.example', address: ADDRESS }] }, key);
  const sealed = await sealRecord({ ...name, route, attestations, nonce: new Uint8Array(12) });
  const holder = parseB64u(key.jkt, 32);
  const entry = { name: name.name, holder, digest: sha256(sealed), length: sealed.length };
  const keys = (iss: string) => {
    const party = known.find(({ domain }) => domain === iss);
    return party && { keys: [party.jwk] };
  };
  const id = parseIdentifier(identifier);
  try {
    const judgement = await judgeRecord({ id, name, aud: AUD, now: NOW, entry, sealed, trust: TRUST, keys });
    const { record, incomplete } = judgement;
    return {
      incomplete,
      ...(record && {
        issuers: record.issuers,
        since: record.since - NOW,
        expires: record.expires - NOW,
        assurance: record.routes[0]?.assurance,
      }),
    };
  } catch (error) {
    if (error instanceof WhereaboutsError) return error.code;
    throw error;
  }
}

describe('an issuer whose keys are not at hand', () => {
  test('is left out of every question, in either order, while another’s word holds', async () => {
    const tokens = [await attest(telco), await attest(bob, { iat: NOW - 300, exp: NOW + 50 })];
    for (const attestations of [tokens, tokens.toReversed()]) {
      expect(await judge(attestations, [telco, bob])).toMatchObject({
        incomplete: false,
        since: -20,
        expires: 50,
        assurance: 'confirmed',
      });
      expect(await judge(attestations, [telco])).toEqual({
        incomplete: false,
        issuers: ['telco.example'],
        since: -10,
        expires: 100,
        assurance: 'attested',
      });
      // Bob.example's own word makes nobody found; the trusted issuer's may, were it checked.
      expect(await judge(attestations, [bob])).toEqual({
        incomplete: true,
        issuers: ['bob.example'],
        since: -20,
        expires: 50,
        assurance: 'claimed',
      });
    }
  });

  test('makes a record that no other speaks for none, and leaves the question open only if it is believed', async () => {
    expect(await judge([await attest(bob)], [telco])).toEqual({ incomplete: false });
    expect(await judge([await attest(telco)], [bob])).toEqual({ incomplete: true });
    expect(await judge([await attest(bob), await attest(telco)], [])).toEqual({ incomplete: true });
  });

  test('leaves it open for the kind of identifier it is believed about, and for addresses of its own domain', async () => {
    const of = async (party: Party) => judge([await attest(party)], [], 'bob@mail.example');
    expect(await of(telco)).toEqual({ incomplete: false });
    expect(await of(mail)).toEqual({ incomplete: true });
    const parent = judge([await attest(mail)], [], 'bob@sub.mail.example');
    expect(await parent).toEqual({ incomplete: false });
  });

  test('about a number does not leave it open with a word too old to count', async () => {
    const old = { iat: NOW - 100 * DAY, exp: NOW + DAY };
    expect(await judge([await attest(telco, old)], [])).toEqual({ incomplete: true });
    expect(await judge([await attest(telco, { ...old, iat: old.iat - 1 })], [])).toEqual({ incomplete: false });
  });

  test.each<[string, Partial<Attestation>]>([
    ['another directory', { aud: 'other.example' }],
    ['another name', { sub: formatB64u(new Uint8Array(32)) }],
    ['another key', { jkt: formatB64u(new Uint8Array(32)) }],
  ])('speaks of %s: the record counts as none', async (_, change) => {
    expect(await judge([await attest(telco), await attest(bob, change)], [telco])).toBe('record-invalid');
    expect(await judge([await attest(telco), await attest(bob, change)], [telco, bob])).toBe('token-invalid');
  });

  test('is another matter than one that lists no such key, or did not sign', async () => {
    const tokens = [await attest(telco), await attest({ ...bob, key: mail.key })];
    expect(await judge(tokens, [telco, bob])).toBe('token-invalid');
    expect(await judge([await attest(telco), 'e30.e30.e30'], [telco])).toBe('token-invalid');
  });
});
