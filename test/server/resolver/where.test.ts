// Answers as a stream of lines: made while they are read, and no longer once nobody reads.
import { expect, test } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import { streamAnswers } from '../../../src/server/resolver/where.ts';

function fakeClient(state: { made: number; ended: boolean }): Client {
  const whereMany: Client['whereMany'] = async function* (ids) {
    try {
      for await (const id of ids) {
        state.made += 1;
        yield {
          id,
          language: 'en',
          outcome: 'absent',
          contested: false,
          routes: [],
          alternatives: [],
          directories: [],
        };
      }
    } finally {
      state.ended = true;
    }
  };
  return { whereMany } as Client;
}

test('a reader who goes away ends the asking, and a slow one is not run ahead of', async () => {
  const state = { made: 0, ended: false };
  const ids = Array.from({ length: 1_000 }, (_, i) => `n${i}`);
  const reader = streamAnswers(fakeClient(state).whereMany(ids)).getReader();
  const first = await reader.read();
  expect(new TextDecoder().decode(first.value)).toMatch(/^\{"id":"n0",.*\}\n$/);
  expect(state.made).toBeLessThanOrEqual(3);
  await reader.cancel();
  expect(state.ended).toBe(true);
  expect(state.made).toBeLessThanOrEqual(3);
});
