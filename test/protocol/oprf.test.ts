// VOPRF: RFC 9497's vectors, then ours, then what hostile parties send. Randomness is scripted and never handed out twice.
import { describe, expect, test } from 'vitest';
import { accountMac, deriveName } from '../../src/protocol/name.ts';
import {
  blind,
  deriveKeyPair,
  evaluate,
  finalize,
  generateKeyPair,
  keyId,
  type Random,
} from '../../src/protocol/oprf.ts';
import { concat, formatB64u, formatBase64, formatHex, parseB64u, utf8 } from '../../src/protocol/wire.ts';
import { GROUPS } from '../support/groups.ts';
import { foreignVector, NO_FOREIGN, ownVector } from '../support/vectors.ts';
import { codeOf, hex } from './log/support.ts';

/** Hands out 64 octets that reduce to the given scalars, in order; throws when asked for anything else or for more. */
function script(...scalars: readonly string[]): Random & { readonly left: () => number } {
  const queue = scalars.map((scalar) => concat(hex(scalar), new Uint8Array(32)));
  const random = (octets: number): Uint8Array => {
    const next = queue.shift();
    if (octets !== 64 || next === undefined) throw new Error('randomness was asked for that was not given');
    return next;
  };
  return Object.assign(random, { left: () => queue.length });
}

const hexes = (list: readonly Uint8Array[]): string[] => list.map(formatHex);

/** The order of the group, little-endian. */
const ORDER = 'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010';

interface Rfc {
  suites: {
    suite: string;
    mode: string;
    seed: string;
    keyInfo: string;
    skSm: string;
    pkSm: string;
    vectors: {
      batch: number;
      input: string[];
      blind: string[];
      blindedElement: string[];
      evaluationElement: string[];
      output: string[];
      proof: string;
      proofRandomScalar: string;
    }[];
  }[];
}

const rfc = foreignVector<Rfc>('rfc9497.json');
interface Names {
  key: {
    seed: string;
    info: string;
    secret: string;
    public: string;
    public_b64u: string;
    public_base64: string;
    key_id: string;
  };
  cases: {
    id: string;
    input: string;
    blind: string;
    blinded: string;
    evaluated: string;
    output: string;
    name: string;
    name_b64u: string;
    seal: string;
  }[];
  accounts: { id: string; seal: string; address: string; account: string }[];
  accounts_that_differ: { fault: string; id: string; seal: string; address: string; account: string }[];
  batches: { first: number; count: number; r: string; proof: string; request: string; response: string }[];
  single: { id: string; blind: string; r: string; proof: string };
  reblind: { id: string; blind: string; blinded: string; evaluated: string; output: string };
  refused_proofs: { fault: string; public_key: string; blinded: string[]; evaluated: string[]; proof: string }[];
  refused_elements: { fault: string; element: string }[];
}

