// The group as octets, by noble: laws that any back end must keep, and what is no scalar.
import { describe, expect, test } from 'vitest';
import { nobleGroup as group } from '../../src/protocol/group-noble.ts';
import { concat, formatHex } from '../../src/protocol/wire.ts';
import { ownVector } from '../support/vectors.ts';
import { hex } from './log/support.ts';

/** The order of the group, little-endian. */
const ORDER = 'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010';
const { cases } = ownVector<{ cases: { blind: string; blinded: string }[] }>('names.json');
const hexes = (list: readonly Uint8Array[]): string[] => list.map(formatHex);

describe('the group', () => {
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
});
