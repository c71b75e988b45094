// The search for traces must find each form when it is planted, or its silence means nothing.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { findTraces, needles, spellings } from './traces.ts';

const texts = spellings('tel:+442079460123', ['+44 20 7946 0123']);
const wanted = needles(texts);
const search = (octets: Buffer) => findTraces([{ where: 'planted', octets }], wanted);
const planted = (value: Buffer | string) => Buffer.concat([Buffer.from('x7{'), Buffer.from(value), Buffer.from('}')]);

test('every needle is found when planted', () => {
  expect(wanted.length).toBeGreaterThan(150);
  for (const { octets } of wanted) expect(search(planted(octets)).length).toBeGreaterThan(0);
});

test.each(['md5', 'sha1', 'sha256', 'sha512', 'sha3-256', 'blake2b512'])('%s of the number, in hex', (hash) => {
  expect(search(planted(createHash(hash).update('+442079460123').digest('hex')))).not.toEqual([]);
});

test.each([0, 1, 2, 3, 4, 5])('base64 of a text that holds the number at offset %i', (offset) => {
  const text = Buffer.from(`${'a'.repeat(offset)}tel:+442079460123 and more`).toString('base64');
  expect(search(planted(text))).not.toEqual([]);
});

test('nothing is found where nothing is', () => {
  expect(search(planted(createHash('sha256').update('tel:+442079460124').digest()))).toEqual([]);
});
