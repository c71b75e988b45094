// The group as octets, by each back end: laws that any must keep, what is no scalar or element, and that all compute the same.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { lazyGroup, openGroup } from '../../src/platform/sodium.ts';
import type { Group } from '../../src/protocol/group.ts';
import { verifyGroup } from '../../src/protocol/group-check.ts';
import { blind, evaluate, finalize, generateKeyPair, type Random } from '../../src/protocol/oprf.ts';
import { concat, formatHex, utf8 } from '../../src/protocol/wire.ts';
import { GROUPS } from '../support/groups.ts';
import { ownVector } from '../support/vectors.ts';
import { hex } from './log/support.ts';

const random: Random = (octets) => crypto.getRandomValues(new Uint8Array(octets));

/** The order of the group, little-endian. */
const ORDER = 'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010';
const { cases } = ownVector<{ cases: { blind: string; blinded: string }[] }>('names.json');
const hexes = (list: readonly Uint8Array[]): string[] => list.map(formatHex);

describe.each(GROUPS)('the group by %s', (_, group) => {
  const [a, b] = [hex(cases[0]?.blind ?? ''), hex(cases[1]?.blind ?? '')];
  const [p, q] = [hex(cases[0]?.blinded ?? ''), hex(cases[1]?.blinded ?? '')];
  const one = hex(`01${'00'.repeat(31)}`);

  test('a sum of products is the sum of the products', () => {
    const [ap = a] = group.mulMany(a, [p]);
    const [bq = b] = group.mulMany(b, [q]);
    expect(formatHex(group.msm([a, b], [p, q]))).toBe(formatHex(group.add(ap, bq)));
    expect(formatHex(group.msm([a], [p]))).toBe(formatHex(ap));
  });

  test('many at once are each by itself, and the base multiplied is the generator multiplied', () => {
    const generator = group.mulBase(one);
    // RFC 9496 appendix A.1
    expect(formatHex(generator)).toBe('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76');
    expect(hexes(group.mulMany(a, [p, q, generator]))).toEqual(
      [p, q].flatMap((point) => hexes(group.mulMany(a, [point]))).concat(formatHex(group.mulBase(a))),
    );
  });

  test('scalars: a·a⁻¹ = 1, a − b as numbers, what is valid', () => {
    const { scalar } = group;
    expect(formatHex(scalar.mul(a, scalar.inv(a)))).toBe(formatHex(one));
    expect(formatHex(group.add(group.mulBase(scalar.sub(a, b)), group.mulBase(b)))).toBe(formatHex(group.mulBase(a)));
    const order = hex(ORDER);
    expect([a, one, order.with(0, (order[0] ?? 0) - 1)].map((value) => scalar.isValid(value))).toEqual([
      true,
      true,
      true,
    ]);
    const refused = [new Uint8Array(32), order, order.with(0, (order[0] ?? 0) + 1), new Uint8Array(32).fill(255)];
    expect(refused.map((value) => scalar.isValid(value))).toEqual([false, false, false, false]);
    expect(
      [new Uint8Array(), a.subarray(1), concat(a, new Uint8Array(1))].map((value) => scalar.isValid(value)),
    ).toEqual([false, false, false]);
  });

  test('what is no scalar multiplies nothing, and the error holds none of it', () => {
    for (const bad of [new Uint8Array(32), hex(ORDER), new Uint8Array(32).fill(255), a.subarray(1)])
      for (const work of [
        () => group.mulMany(bad, [p]),
        () => group.mulMany(bad, []),
        () => group.mulBase(bad),
        () => group.scalar.inv(bad),
      ]) {
        expect(work).toThrow(expect.objectContaining({ code: 'internal-error' }));
        expect(work).toThrow(expect.not.objectContaining({ cause: expect.anything() }));
      }
  });

  test('what is no element is refused by its place, wherever it stands', () => {
    const { refused_elements: refused } = ownVector<{ refused_elements: { element: string; fault: string }[] }>(
      'names.json',
    );
    for (const { element, fault } of refused)
      for (const [work, index] of [
        [() => group.mulMany(a, [p, hex(element)]), 1],
        [() => group.msm([a, b], [hex(element), q]), 0],
        [() => group.msm([new Uint8Array(32), b], [p, hex(element)]), 1],
        [() => group.add(p, hex(element)), 1],
      ] as const)
        expect(work, fault).toThrow(expect.objectContaining({ code: 'element-invalid', extensions: { index } }));
    expect(refused.length).toBe(20);
  });

  test('a sum that is nothing is the identity, and what is longer than its memory is hashed too', () => {
    const minus = group.scalar.sub(new Uint8Array(32), a);
    expect(formatHex(group.msm([a, minus], [p, p]))).toBe('00'.repeat(32));
    const long = new Uint8Array(70_000).fill(7);
    expect(formatHex(group.sha512(long))).toBe(createHash('sha512').update(long).digest('hex'));
  });
});

