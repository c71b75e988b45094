// What runs the tests of a mutation run, inside Vitest: repeats each test once for every check that is to be switched off in
// it, so that a hundred mutants cost a hundred test bodies and not a hundred processes. What to try is run.ts's.
import { appendFileSync } from 'node:fs';
import { inject, TestRunner, type RunnerTestCase, type RunnerTestFile, type TestTryOptions } from 'vitest';

/** What to do with one test file. Numbers are those of mutants, 0 being none; tests are named by their ids. */
export type Plan = { readonly output: string } & (
  | { readonly kind: 'reach' }
  /** Each test with these checks switched off in turn, those noticed already left out. */
  | { readonly kind: 'try'; readonly tests: Readonly<Record<string, readonly number[]>> }
  /** The whole file with one check switched off from its first line on. */
  | { readonly kind: 'whole'; readonly mutant: number }
);

/** Lines of the output, as they happen. */
export type Line =
  | { readonly kind: 'process'; readonly id: number }
  /** Checks a test reached, or what is outside of any test (`test` is empty). */
  | { readonly kind: 'reached'; readonly test: string; readonly milliseconds: number; readonly mutants: number[] }
  | { readonly kind: 'begun'; readonly mutant: number }
  | { readonly kind: 'done'; readonly test: string; readonly mutant: number; readonly failed: boolean };

declare module 'vitest' {
  export interface ProvidedContext {
    plan: Plan;
  }
}

const plan = inject('plan');
const reached = new Set<number>();
const outside = new Set<number>();
const noticed = new Set<number>();
let off = plan.kind === 'whole' ? plan.mutant : 0;
const isOff = (id: number): boolean => {
  reached.add(id);
  return id === off;
};

/** A set without the member whose mutant is on. */
class SwitchableSet<T> extends Set<T> {
  readonly #mutants: ReadonlyMap<T, number>;

  constructor(members: ReadonlySet<T>, mutants: readonly number[]) {
    super(members);
    this.#mutants = new Map([...members].map((member, i) => [member, mutants[i] ?? 0]));
  }
  override has(member: T): boolean {
    return super.has(member) && !isOff(this.#mutants.get(member) ?? -1);
  }
}
const switchable = <T>(set: ReadonlySet<T>, mutants: readonly number[]) => new SwitchableSet(set, mutants);
Object.assign(globalThis, { isOff, switchable });

const write = (line: Line): void => appendFileSync(plan.output, `${JSON.stringify(line)}\n`);
write({ kind: 'process', id: process.pid });

export default class MutationRunner extends TestRunner {
  #tries: readonly number[] = [];
  #since = 0;

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    await super.onBeforeRunTask(test);
    if (plan.kind !== 'try') return;
    const tries = (plan.tests[test.id] ?? []).filter((mutant) => !noticed.has(mutant));
    // Once more without any: what was noticed counts only if nothing else was broken by then.
    this.#tries = [...tries, 0];
    if (tries.length === 0) test.mode = 'skip';
    else test.repeats = tries.length;
  }

  override onBeforeTryTask(test: RunnerTestCase, options: TestTryOptions): void {
    super.onBeforeTryTask(test, options);
    for (const mutant of reached) outside.add(mutant);
    reached.clear();
    this.#since = performance.now();
    if (plan.kind !== 'try') return;
    off = this.#tries[options.repeats] ?? 0;
    write({ kind: 'begun', mutant: off });
  }

  override async onAfterRetryTask(test: RunnerTestCase, options: TestTryOptions): Promise<void> {
    await super.onAfterRetryTask(test, options);
    const milliseconds = performance.now() - this.#since;
    if (plan.kind === 'reach') write({ kind: 'reached', test: test.id, milliseconds, mutants: [...reached] });
    reached.clear();
    if (plan.kind !== 'try') return;
    const failed = test.result?.state === 'fail';
    write({ kind: 'done', test: test.id, mutant: off, failed });
    if (failed) noticed.add(off);
    off = 0;
  }

  override onAfterRunFiles(files: RunnerTestFile[]): void {
    super.onAfterRunFiles(files);
    for (const mutant of reached) outside.add(mutant);
    if (plan.kind === 'reach') write({ kind: 'reached', test: '', milliseconds: 0, mutants: [...outside] });
  }
}
