// Sealed records: our vectors in both directions (rules S1 to S4), and sizes of what goes in.
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { parseJsonObject } from '../../src/protocol/json.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { evidenceOf, openRecord, sealRecord, verifyEvidence, verifySealedLength } from '../../src/protocol/sealed.ts';
import { formatB64u, formatHex, parseB64u, utf8 } from '../../src/protocol/wire.ts';
import { ownVector } from '../support/vectors.ts';
import { codeOf, hex } from './log/support.ts';

interface Sealed {
  cases: {
    title: string;
    name: string;
    seal: string;
    evidence: string;
    nonce: string;
    json_octets: number;
    plain_octets: number;
    json: string;
    sealed: string;
    digest: string;
    length: number;
  }[];
  refused: { fault: string; name: string; seal: string; sealed: string }[];
  refused_to_seal: { fault: string; json: string }[];
  deposits: { title?: string; fault?: string; ok: boolean; sealed: string; attestations: string[] }[];
}

const vectors = ownVector<Sealed>('sealed.json');
const contents = (json: string) => parseJsonObject(json) as { route: string; attestations: string[] };
const first = vectors.cases[0] ?? { name: '', seal: '', json: '', nonce: '', sealed: '' };

test('17 records are sealed to the octet, and open', async () => {
  for (const c of vectors.cases) {
    const [name, seal, nonce] = [hex(c.name), hex(c.seal), hex(c.nonce)];
    const { route, attestations } = contents(c.json);
    const sealed = await sealRecord({ name, seal, nonce, route, attestations });
    expect(formatB64u(sealed), c.title).toBe(c.sealed);
    expect([sealed.length, formatHex(sha256(sealed))], c.title).toEqual([c.length, c.digest]);
    expect(formatHex(evidenceOf(attestations)), c.title).toBe(c.evidence);
    expect([utf8(c.json).length, sealed.length - 60], c.title).toEqual([c.json_octets, c.plain_octets]);
    expect(await openRecord({ name, seal, sealed }), c.title).toEqual({ route, attestations });
    expect(() => verifyEvidence(sealed, attestations), c.title).not.toThrow();
  }
  expect(vectors.cases.length).toBe(17);
});

test('43 do not open', async () => {
  for (const { fault, name, seal, sealed } of vectors.refused) {
    const record = { name: hex(name), seal: hex(seal), sealed: parseB64u(sealed) };
    expect(await codeOf(() => openRecord(record)), fault).toBe('record-invalid');
  }
  expect(vectors.refused.length).toBe(43);
});

test('3 are not sealed', async () => {
  for (const { fault, json } of vectors.refused_to_seal) {
    const record = { name: hex(first.name), seal: hex(first.seal), nonce: hex(first.nonce), ...contents(json) };
    expect(await codeOf(() => sealRecord(record)), fault).toBe('record-invalid');
  }
  expect(vectors.refused_to_seal.length).toBe(3);
});

test('a directory compares evidence: 1 deposit fits, 7 do not', async () => {
  for (const { title, fault, ok, sealed, attestations } of vectors.deposits)
    expect(await codeOf(() => verifyEvidence(parseB64u(sealed), attestations)), title ?? fault).toBe(
      ok ? 'accepted' : 'record-invalid',
    );
  expect(vectors.deposits.length).toBe(8);
  expect(vectors.deposits.filter(({ ok }) => ok).length).toBe(1);
});

describe('sizes', () => {
  test('the legal lengths are 1 to 8 units and 60 octets', async () => {
    const legal: number[] = [];
    for (let length = 0; length <= LIMITS.sealedOctets + 2_048; length++)
      if ((await codeOf(() => verifySealedLength(new Uint8Array(length)))) === 'accepted') legal.push(length);
    expect(legal).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((units) => units * 1_024 + 60));
    expect(legal.at(-1)).toBe(LIMITS.sealedOctets);
  });

  test('a key for AES-128, a short nonce or a short name seals nothing', async () => {
    const good = { name: hex(first.name), seal: hex(first.seal), nonce: hex(first.nonce), ...contents(first.json) };
    expect(await codeOf(() => sealRecord(good))).toBe('accepted');
    for (const bad of [
      { ...good, seal: good.seal.subarray(16) },
      { ...good, seal: good.seal.subarray(8) },
      { ...good, nonce: good.nonce.subarray(1) },
      { ...good, nonce: new Uint8Array(16) },
      { ...good, name: good.name.subarray(1) },
    ])
      expect(await codeOf(() => sealRecord(bad))).toBe('record-invalid');
  });

  test('nor does such a key open', async () => {
    const record = { name: hex(first.name), seal: hex(first.seal).subarray(16), sealed: parseB64u(first.sealed) };
    expect(await codeOf(() => openRecord(record))).toBe('record-invalid');
  });
});

test('evidence depends on where one attestation ends and the next begins', () => {
  const all = [['ab', 'c'], ['a', 'bc'], ['abc'], ['c', 'ab']].map((list) => formatHex(evidenceOf(list)));
  expect(new Set(all).size).toBe(4);
});