const names = ownVector<Names>('names.json');
describe.each(GROUPS)('by %s', (_name, group) => {
  const key = deriveKeyPair(group, hex(names.key.seed), utf8(names.key.info));
  const inputs = names.cases.map(({ input }) => hex(input));
  const blinds = names.cases.map((c) => c.blind);

  describe.skipIf(rfc === undefined)(`RFC 9497, appendix A${rfc === undefined ? ` (${NO_FOREIGN})` : ''}`, () => {
    test('ristretto255-SHA512, VOPRF: keys, blind, evaluate, proof, finalize', () => {
      const suites = rfc?.suites.filter(({ suite, mode }) => suite === 'ristretto255-SHA512' && mode === 'VOPRF') ?? [];
      const batches: number[] = [];
      for (const suite of suites) {
        const key = deriveKeyPair(group, hex(suite.seed), hex(suite.keyInfo));
        expect(formatHex(key.secret)).toBe(suite.skSm);
        expect(formatHex(key.publicKey)).toBe(suite.pkSm);
        for (const vector of suite.vectors) {
          const blinds = script(...vector.blind);
          const state = blind(group, vector.input.map(hex), blinds);
          expect(hexes(state.blinded)).toEqual(vector.blindedElement);
          const nonce = script(vector.proofRandomScalar);
          const answer = evaluate(group, key, state.blinded, nonce);
          expect(hexes(answer.evaluated)).toEqual(vector.evaluationElement);
          expect(formatHex(answer.proof)).toBe(vector.proof);
          expect(hexes(finalize(group, state, key.publicKey, answer))).toEqual(vector.output);
          expect([blinds.left(), nonce.left()]).toEqual([0, 0]);
          batches.push(vector.batch);
        }
      }
      expect(suites.length).toBe(1);
      expect(batches).toEqual([1, 1, 2]);
    });
  });

  describe('our vectors', () => {
    test('the key, its spellings and its id', () => {
      expect(formatHex(key.secret)).toBe(names.key.secret);
      expect(formatHex(key.publicKey)).toBe(names.key.public);
      expect(formatB64u(key.publicKey)).toBe(names.key.public_b64u);
      expect(formatBase64(key.publicKey)).toBe(names.key.public_base64);
      expect(keyId(key.publicKey)).toBe(names.key.key_id);
    });

    test('52 names in one batch: request and response as they go over the wire, proof, name, seal', () => {
      for (const c of names.cases) expect(formatHex(utf8(c.id))).toBe(c.input);
      const state = blind(group, inputs, script(...blinds));
      expect(hexes(state.blinded)).toEqual(names.cases.map((c) => c.blinded));
      for (const batch of names.batches) {
        expect([batch.first, batch.count]).toEqual([0, 52]);
        const answer = evaluate(group, key, state.blinded, script(batch.r));
        expect(hexes(answer.evaluated)).toEqual(names.cases.map((c) => c.evaluated));
        expect(formatHex(answer.proof)).toBe(batch.proof);
        const id = keyId(key.publicKey);
        expect(JSON.stringify({ key: id, blinded: state.blinded.map(formatB64u) })).toBe(batch.request);
        const evaluated = answer.evaluated.map(formatB64u);
        expect(JSON.stringify({ key: id, evaluated, proof: formatB64u(answer.proof) })).toBe(batch.response);
        const outputs = finalize(group, state, key.publicKey, answer);
        expect(hexes(outputs)).toEqual(names.cases.map((c) => c.output));
        const derived = outputs.map(deriveName);
        expect(hexes(derived.map(({ name }) => name))).toEqual(names.cases.map((c) => c.name));
        expect(derived.map(({ name }) => formatB64u(name))).toEqual(names.cases.map((c) => c.name_b64u));
        expect(hexes(derived.map(({ seal }) => seal))).toEqual(names.cases.map((c) => c.seal));
      }
      expect([names.cases.length, names.batches.length]).toEqual([52, 1]);
    });

    test('one element with a proof of its own', () => {
      const { id, r, proof } = names.single;
      const state = blind(group, [utf8(id)], script(names.single.blind));
      const answer = evaluate(group, key, state.blinded, script(r));
      expect(formatHex(answer.proof)).toBe(proof);
      expect(hexes(finalize(group, state, key.publicKey, answer))).toEqual([names.cases[0]?.output]);
    });

    test('another blind gives other elements and the same output', () => {
      const { id, blinded, evaluated, output } = names.reblind;
      const state = blind(group, [utf8(id)], script(names.reblind.blind));
      const answer = evaluate(group, key, state.blinded, script(names.single.r));
      expect(hexes(state.blinded)).toEqual([blinded]);
      expect(hexes(answer.evaluated)).toEqual([evaluated]);
      expect(hexes(finalize(group, state, key.publicKey, answer))).toEqual([output]);
      expect(output).toBe(names.cases.find((c) => c.id === id)?.output);
      expect(blinded).not.toBe(names.cases.find((c) => c.id === id)?.blinded);
    });

    test('18 proofs are refused', async () => {
      for (const { fault, public_key, blinded, evaluated, proof } of names.refused_proofs) {
        const state = {
          inputs: inputs.slice(0, blinded.length),
          blinds: blinds.slice(0, blinded.length).map(hex),
          blinded: blinded.map(hex),
        };
        const answer = { evaluated: evaluated.map(hex), proof: hex(proof) };
        expect(await codeOf(() => finalize(group, state, hex(public_key), answer)), fault).toBe('evaluation-invalid');
      }
      expect(names.refused_proofs.length).toBe(18);
    });

    test('20 elements are refused by their index, before any randomness is used', () => {
      const good = hex(names.cases[0]?.blinded ?? '');
      for (const { fault, element } of names.refused_elements)
        for (const [index, batch] of [[hex(element)], [good, hex(element), hex(element)]].entries())
          expect(() => evaluate(group, key, batch, script()), fault).toThrow(
            expect.objectContaining({ code: 'element-invalid', extensions: { index } }),
          );
      expect(names.refused_elements.length).toBe(20);
    });

    test('an evaluated element that is none makes the evaluation invalid', async () => {
      const state = blind(group, inputs.slice(0, 2), script(...blinds.slice(0, 2)));
      const { evaluated, proof } = evaluate(group, key, state.blinded, script(names.single.r));
      for (const { fault, element } of names.refused_elements)
        for (const swapped of [evaluated.with(0, hex(element)), evaluated.with(1, hex(element))])
          expect(await codeOf(() => finalize(group, state, key.publicKey, { evaluated: swapped, proof })), fault).toBe(
            'evaluation-invalid',
          );
      for (const { fault, element } of names.refused_elements)
        expect(await codeOf(() => finalize(group, state, hex(element), { evaluated, proof })), fault).toBe(
          'evaluation-invalid',
        );
    });

    test('9 accounts are tied to their names, 11 are not', () => {
      for (const { id, seal, address, account } of names.accounts) {
        expect(accountMac(hex(seal), address)).toBe(account);
        expect(names.cases.find((c) => c.id === id)?.seal).toBe(seal);
        expect(parseB64u(account, 32).length).toBe(32);
      }
      for (const { fault, seal, address, account } of names.accounts_that_differ)
        expect(accountMac(hex(seal), address), fault).not.toBe(account);
      expect([names.accounts.length, names.accounts_that_differ.length]).toEqual([9, 11]);
    });
  });

  describe('randomness', () => {
    const zero = '00'.repeat(32);
    const one = `01${'00'.repeat(31)}`;

    test('a blind of zero is drawn again, and so is one that is zero modulo the order', () => {
      const random = script(zero, ORDER, blinds[0] ?? '');
      const state = blind(group, inputs.slice(0, 1), random);
      expect(hexes(state.blinds)).toEqual([blinds[0]]);
      expect(random.left()).toBe(0);
    });

    test('a nonce of zero is drawn again: it would be s = −c·k, and give the key away', () => {
      const blinded = [hex(names.cases[0]?.blinded ?? '')];
      const random = script(zero, ORDER, names.single.r);
      expect(formatHex(evaluate(group, key, blinded, random).proof)).toBe(names.single.proof);
      expect(random.left()).toBe(0);
    });

    test('a key of zero is drawn again; a key is the reduction of all 64 octets', () => {
      const random = script(zero, ORDER, one);
      expect(formatHex(generateKeyPair(group, random).secret)).toBe(one);
      expect(random.left()).toBe(0);
      const wide = Uint8Array.from({ length: 64 }, (_, i) => 255 - i);
      const expected = BigInt(`0x${formatHex(wide.toReversed())}`) % BigInt(`0x${formatHex(hex(ORDER).toReversed())}`);
      const { secret } = generateKeyPair(group, () => wide);
      expect(BigInt(`0x${formatHex(secret.toReversed())}`)).toBe(expected);
    });

    test('each proof draws one nonce, and nothing else does', () => {
      const state = blind(group, inputs.slice(0, 3), script(...blinds.slice(0, 3)));
      expect(() => evaluate(group, key, state.blinded, script())).toThrow('randomness was asked for');
      const random = script(names.single.r, names.single.r);
      const answer = evaluate(group, key, state.blinded, random);
      expect(random.left()).toBe(1);
      expect(finalize(group, state, key.publicKey, answer).length).toBe(3);
    });
  });

  describe('sizes', () => {
    test('an input of 65,535 octets is the longest (RFC 9497 §1.2)', async () => {
      const [scalar = ''] = blinds;
      const state = blind(group, [new Uint8Array(65_535)], script(scalar));
      const answer = evaluate(group, key, state.blinded, script(names.single.r));
      expect(finalize(group, state, key.publicKey, answer)[0]?.length).toBe(64);
      expect(await codeOf(() => blind(group, [new Uint8Array(65_536)], script(scalar)))).toBe('identifier-invalid');
    });

    test('an empty batch proves nothing, nor does one whose places two octets cannot count', async () => {
      for (const count of [0, 65_536]) {
        const batch = Array.from({ length: count }, () => new Uint8Array(0));
        expect(await codeOf(() => evaluate(group, key, batch, script(names.single.r)))).toBe('request-invalid');
      }
      const empty = { inputs: [], blinds: [], blinded: [] };
      const answer = { evaluated: [], proof: hex(names.single.proof) };
      expect(await codeOf(() => finalize(group, empty, key.publicKey, answer))).toBe('evaluation-invalid');
    });

    test('a key comes from a seed of 32 octets', async () => {
      for (const length of [0, 16, 31, 33, 64])
        expect(await codeOf(() => deriveKeyPair(group, new Uint8Array(length), utf8('info')))).toBe('config-invalid');
      expect(await codeOf(() => deriveKeyPair(group, new Uint8Array(32), new Uint8Array(65_536)))).toBe(
        'config-invalid',
      );
    });
  });
});