describe.each(GROUPS)('a client by %s', (_, client) => {
  test.each(GROUPS)('and a server by %s', (_name, server) => {
    for (const count of [1, 2, 17]) {
      const key = generateKeyPair(server, random);
      const inputs = Array.from({ length: count }, (_unused, i) => utf8(`mailto:user${i}@example.com`));
      const state = blind(client, inputs, random);
      const outputs = finalize(client, state, key.publicKey, evaluate(server, key, state.blinded, random));
      const [again] = GROUPS.toReversed().map(([, group]) => {
        const other = blind(group, inputs, random);
        return finalize(group, other, key.publicKey, evaluate(group, key, other.blinded, random));
      });
      expect(hexes(outputs)).toEqual(hexes(again ?? []));
    }
  });
});

describe('a back end is checked before it is trusted', () => {
  const [[, noble] = [], [, sodium] = []] = GROUPS;
  if (noble === undefined || sodium === undefined) throw new Error('a back end is missing');
  test('both pass', () => {
    verifyGroup(sodium, noble);
    verifyGroup(noble, sodium);
  });

  const wrong = (octets: Uint8Array): Uint8Array => octets.with(0, (octets[0] ?? 0) ^ 2);
  const { scalar } = noble;
  test.each<[string, Partial<Group>]>([
    ['mulMany', { mulMany: (k, points) => noble.mulMany(k, points).map(wrong) }],
    ['mulBase', { mulBase: (k) => wrong(noble.mulBase(k)) }],
    ['msm', { msm: (scalars, points) => noble.mulMany(scalars[0] ?? new Uint8Array(), points)[0] ?? new Uint8Array() }],
    ['add', { add: (left) => left }],
    ['fromHash', { fromHash: (octets) => wrong(noble.fromHash(octets)) }],
    ['sha512', { sha512: (octets) => wrong(noble.sha512(octets)) }],
    ['reduce', { scalar: { ...scalar, reduce: (octets) => wrong(scalar.reduce(octets)) } }],
    ['mul', { scalar: { ...scalar, mul: (left) => left } }],
    ['sub', { scalar: { ...scalar, sub: (left) => left } }],
    ['inv', { scalar: { ...scalar, inv: (left) => left } }],
  ])('%s computes something else', (_, broken) => {
    expect(() => verifyGroup({ ...noble, ...broken }, noble)).toThrow();
  });

  test('what cannot be loaded is noble’s work, and that is said once', async () => {
    const reasons: string[] = [];
    const nothing = await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    const group = await openGroup((reason) => reasons.push(reason), nothing);
    expect([group.name, reasons.length]).toEqual(['noble', 1]);
  });

  test('few elements are not worth loading another', async () => {
    const source = lazyGroup(() => undefined, 16);
    const names = [];
    for (const count of [1, 8, 6, 1, 1]) names.push((await source(count)).name);
    expect(names).toEqual(['noble', 'noble', 'noble', 'libsodium-wasm', 'libsodium-wasm']);
  });
});
