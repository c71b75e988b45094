// Evaluations per second and core, with proof, next to @cloudflare/voprf-ts (its noble provider) in the same run; and the client's part.
import { EvaluationRequest, Oprf, VOPRFServer } from '@cloudflare/voprf-ts';
import { CryptoNoble } from '@cloudflare/voprf-ts/crypto-noble';
import { openGroup } from '../src/platform/sodium.ts';
import type { Group } from '../src/protocol/group.ts';
import { nobleGroup } from '../src/protocol/group-noble.ts';
import { deriveName } from '../src/protocol/name.ts';
import { blind, evaluate, finalize, generateKeyPair, type Random } from '../src/protocol/oprf.ts';
import { utf8 } from '../src/protocol/wire.ts';
import { compare, print, type Line } from './measure.ts';
import { openNativeGroup } from './native-sodium.ts';

const random: Random = (octets) => crypto.getRandomValues(new Uint8Array(octets));
const suite = Oprf.Suite.RISTRETTO255_SHA512;

export async function benchEvaluate(): Promise<Record<string, Line[]>> {
  const group = await openGroup(() => undefined);
  const key = generateKeyPair(group, random);
  const theirs = Oprf.getGroup(suite, CryptoNoble);
  const server = new VOPRFServer(suite, key.secret, CryptoNoble);
  const native = openNativeGroup();
  if (native === undefined) console.log('\nskipped: native libsodium, which is not installed here');
  const results: Record<string, Line[]> = {};
  for (const batch of [1, 10, 100, 256]) {
    const inputs = Array.from({ length: batch }, (_, i) => utf8(`mailto:user${i}@example.com`));
    const state = blind(group, inputs, random);
    const title = `evaluations, batch of ${batch}, octets in to octets out, with proof`;
    const lines = await compare(
      [
        {
          name: `whereabouts (${group.name})`,
          units: batch,
          run: () => void evaluate(group, key, state.blinded, random),
        },
        ...(native === undefined
          ? []
          : [
              {
                name: 'the same by native libsodium',
                units: batch,
                run: () => void evaluate(native, key, state.blinded, random),
              },
            ]),
        {
          name: `whereabouts (${nobleGroup.name})`,
          units: batch,
          run: () => void evaluate(nobleGroup, key, state.blinded, random),
        },
        {
          name: '@cloudflare/voprf-ts (noble)',
          units: batch,
          run: async () => {
            const request = new EvaluationRequest(state.blinded.map((element) => theirs.desElt(element)));
            const reply = await server.blindEvaluate(request);
            reply.evaluated.forEach((element) => element.serialize());
            reply.proof?.serialize();
          },
        },
      ],
      { rounds: 5 },
    );
    print(title, lines);
    results[title] = lines.map((line) => ({ ...line, at: batch }));
  }
  const inputs = Array.from({ length: 100 }, (_, i) => utf8(`mailto:user${i}@example.com`));
  const client = (by: Group) => {
    const state = blind(by, inputs, random);
    const answer = evaluate(group, key, state.blinded, random);
    return {
      name: `blinded, verified, finalized, named (${by.name})`,
      units: inputs.length,
      run: () => {
        blind(by, inputs, random);
        finalize(by, state, key.publicKey, answer).forEach(deriveName);
      },
    };
  };
  const title = 'client, contacts in batches of 100, from blinding to verified names';
  const lines = await compare([client(group), client(nobleGroup)], { rounds: 3 });
  print(title, lines);
  results[title] = lines;
  return results;
}
