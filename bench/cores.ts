// Evaluations in one and in two worker threads, batches of 100: wall time, because the threads are what is counted.
import { availableParallelism } from 'node:os';
import { openEvaluationPool } from '../src/platform/node/evaluation-pool.ts';
import { systemRandom } from '../src/platform/node/clock.ts';
import { openGroup } from '../src/platform/sodium.ts';
import { blind, generateKeyPair } from '../src/protocol/oprf.ts';
import { utf8 } from '../src/protocol/wire.ts';
import { compare, print, type Line } from './measure.ts';

const [BATCH, UNDER_WAY] = [100, 8];

export async function benchCores(): Promise<Record<string, Line[]>> {
  const group = await openGroup(() => undefined);
  const key = generateKeyPair(group, systemRandom);
  const inputs = Array.from({ length: BATCH }, (_, i) => utf8(`mailto:user${i}@example.com`));
  const { blinded } = blind(group, inputs, systemRandom);
  const pools = [2, 1].map((threads) => ({
    threads,
    pool: openEvaluationPool({ group, random: systemRandom, threads }),
  }));
  try {
    const lines = await compare(
      pools.map(({ threads, pool }) => ({
        name: `${threads} thread${threads === 1 ? '' : 's'}`,
        units: BATCH * UNDER_WAY,
        run: async () => {
          await Promise.all(Array.from({ length: UNDER_WAY }, () => pool.evaluate(key, blinded)));
        },
      })),
      { wall: true, roundMilliseconds: 1_000, rounds: 5 },
    );
    const title = `evaluations by worker threads, batches of ${BATCH}, ${availableParallelism()} cores here`;
    print(title, lines);
    return { [title]: lines };
  } finally {
    await Promise.all(pools.map(({ pool }) => pool.close()));
  }
}
