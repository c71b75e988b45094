// Which statements of a transaction are under way at once: only such as the server gets whole.
import { expect, test } from 'vitest';
import { createFamiliar, createOrder } from '../../src/platform/statement-order.ts';

/** Says statements and keeps which of them have begun. */
function openLine() {
  const order = createOrder();
  const begun: string[] = [];
  const answers = new Map<string, PromiseWithResolvers<string>>();
  const say = (name: string, isWhole: boolean): Promise<string> => {
    const answer = Promise.withResolvers<string>();
    answers.set(name, answer);
    return order.take(isWhole, () => {
      begun.push(name);
      return answer.promise;
    });
  };
  const answer = async (name: string, fails = false): Promise<void> => {
    if (fails) answers.get(name)?.reject(new Error(name));
    else answers.get(name)?.resolve(name);
    await settled();
  };
  return { say, answer, begun };
}
/** Everything that can go on has gone on. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test('whole ones follow one another at once', async () => {
  const { say, begun } = openLine();
  for (const name of ['a', 'b', 'c']) void say(name, true);
  expect(begun).toEqual([]);
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('one in halves waits for those before it, and those behind it wait for it', async () => {
  const { say, answer, begun } = openLine();
  const said = [say('a', true), say('b', true), say('half', false), say('c', true), say('other half', false)];
  await settled();
  expect(begun).toEqual(['a', 'b']);
  await answer('a');
  expect(begun).toEqual(['a', 'b']);
  await answer('b');
  expect(begun).toEqual(['a', 'b', 'half']);
  await answer('half');
  expect(begun).toEqual(['a', 'b', 'half', 'c']);
  await answer('c');
  expect(begun).toEqual(['a', 'b', 'half', 'c', 'other half']);
  await answer('other half');
  expect(await Promise.all(said)).toEqual(['a', 'b', 'half', 'c', 'other half']);
});

test('one that fails makes room as well', async () => {
  const { say, answer, begun } = openLine();
  const [first, second] = [say('half', false), say('a', true)];
  const failed = expect(first).rejects.toThrow('half');
  await settled();
  await answer('half', true);
  await failed;
  expect(begun).toEqual(['half', 'a']);
  await answer('a');
  expect(await second).toBe('a');
});

test('a text is familiar the second time, and no more texts than are worth remembering', () => {
  const isFamiliar = createFamiliar();
  expect([isFamiliar('select 1'), isFamiliar('select 1'), isFamiliar('select 2')]).toEqual([false, true, false]);
  for (let i = 0; i < 1_000; i++) isFamiliar(`select ${i + 10}`);
  expect([isFamiliar('select 1'), isFamiliar('select 20'), isFamiliar('select 1009')]).toEqual([true, true, false]);
  expect(isFamiliar('select 1009')).toBe(false);
});
