// Tries mutants: one Vitest whose sources are rewritten once, with all mutants in them, and whose runner switches them off.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createVitest, type Vitest } from 'vitest/node';
import { instrument } from './mutants.ts';
import type { Line, Plan } from './runner.ts';

/** A mutant that says nothing for so long hangs, which is as good as a test that fails. */
const HANG_MILLISECONDS = 60_000;

export interface Trials {
  run(file: string, plan: PlanOf): Promise<Outcome>;
  close(): Promise<void>;
}

type PlanOf = Plan extends infer P ? (P extends Plan ? Omit<P, 'output'> : never) : never;

export interface Outcome {
  readonly failed: boolean;
  readonly lines: readonly Line[];
  /** Messages of what failed. */
  readonly errors: readonly string[];
}

/** `sources`: first number of the mutants of each source, by its absolute path. */
export async function openTrials(sources: ReadonlyMap<string, number>): Promise<Trials> {
  const vitest = await createVitest(
    'test',
    {
      watch: false,
      maxWorkers: 1,
      pool: 'forks',
      reporters: [],
      runner: path.join(import.meta.dirname, 'runner.ts'),
      // A mutant may leave something waiting for ever.
      testTimeout: 30_000,
      hookTimeout: 30_000,
      silent: true,
    },
    {
      plugins: [
        {
          name: 'mutants',
          enforce: 'pre',
          transform(code, id) {
            const first = sources.get(id.replace(/\?.*$/, ''));
            return first === undefined ? undefined : { code: instrument(code, first), map: null };
          },
        },
      ],
    },
  );
  await vitest.standalone();
  return { run: (file, plan) => run(vitest, path.resolve(file), plan), close: () => vitest.close() };
}

async function run(vitest: Vitest, file: string, wanted: PlanOf): Promise<Outcome> {
  const output = path.join(tmpdir(), `mutation-${process.pid}.jsonl`);
  rmSync(output, { force: true });
  const plan: Plan = { ...wanted, output };
  vitest.provide('plan', plan);
  const watch = setInterval(endHanging(output), 1_000);
  try {
    const specifications = await vitest.globTestSpecifications([file]);
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
    const own = testModules.filter(({ moduleId }) => moduleId === file);
    const errors = own.flatMap((one) => [
      ...one.errors(),
      ...[...one.children.allTests('failed')].flatMap((test) => test.result().errors ?? []),
    ]);
    return {
      failed: unhandledErrors.length > 0 || own.length !== 1 || own.some((one) => !one.ok()),
      lines: readLines(output),
      errors: [...unhandledErrors.map(String), ...errors.map(({ message }) => message)],
    };
  } finally {
    clearInterval(watch);
    vitest.state.clearErrors();
  }
}

/** A test that loops cannot be interrupted: its process, which the runner named, is ended. */
function endHanging(output: string): () => void {
  let [length, since] = [-1, Date.now()];
  return () => {
    const lines = readLines(output);
    if (lines.length !== length) [length, since] = [lines.length, Date.now()];
    else if (Date.now() - since > HANG_MILLISECONDS) {
      const first = lines.find((line) => line.kind === 'process');
      if (first !== undefined) process.kill(first.id, 'SIGKILL');
      since = Date.now();
    }
  };
}

const readLines = (output: string): Line[] =>
  existsSync(output)
    ? readFileSync(output, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line)
    : [];
