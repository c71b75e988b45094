// Whole look-ups against the sandbox in a process of its own, over HTTP: one by one, and as one list. Wall time; the CPU of this
// process, the resolver's part, beside it.
import { compare, percentile, print, type Line } from './measure.ts';
import { openBenchSandbox } from './sandbox.ts';

const MANY = 256;

export async function benchWhere(): Promise<Record<string, Line[]>> {
  const sandbox = await openBenchSandbox();
  try {
    const { client } = sandbox;
    const numbers = Array.from({ length: MANY }, (_, i) => `+4420794600${String(i % 100).padStart(2, '0')}`);
    const times: number[] = [];
    const one = async (): Promise<void> => {
      const start = performance.now();
      const { outcome } = await client.where('+44 20 7946 0123');
      if (outcome !== 'found') throw new Error(outcome);
      times.push(performance.now() - start);
    };
    const many = async (): Promise<void> => {
      for await (const { outcome } of client.whereMany(new Set(numbers)))
        if (outcome === 'unknown') throw new Error(outcome);
    };
    const subjects = [
      { name: 'where, one at a time, found', units: 1, run: one },
      { name: 'whereMany, 100 distinct numbers, absent', units: 100, run: many },
    ];
    const results: Record<string, Line[]> = {};
    for (const wall of [true, false]) {
      const lines = await compare(subjects, { rounds: 3, roundMilliseconds: 1_000, wall });
      const title = wall
        ? `whole look-ups, wall time, sandbox on PGlite (p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms for one)`
        : 'the same, CPU time of the asking process alone';
      print(title, lines);
      results[title] = lines;
    }
    return results;
  } finally {
    await sandbox.close();
  }
}
