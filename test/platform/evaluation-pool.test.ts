// Evaluations in threads: the same answers and refusals as here, nothing for those who went away, a bound on what waits.
import { afterEach, describe, expect, test } from 'vitest';
import { openEvaluationPool, type EvaluationPool } from '../../src/platform/node/evaluation-pool.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { blind, finalize, generateKeyPair, type Random } from '../../src/protocol/oprf.ts';
import { formatHex, utf8 } from '../../src/protocol/wire.ts';
import { GROUPS } from '../support/groups.ts';

const random: Random = (octets) => crypto.getRandomValues(new Uint8Array(octets));
const [, sodium = nobleGroup] = GROUPS.at(-1) ?? [];
const key = generateKeyPair(sodium, random);
const stateOf = (count: number) =>
  blind(
    sodium,
    Array.from({ length: count }, (_, i) => utf8(`tel:+${i}`)),
    random,
  );

const opened: EvaluationPool[] = [];
afterEach(() => Promise.all(opened.splice(0).map((pool) => pool.close())));
function openPool(threads = 1, group = sodium): EvaluationPool {
  const pool = openEvaluationPool({ group, random, threads });
  opened.push(pool);
  return pool;
}

describe('evaluations in threads', () => {
  test('verify, in whatever number and order they come', async () => {
    const pool = openPool(2);
    const states = [1, 256, 3, 64, 5, 256, 17].map(stateOf);
    const answers = await Promise.all(states.map(({ blinded }) => pool.evaluate(key, blinded)));
    for (const [i, state] of states.entries()) {
      const answer = answers[i] ?? { evaluated: [], proof: new Uint8Array() };
      expect(finalize(nobleGroup, state, key.publicKey, answer).length).toBe(state.inputs.length);
    }
  });

  test('the key is copied, never taken along', async () => {
    const before = formatHex(key.secret);
    await openPool().evaluate(key, stateOf(8).blinded);
    expect(formatHex(key.secret)).toBe(before);
  });

  test.each([2, 20])('among %i, what is no element is refused by its place', async (count) => {
    const { blinded } = stateOf(count);
    const bad = blinded.with(1, new Uint8Array(32));
    await expect(openPool().evaluate(key, bad)).rejects.toMatchObject({
      code: 'element-invalid',
      extensions: { index: 1 },
    });
  });

  test('this thread goes on meanwhile', async () => {
    const pool = openPool();
    await pool.evaluate(key, stateOf(5).blinded);
    const { blinded } = stateOf(256);
    const state = { turns: 0, isDone: false };
    const work = pool.evaluate(key, blinded).then(() => (state.isDone = true));
    for (; !state.isDone; state.turns++) await new Promise((resolve) => setImmediate(resolve));
    await work;
    expect(state.turns).toBeGreaterThan(10);
  });

  test('who went away is not served, and costs nobody behind him anything', async () => {
    const pool = openPool();
    const batch = stateOf(32);
    const gone = new AbortController();
    const first = pool.evaluate(key, batch.blinded);
    const second = pool.evaluate(key, batch.blinded, gone.signal);
    const third = pool.evaluate(key, batch.blinded);
    gone.abort();
    await expect(second).rejects.toMatchObject({ code: 'overloaded' });
    await expect(pool.evaluate(key, batch.blinded, gone.signal)).rejects.toMatchObject({ code: 'overloaded' });
    for (const answer of [await first, await third])
      expect(finalize(sodium, batch, key.publicKey, answer).length).toBe(32);
  });

  test('so much may wait and no more; a small batch never waits', async () => {
    const pool = openPool();
    const { blinded } = stateOf(256);
    const works: Promise<unknown>[] = [];
    while (pool.hasRoom(256)) works.push(pool.evaluate(key, blinded));
    expect(works.length).toBe(1 + 16_384 / 256);
    expect(pool.hasRoom(1)).toBe(true);
    const ended = Promise.allSettled(works);
    await pool.close();
    for (const { status, ...rest } of await ended)
      if (status === 'rejected') expect(rest).toMatchObject({ reason: { code: 'overloaded' } });
  });

  test('a thread that breaks is replaced, and says so to the one it broke for', async () => {
    const pool = openPool();
    const { blinded } = stateOf(8);
    const broken = { ...key, secret: 'no octets' as unknown as Uint8Array };
    await expect(pool.evaluate(broken, blinded)).rejects.toMatchObject({ code: 'internal-error' });
    expect((await pool.evaluate(key, blinded)).evaluated.length).toBe(8);
  });
});

test('no key stays in the memory of the module', async () => {
  const { default: load } = await import('libsodium-sumo');
  const { createSodiumGroup } = await import('../../src/protocol/group-sodium.ts');
  const module = await load({ getRandomValue: () => 4 });
  const group = createSodiumGroup(module);
  const holds = (octets: Uint8Array) => Buffer.from(module.HEAPU8.buffer).includes(Buffer.from(octets));
  const secret = generateKeyPair(nobleGroup, random).secret;
  const at = module._malloc(32);
  module.HEAPU8.set(secret, at);
  expect(holds(secret)).toBe(true);
  module.HEAPU8.fill(0, at, at + 32);
  const [point = secret] = stateOf(1).blinded;
  const uses: Record<string, () => unknown> = {
    mulMany: () => group.mulMany(secret, [point, point]),
    'mulMany, refused': () => expect(() => group.mulMany(secret, [new Uint8Array(32)])).toThrow(),
    mulBase: () => group.mulBase(secret),
    inv: () => group.scalar.inv(secret),
    mul: () => group.scalar.mul(secret, key.secret),
    sub: () => group.scalar.sub(secret, secret),
    reduce: () => group.scalar.reduce(Uint8Array.from([...secret, ...new Uint8Array(32)])),
  };
  for (const [name, use] of Object.entries(uses)) {
    use();
    expect(holds(secret), name).toBe(false);
  }
});
