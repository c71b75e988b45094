// How long random tests run, and from where: the same every time unless the environment says otherwise.

const number = (name: string, otherwise: number): number => {
  const given = process.env[name];
  if (given === undefined || given === '') return otherwise;
  if (!/^[0-9]{1,9}$/.test(given)) throw new Error(`${name} is no number`);
  return Number(given);
};

/** Parameters of fast-check, told on the terminal: WHEREABOUTS_SEED, WHEREABOUTS_RUNS. */
export function randomRuns(title: string, runs: number): { readonly seed: number; readonly numRuns: number } {
  const chosen = { seed: number('WHEREABOUTS_SEED', 20_261), numRuns: number('WHEREABOUTS_RUNS', runs) };
  process.stdout.write(`${title}: seed ${chosen.seed}, ${chosen.numRuns} runs\n`);
  return chosen;
}

/** How many times as long a random test goes on in one run: WHEREABOUTS_STEPS. */
export const stepCount = (steps: number): number => number('WHEREABOUTS_STEPS', steps);
