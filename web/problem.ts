// Failures in words: by the code of the problem, in the reader's language. Never a message that somebody else wrote.
import { h } from './dom.ts';
import type { Texts, ToldCode } from './text/texts.ts';

export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return 'internal-error';
}

const isTold = (texts: Texts, code: string): code is ToldCode => Object.hasOwn(texts.problems, code);

export const problemText = (texts: Texts, code: string): string =>
  isTold(texts, code) ? texts.problems[code] : texts.problem(code);

/** A failure as it is shown; an alert, so that it is read out. */
export const showProblem = (texts: Texts, error: unknown): HTMLElement =>
  h('p', { class: 'note bad', role: 'alert' }, problemText(texts, codeOf(error)));
