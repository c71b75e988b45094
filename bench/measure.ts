// Times things against each other in one run: rounds in turn (A B A B …), CPU time of this process, medians and their ratio.
// Does not judge: the machine is shared and noisy, so only ratios of one run mean anything.

export interface Subject {
  readonly name: string;
  /** Does `units` units of work once. */
  readonly run: () => void | Promise<void>;
  readonly units: number;
}

export interface Line {
  readonly name: string;
  /** Units per CPU second, median over the rounds. */
  readonly perSecond: number;
  /** Against the last subject, the peer; 1 for the peer itself. */
  readonly ratio: number;
  /** What was varied, where growth is to be drawn: elements in a batch, records in a directory. */
  readonly at?: number;
}

export interface Options {
  readonly rounds?: number;
  /** At least this much CPU time a round, in milliseconds. */
  readonly roundMilliseconds?: number;
  /** Work in other processes counts too: wall time instead of this process's CPU time. */
  readonly wall?: boolean;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
};

/** Microseconds. */
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const wall = (): number => performance.now() * 1_000;

const rotate = <T>(list: readonly T[], by: number): T[] => [
  ...list.slice(by % list.length),
  ...list.slice(0, by % list.length),
];

/** The last subject is the peer the others are compared with. */
export async function compare(subjects: readonly Subject[], options: Options = {}): Promise<Line[]> {
  const { rounds = 7, roundMilliseconds = 150 } = options;
  const clock = options.wall === true ? wall : cpu;
  const rates = subjects.map((): number[] => []);
  for (const subject of subjects) await subject.run();
  for (let round = 0; round < rounds; round++)
    // Another one first each time: what one leaves behind is the next one's to clear away.
    for (const [at, subject] of rotate([...subjects.entries()], round)) {
      const start = clock();
      let [units, elapsed] = [0, 0];
      while (elapsed < roundMilliseconds * 1_000) {
        await subject.run();
        units += subject.units;
        elapsed = clock() - start;
      }
      rates[at]?.push((units * 1e6) / elapsed);
    }
  const medians = rates.map(median);
  const peer = medians.at(-1) ?? 1;
  return subjects.map(({ name }, at) => ({ name, perSecond: medians[at] ?? 0, ratio: (medians[at] ?? 0) / peer }));
}

export function print(title: string, lines: readonly Line[]): void {
  console.log(`\n${title}`);
  for (const { name, perSecond, ratio } of lines)
    console.log(
      `  ${name.padEnd(44)} ${perSecond.toFixed(perSecond < 100 ? 1 : 0).padStart(9)} /s  ×${ratio.toFixed(2)}`,
    );
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
