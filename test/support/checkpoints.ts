// What every memory of logs does (client/checkpoints.ts), wherever it is kept.
import { describe, expect, test } from 'vitest';
import { EVIDENCE_EACH, type Checkpoints } from '../../src/client/checkpoints.ts';

/** `open` gives an empty one. */
export function describeCheckpoints(place: string, open: () => Checkpoints | Promise<Checkpoints>): void {
  describe(`checkpoints in ${place}`, () => {
    test('a note replaces the one before and no other', async () => {
      const checkpoints = await open();
      expect(await checkpoints.find('a')).toBeUndefined();
      expect(await checkpoints.save('a', 'one', 'none')).toBe(false);
      expect(await checkpoints.save('a', 'one', undefined)).toBe(true);
      expect(await checkpoints.save('a', 'two', undefined)).toBe(false);
      expect(await checkpoints.save('a', 'two', 'none')).toBe(false);
      expect(await checkpoints.find('a')).toBe('one');
      expect(await checkpoints.find('b')).toBeUndefined();
      for (let i = 1; i < 20; i++)
        expect(await checkpoints.save('a', `n${i}`, i === 1 ? 'one' : `n${i - 1}`)).toBe(true);
      expect(await checkpoints.find('a')).toBe('n19');
    });

    test('evidence is kept once, and only so much of it', async () => {
      const checkpoints = await open();
      const evidence = (savedAt: number, note: string) => ({
        origin: 'a',
        log: 'k',
        code: 'log-forked' as const,
        savedAt,
        notes: [note],
      });
      await checkpoints.accuse(evidence(1, 'x'));
      await checkpoints.accuse(evidence(2, 'x'));
      expect(await checkpoints.listEvidence()).toEqual([evidence(1, 'x')]);
      for (let i = 0; i < 2 * EVIDENCE_EACH; i++) await checkpoints.accuse(evidence(3 + i, String(i)));
      expect(await checkpoints.listEvidence()).toHaveLength(EVIDENCE_EACH);
    });
  });
}
