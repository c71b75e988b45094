// Many questions: answers in the order asked, duplicates asked once, rubbish marked in place, memory bounded by rounds.
import { describe, expect, test } from 'vitest';
import { whereMany, type Progress } from '../../src/client/where-many.ts';
import type { Answer } from '../../src/protocol/answer.ts';
import type { Identifier } from '../../src/protocol/identifier.ts';

const answer = (id: Identifier): Answer => ({
  id,
  language: 'en',
  outcome: 'absent',
  contested: false,
  routes: [],
  alternatives: [],
  directories: [],
});

/** Answers in reverse order of asking, to see that order does not come from timing. */
function askBackwards(rounds: Identifier[][]) {
  return (ids: readonly Identifier[]): Promise<Answer>[] => {
    rounds.push([...ids]);
    return ids.map(async (id, place) => {
      await new Promise((resolve) => setTimeout(resolve, ids.length < 50 ? ids.length - place : 0));
      return answer(id);
    });
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('whereMany', () => {
  test('keeps the order, asks duplicates once in whatever notation, and marks what is no identifier', async () => {
    const rounds: Identifier[][] = [];
    const progress: Progress[] = [];
    const inputs = ['020 7946 0123', 'bob@example.org', 'rubbish', '+44 20 7946 0123', 'Bob@Example.ORG'];
    const options = { region: 'GB', onProgress: (step: Progress) => progress.push(step) };
    const answers = await collect(whereMany(inputs, askBackwards(rounds), options));
    expect(answers.map(({ id }) => id)).toEqual([
      'tel:+442079460123',
      'mailto:bob@example.org',
      null,
      'tel:+442079460123',
      'mailto:bob@example.org',
    ]);
    expect(answers[2]).toEqual({ id: null, outcome: 'invalid', index: 2, code: 'identifier-invalid' });
    expect(rounds).toEqual([['tel:+442079460123', 'mailto:bob@example.org']]);
    expect(progress).toEqual([1, 2, 3, 4, 5].map((answered) => ({ answered, total: 5 })));
  });

  test('reads a stream in rounds of four evaluations', async () => {
    const rounds: Identifier[][] = [];
    async function* inputs() {
      for (let i = 0; i < 1_500; i++) yield `user${i}@example.org`;
    }
    const answers = await collect(whereMany(inputs(), askBackwards(rounds)));
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 1_500 }, (_, i) => `mailto:user${i}@example.org`));
    expect(rounds.map((round) => round.length)).toEqual([1_024, 476]);
  });

  test('asks nothing more once nobody reads', async () => {
    const rounds: Identifier[][] = [];
    const inputs = Array.from({ length: 3_000 }, (_, i) => `user${i}@example.org`);
    for await (const _ of whereMany(inputs, askBackwards(rounds))) break;
    expect(rounds.length).toBe(1);
  });

  test('a failure that is no answer comes out', async () => {
    const broken = (ids: readonly Identifier[]) => ids.map(async () => Promise.reject(new TypeError('a bug')));
    await expect(collect(whereMany(['bob@example.org'], broken))).rejects.toThrow(TypeError);
  });
});
