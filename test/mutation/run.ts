// `npm run mutate [-- --quick] [-- part of a path …]`: for each check in client, monitor, auditor and witness (docs/protocol.md §6), does a
// test notice when it is gone? Lists the checks of which nobody does, and ends with 1 if one of them is not explained. `--quick`:
// only by the two dozen quickest tests that reach a check, for a first look.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findMutants, type Mutant } from './mutants.ts';
import { EXPLAINED, listSources, listTests } from './scope.ts';
import { openTrials, type Trials } from './trials.ts';

interface Numbered extends Mutant {
  readonly id: number;
  readonly file: string;
}

/** A test, what it reaches, and how long it takes. */
interface Reach {
  readonly file: string;
  /** Empty: the file itself, outside of its tests. */
  readonly test: string;
  readonly milliseconds: number;
  readonly mutants: readonly number[];
}

/** Each check is tried with the quickest tests that reach it first: so many in the first round, and so on. */
const ROUNDS = [6, 24, Infinity];

const isQuick = process.argv.includes('--quick');
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const numbered: Numbered[] = [];
const sources = new Map<string, number>();
for (const file of listSources()) {
  sources.set(path.resolve(file), numbered.length + 1);
  for (const mutant of findMutants(readFileSync(file, 'utf8')))
    numbered.push({ ...mutant, file, id: numbered.length + 1 });
}
const chosen = numbered.filter(({ file }) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
const alive = new Set(chosen.map(({ id }) => id));
/** Those that passed all quick tests, as was expected of them. */
const excused = new Set<number>();

const started = performance.now();
// Whoever stops it sees what is known so far.
process.once('SIGINT', () => {
  console.log('interrupted: those that survive so far');
  report();
  process.exit(1);
});
const say = (text: string): void => console.log(`${Math.round((performance.now() - started) / 1000)} s: ${text}`);
const trials = await openTrials(sources);
try {
  const reaches = await findReach(trials);
  for (const [round, most] of ROUNDS.entries()) {
    // What is explained passes them all: that was expected of it.
    if (round === ROUNDS.length - 1) excuse();
    if (round === ROUNDS.length - 1 && isQuick) break;
    await tryTests(trials, rank(reaches, ROUNDS[round - 1] ?? 0, most));
  }
  await tryFiles(trials, reaches);
} finally {
  await trials.close();
}
report();

/** Runs every test as it is: all have to pass. */
async function findReach(trials: Trials): Promise<Reach[]> {
  const reaches: Reach[] = [];
  for (const file of listTests()) {
    const { failed, lines, errors } = await trials.run(file, { kind: 'reach' });
    if (failed) throw new Error(`${file} fails as it is: ${errors.join('; ')}`);
    for (const line of lines) if (line.kind === 'reached') reaches.push({ file, ...line });
  }
  const all = new Set(reaches.flatMap(({ mutants }) => mutants));
  say(`${[...alive].filter((id) => all.has(id)).length} of ${alive.size} checks are reached`);
  return reaches;
}

/** The tests with those of the checks they reach that are reached by `from` to `to` quicker ones. */
function rank(reaches: readonly Reach[], from: number, to: number): Reach[] {
  const seen = new Map<number, number>();
  const inTests = reaches.filter(({ test }) => test !== '').toSorted((a, b) => a.milliseconds - b.milliseconds);
  return inTests.map((reach) => {
    const mutants = reach.mutants.filter((id) => {
      const before = seen.get(id) ?? 0;
      seen.set(id, before + 1);
      return before >= from && before < to;
    });
    return { ...reach, mutants };
  });
}

/** Tries the tests of these files, each with all checks it reaches that nobody noticed yet. */
async function tryTests(trials: Trials, reaches: readonly Reach[]): Promise<void> {
  const slowness = (own: readonly Reach[]) => own.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / own.length;
  const files = [...Map.groupBy(reaches, ({ file }) => file)].toSorted(([, a], [, b]) => slowness(a) - slowness(b));
  for (const [file, own] of files) {
    // Pairs of test and mutant already tried, should the process have been ended in between.
    const tried = new Set<string>();
    for (let ended = true; ended;) {
      const left = ({ test, mutants }: Reach) => mutants.filter((id) => alive.has(id) && !tried.has(`${test} ${id}`));
      const tests = Object.fromEntries(own.map((reach) => [reach.test, left(reach)]));
      if (Object.values(tests).every((mutants) => mutants.length === 0)) break;
      const { lines } = await trials.run(file, { kind: 'try', tests });
      let begun: number | undefined;
      const noticed = new Map<string, number[]>();
      for (const line of lines) {
        if (line.kind === 'begun') begun = line.mutant;
        if (line.kind !== 'done') continue;
        begun = undefined;
        tried.add(`${line.test} ${line.mutant}`);
        if (!line.failed) continue;
        if (line.mutant === 0) noticed.delete(line.test);
        else noticed.set(line.test, [...(noticed.get(line.test) ?? []), line.mutant]);
      }
      for (const id of [...noticed.values()].flat()) alive.delete(id);
      // Without its last line the process was ended in the middle of it.
      ended = begun !== undefined;
      if (begun !== undefined) alive.delete(begun);
    }
  }
  say(`${alive.size} left`);
}

/** Runs whole files for the checks left that no test reaches, but a file does while it is read or prepared. */
async function tryFiles(trials: Trials, reaches: readonly Reach[]): Promise<void> {
  const inTests = new Set(reaches.flatMap(({ test, mutants }) => (test === '' ? [] : mutants)));
  for (const { file, test, mutants } of reaches)
    for (const mutant of test === '' ? mutants : [])
      if (alive.has(mutant) && !inTests.has(mutant) && (await trials.run(file, { kind: 'whole', mutant })).failed)
        alive.delete(mutant);
  say(`${alive.size} left`);
}

function explain({ file, check, id }: Numbered): string | undefined {
  const nth = numbered.filter((other) => other.file === file && other.check === check && other.id <= id).length;
  return EXPLAINED.find((one) => one.file === file && one.check === check && (one.nth ?? nth) === nth)?.why;
}

/** What is explained need not pass the slow tests as well. */
function excuse(): void {
  for (const mutant of chosen)
    if (alive.has(mutant.id) && explain(mutant) !== undefined) {
      alive.delete(mutant.id);
      excused.add(mutant.id);
    }
}

function report(): void {
  for (const [file, own] of Map.groupBy(chosen, (mutant) => mutant.file)) {
    const left = own.filter(({ id }) => alive.has(id) || excused.has(id));
    console.log(`${file}: ${own.length} mutants, ${own.length - left.length} noticed`);
    for (const one of left) {
      const why = explain(one);
      console.log(`  ${one.line}: ${one.check} → ${one.becomes}${why === undefined ? '' : `   (${why})`}`);
    }
  }
  // An explanation of something that is noticed after all is none.
  const wrong = chosen.filter((one) => explain(one) !== undefined && !excused.has(one.id));
  for (const { file, line, check } of wrong) console.log(`explained, and noticed: ${file}:${line} ${check}`);
  const noticed = chosen.length - alive.size - excused.size;
  console.log(`${chosen.length} mutants, ${noticed} noticed, ${excused.size} explained, ${alive.size} survive`);
  if (alive.size > 0 || wrong.length > 0) process.exitCode = 1;
}
