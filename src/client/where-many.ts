// Many questions as one stream: in rounds of bounded size, each identifier of a round asked once, answers in the order asked.
import type { Answer } from '../protocol/answer.ts';
import { WhereaboutsError, type Code } from '../protocol/errors.ts';
import { parseIdentifier, type Identifier } from '../protocol/identifier.ts';
import { LIMITS } from '../protocol/limits.ts';

/** In place of an answer where the input was no identifier; `index` is its place in the input. */
export interface InvalidAnswer {
  readonly id: null;
  readonly outcome: 'invalid';
  readonly index: number;
  readonly code: Code;
}

/** How far a look-up of many is. */
export interface Progress {
  readonly answered: number;
  /** Absent while the input is still being read. */
  readonly total?: number;
}

export interface ManyOptions {
  readonly region?: string;
  readonly onProgress?: (progress: Progress) => void;
}

/** Answers for distinct identifiers, in their order: not one of them is made to wait for another. */
export type AskRound = (ids: readonly Identifier[]) => readonly Promise<Answer>[];

/** Four evaluations of the largest size: a round is what is in memory at once. */
const ROUND = 4 * LIMITS.evaluateElements;

type Item = Identifier | InvalidAnswer;

/** One answer per input, in order. An input that is no identifier gets an answer that says so, and stops nothing. */
export async function* whereMany(
  inputs: Iterable<string> | AsyncIterable<string>,
  ask: AskRound,
  options: ManyOptions = {},
): AsyncGenerator<Answer | InvalidAnswer, void, undefined> {
  const total = Array.isArray(inputs) ? { total: inputs.length } : {};
  let answered = 0;
  for await (const round of readRounds(inputs, options.region)) {
    const ids = [...new Set(round.filter((item) => typeof item === 'string'))];
    const asked = ask(ids);
    // Whoever stops reading leaves the rest unawaited: their failures are nobody's any more.
    for (const one of asked) one.catch(() => undefined);
    const answers = new Map(ids.map((id, place) => [id, asked[place]]));
    for (const item of round) {
      const answer = typeof item === 'string' ? await answers.get(item) : item;
      if (answer === undefined) throw new WhereaboutsError('internal-error', 'a question without an answer');
      yield answer;
      answered += 1;
      options.onProgress?.({ answered, ...total });
    }
  }
}

async function* readRounds(
  inputs: Iterable<string> | AsyncIterable<string>,
  region: string | undefined,
): AsyncGenerator<readonly Item[], void, undefined> {
  let round: Item[] = [];
  let index = 0;
  for await (const input of inputs) {
    round.push(readItem(input, region, index));
    index += 1;
    if (round.length < ROUND) continue;
    yield round;
    round = [];
  }
  if (round.length > 0) yield round;
}

function readItem(input: string, region: string | undefined, index: number): Item {
  try {
    return parseIdentifier(input, region);
  } catch (error) {
    if (!(error instanceof WhereaboutsError)) throw error;
    return { id: null, outcome: 'invalid', index, code: error.code };
  }
}
