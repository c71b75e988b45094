// What readers share: never of another epoch than the one that is shown, never older than it may be, made once.
import { describe, expect, test } from 'vitest';
import type { Published } from '../../../src/server/directory/published.ts';
import { ReadMemory } from '../../../src/server/directory/read-memory.ts';

const published = (epoch: number, witnesses = 2): Published =>
  ({ epoch, note: `${epoch} by ${witnesses}` }) as unknown as Published;
const replyOf = (text: string, octets = 1) => ({ tag: text, octets: new Uint8Array(octets) });

describe('the published epoch', () => {
  test('is asked for once in fifty milliseconds, and once for all who wait', async () => {
    const memory = new ReadMemory();
    let [now, asked] = [0, 0];
    const ask = async () => published(asked++);
    const recent = () => memory.recent(() => now, ask);
    expect((await Promise.all([recent(), recent()])).map(({ epoch }) => epoch)).toEqual([0, 0]);
    now = 49;
    expect((await recent()).epoch).toBe(0);
    now = 50;
    expect((await recent()).epoch).toBe(1);
    expect(asked).toBe(2);
  });

  test('is asked for at once when this process published one, also by those who come while it is being asked', async () => {
    const memory = new ReadMemory();
    const [old, fresh] = [Promise.withResolvers<Published>(), Promise.withResolvers<Published>()];
    const before = memory.recent(
      () => 0,
      () => old.promise,
    );
    memory.forget();
    const after = memory.recent(
      () => 0,
      () => fresh.promise,
    );
    fresh.resolve(published(8));
    expect((await after).epoch).toBe(8);
    old.resolve(published(7));
    expect((await before).epoch).toBe(7);
    expect(
      (
        await memory.recent(
          () => 0,
          () => Promise.reject(new Error('asked')),
        )
      ).epoch,
    ).toBe(8);
  });

  test('never goes back, and a failure is nobody else’s', async () => {
    const memory = new ReadMemory();
    memory.learn(published(5), 0);
    memory.learn(published(4), 40);
    expect(
      (
        await memory.recent(
          () => 49,
          () => Promise.reject(new Error('asked')),
        )
      ).epoch,
    ).toBe(5);
    await expect(
      memory.recent(
        () => 50,
        () => Promise.reject(new Error('down')),
      ),
    ).rejects.toThrow('down');
    expect(
      (
        await memory.recent(
          () => 50,
          async () => published(6),
        )
      ).epoch,
    ).toBe(6);
  });
});

describe('replies', () => {
  test('are made once an epoch, and anew for the next one or another witness', async () => {
    const memory = new ReadMemory();
    let made = 0;
    const read = (of: Published) => memory.replies.take(of.note, 'bucket/3', async () => replyOf(`${made++}`));
    for (const at of [published(1), published(2), published(2, 3)]) {
      memory.learn(at, 0);
      const [one, other] = await Promise.all([read(at), read(at)]);
      expect(one).toBe(other);
      expect(await read(at)).toBe(one);
    }
    expect(made).toBe(3);
    // Somebody still reads the one before: not from what is kept, and nothing of it is kept.
    expect((await read(published(1))).tag).toBe('3');
    expect((await read(published(2, 3))).tag).toBe('2');
  });

  test('that fail are tried again; what is kept is bounded', async () => {
    const memory = new ReadMemory();
    const at = published(1);
    memory.learn(at, 0);
    await expect(memory.replies.take(at.note, 'bucket/1', () => Promise.reject(new Error('down')))).rejects.toThrow(
      'down',
    );
    expect((await memory.replies.take(at.note, 'bucket/1', async () => replyOf('up'))).tag).toBe('up');
    let made = 0;
    const large = (name: number) =>
      memory.replies.take(at.note, `${name}`, async () => replyOf(`${made++}`, 8 * 1024 * 1024));
    for (let name = 0; name < 6; name++) await large(name);
    await large(0);
    expect(made).toBe(7);
  });
});
