// Our VOPRF against an implementation that shares no protocol code with it: Cloudflare's, as client and as server.
import { CryptoNoble } from '@cloudflare/voprf-ts/crypto-noble';
import { DLEQProof, Evaluation, EvaluationRequest, Oprf, VOPRFClient, VOPRFServer } from '@cloudflare/voprf-ts';
import { describe, expect, test } from 'vitest';
import { blind, evaluate, finalize, generateKeyPair, type Random } from '../../src/protocol/oprf.ts';
import { formatHex, utf8 } from '../../src/protocol/wire.ts';
import { GROUPS } from '../support/groups.ts';
import { codeOf } from './log/support.ts';

const random: Random = (octets) => crypto.getRandomValues(new Uint8Array(octets));
const suite = Oprf.Suite.RISTRETTO255_SHA512;
const theirs = Oprf.getGroup(suite, CryptoNoble);
const inputsOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => utf8(`mailto:user${i}@example.com`));
const hexes = (list: readonly Uint8Array[]): string[] => list.map(formatHex);

describe.each(GROUPS)('by %s', (_, group) => {
  describe.each([1, 2, 17])('a batch of %i', (count) => {
    const key = generateKeyPair(group, random);
    const inputs = inputsOf(count);
    const server = new VOPRFServer(suite, key.secret, CryptoNoble);
    const client = new VOPRFClient(suite, key.publicKey, CryptoNoble);
    const expected = Promise.all(inputs.map((input) => server.evaluate(input)));

    test('their client, our evaluation', async () => {
      const [state, request] = await client.blind(inputs);
      const ours = evaluate(
        group,
        key,
        request.blinded.map((element) => element.serialize()),
        random,
      );
      const evaluation = (proof: Uint8Array) =>
        new Evaluation(
          Oprf.Mode.VOPRF,
          ours.evaluated.map((element) => theirs.desElt(element)),
          DLEQProof.deserialize(theirs.id, proof, CryptoNoble),
        );
      expect(hexes(await client.finalize(state, evaluation(ours.proof)))).toEqual(hexes(await expected));
      const broken = ours.proof.with(0, (ours.proof[0] ?? 0) ^ 1);
      await expect(client.finalize(state, evaluation(broken))).rejects.toThrow();
    });

    test('our client, their evaluation', async () => {
      const state = blind(group, inputs, random);
      const request = new EvaluationRequest(state.blinded.map((element) => theirs.desElt(element)));
      const reply = await server.blindEvaluate(request);
      const answer = {
        evaluated: reply.evaluated.map((element) => element.serialize()),
        proof: reply.proof?.serialize() ?? new Uint8Array(),
      };
      expect(hexes(finalize(group, state, key.publicKey, answer))).toEqual(hexes(await expected));
      const broken = { ...answer, proof: answer.proof.with(40, (answer.proof[40] ?? 0) ^ 1) };
      expect(await codeOf(() => finalize(group, state, key.publicKey, broken))).toBe('evaluation-invalid');
      const other = generateKeyPair(group, random);
      expect(await codeOf(() => finalize(group, state, other.publicKey, answer))).toBe('evaluation-invalid');
    });
  });
});
