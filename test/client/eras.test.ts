// When a depth began (§6.2): the last answer is the right one whatever the depths were, and it is cheap where they seldom changed.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { findEras } from '../../src/client/eras.ts';

const erasOf = async (depths: readonly number[], epoch: number) => {
  const read: number[] = [];
  const reader = {
    readDepth: async (at: number) => {
      read.push(at);
      return depths[at] ?? -1;
    },
  };
  const eras: number[] = [];
  for await (const era of findEras(reader, epoch, depths[epoch] ?? 0)) eras.push(era);
  return { eras, read };
};

const begins = (depths: readonly number[], at: number): boolean => at === 0 || depths[at - 1] !== depths[at];

test('of any depths: each is a beginning later than the one before, the last is right, no epoch is read twice', async () => {
  const depth = fc.integer({ min: 4, max: 6 });
  const runs = fc.array(fc.tuple(depth, fc.integer({ min: 1, max: 20 })), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(runs, fc.nat(), async (given, where) => {
      const depths = given.flatMap(([one, times]) => Array.from({ length: times }, () => one));
      const epoch = where % depths.length;
      const { eras, read } = await erasOf(depths, epoch);
      expect(eras.at(-1)).toBe(depths.findLastIndex((_, at) => at <= epoch && begins(depths, at)));
      expect(eras).toEqual([...new Set(eras)].toSorted((a, b) => a - b));
      for (const era of eras) expect([depths[era], begins(depths, era)]).toEqual([depths[epoch], true]);
      expect(new Set(read).size).toBe(read.length);
      expect(Math.max(-1, ...read)).toBeLessThan(epoch || 1);
    }),
    { numRuns: 500 },
  );
});

test('the first answer takes a few epochs of a long log', async () => {
  const depths = Array.from({ length: 100_000 }, (_, at) => (at < 60_000 ? 5 : 4));
  let reads = 0;
  const reader = {
    readDepth: async (at: number) => {
      reads++;
      return depths[at] ?? -1;
    },
  };
  for await (const era of findEras(reader, 99_999, 4)) {
    expect(era).toBe(60_000);
    break;
  }
  expect(reads).toBeLessThan(40);
});
