// Questions on the terminal, or answered in advance by lines of standard input: one answer a line, in the order of the
// questions. At a terminal a bad answer is asked for again; elsewhere it ends the command.
import { createInterface } from 'node:readline';
import { WhereaboutsError } from '../../../protocol/errors.ts';

export interface Question<T> {
  /** What is asked, without a question mark; also names the answer where it is refused. */
  readonly text: string;
  /** What an empty answer stands for; without it an answer is required. */
  readonly otherwise?: string;
  /** Reads an answer; what is wrong with it is told by a WhereaboutsError. */
  readonly read: (answer: string) => T;
}

export interface Prompt {
  ask<T>(question: Question<T>): Promise<T>;
  close(): void;
}

/** Asks on standard error, so that standard output holds the result alone. */
export function openPrompt(): Prompt {
  const { stdin, stderr } = process;
  const isPerson = stdin.isTTY;
  const reader = createInterface({ input: stdin, ...(isPerson ? { output: stderr } : {}), crlfDelay: Infinity });
  const lines = reader[Symbol.asyncIterator]();
  let ended = false;
  const readAnswer = async ({ text, otherwise }: Question<unknown>): Promise<string> => {
    if (isPerson) {
      reader.setPrompt(`${text}${otherwise === undefined || otherwise === '' ? '' : ` [${otherwise}]`}? `);
      reader.prompt();
    }
    const { value, done } = await lines.next();
    ended = done === true;
    const answer = done === true ? '' : value.trim();
    if (answer !== '') return answer;
    if (otherwise !== undefined) return otherwise;
    throw new WhereaboutsError('request-invalid', 'an answer is required');
  };
  return {
    ask: async (question) => {
      for (;;) {
        try {
          return question.read(await readAnswer(question));
        } catch (error) {
          if (!(error instanceof WhereaboutsError)) throw error;
          if (!isPerson || ended) throw new WhereaboutsError('request-invalid', `${question.text}: ${error.message}`);
          stderr.write(`${error.message}\n`);
        }
      }
    },
    close: () => reader.close(),
  };
}
