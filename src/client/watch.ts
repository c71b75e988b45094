// "Tell me when that changes": an answer, and then every other one, with what became better or worse. A listener who is slow is
// told less often, never something old.
import type { Answer } from '../protocol/answer.ts';
import { compareAnswers, directionOf, type AnswerChange, type Direction } from '../protocol/answer-change.ts';
import type { Watched } from './follower.ts';

export type WatchEvent =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'change';
      readonly direction: Direction;
      readonly changes: readonly AnswerChange[];
      readonly answer: Answer;
    };

/** The answer, then its changes, until whoever reads stops or `signal` is aborted. */
export async function* watch(
  watched: Watched,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<WatchEvent, void, undefined> {
  const { signal } = options;
  let wake = Promise.withResolvers<undefined>();
  const ring = () => wake.resolve(undefined);
  const stop = watched.listen(ring);
  signal?.addEventListener('abort', ring, { once: true });
  try {
    let told = await watched.current();
    yield { kind: 'answer', answer: told };
    for (;;) {
      await wake.promise;
      if (signal?.aborted === true) return;
      wake = Promise.withResolvers();
      const answer = await watched.current();
      const changes = compareAnswers(told, answer);
      if (changes.length === 0) continue;
      told = answer;
      yield { kind: 'change', direction: directionOf(changes), changes, answer };
    }
  } finally {
    stop();
    signal?.removeEventListener('abort', ring);
  }
}
