// Proofs that stand alone, and what a bundle carries in one: foreign texts, and every way to spell them otherwise.
import { describe, expect, test } from 'vitest';
import { formatMapProof, parseMapProof } from '../../../src/protocol/log/bundle.ts';
import { leafHash } from '../../../src/protocol/log/hash.ts';
import { formatTlogProof, parseTlogProof } from '../../../src/protocol/log/tlog-proof.ts';
import { formatBase64, utf8 } from '../../../src/protocol/wire.ts';
import { base64, codeOf, foreignTest } from './support.ts';

interface Proofs {
  marshal: { index: number; hashes: string[]; checkpoint: string; text: string }[];
  unmarshal_errors: { why: string; text: string }[];
}
foreignTest<Proofs>('tlog-proof.json', 'foreign texts', async ({ marshal, unmarshal_errors }) => {
  for (const { text, ...proof } of marshal) {
    const own = { ...proof, hashes: proof.hashes.map(base64) };
    expect(formatTlogProof(own)).toBe(text);
    expect(parseTlogProof(text)).toEqual(own);
  }
  for (const { why, text } of unmarshal_errors)
    expect(await codeOf(() => parseTlogProof(text)), why).toBe('bundle-invalid');
  expect(marshal.length + unmarshal_errors.length).toBe(6);
});

describe('tlog-proof', () => {
  const hash = formatBase64(leafHash(utf8('a')));
  const text = `c2sp.org/tlog-proof@v1\nextra AAAA\nindex 7\n${hash}\n\nlog\n8\n`;
  test('round trip', () => {
    expect(formatTlogProof(parseTlogProof(text))).toBe(text);
    expect(parseTlogProof(text.replace('extra AAAA', 'extra ')).extra).toEqual(new Uint8Array(0));
  });
  test.each([
    ['extra after the index', text.replace('extra AAAA\nindex 7', 'index 7\nextra AAAA')],
    ['extra twice', text.replace('extra AAAA', 'extra AAAA\nextra AAAA')],
    ['a leading zero', text.replace('index 7', 'index 07')],
    ['a plus sign', text.replace('index 7', 'index +7')],
    ['an index beyond 2^53', text.replace('index 7', 'index 9007199254740993')],
    ['a hash of 31 octets', text.replace(hash, formatBase64(new Uint8Array(31)))],
    ['a hash in base64url', text.replace(hash, '_'.repeat(43))],
    ['a hash without padding', text.replace('=\n', '\n')],
    ['64 hashes', text.replace(`${hash}\n`, `${hash}\n`.repeat(64))],
    ['no checkpoint', text.split('\n\n')[0] ?? ''],
    ['a space at the end', text.replace('index 7', 'index 7 ')],
    ['more than is read', text + 'x'.repeat(65_536)],
  ])('%s is refused', async (_, wrong) => {
    expect(wrong).not.toBe(text);
    expect(await codeOf(() => parseTlogProof(wrong))).toBe('bundle-invalid');
  });
});

describe('map proof', () => {
  const octets = formatMapProof({
    depth: 2,
    logLeaf: utf8('leaf'),
    leafData: utf8('data'),
    path: [leafHash(utf8('a')), leafHash(utf8('b'))],
  });
  test('round trip', () => {
    expect(octets.length).toBe(30 + 8 + 64);
    expect(formatMapProof(parseMapProof(octets))).toEqual(octets);
  });
  test('every octet of the head decides', async () => {
    for (let i = 0; i < 30; i++) {
      const wrong = octets.slice();
      wrong[i] = (wrong[i] ?? 0) ^ 1;
      expect(await codeOf(() => parseMapProof(wrong)), `octet ${i}`).toBe('bundle-invalid');
    }
    for (let length = 0; length < octets.length; length++)
      expect(await codeOf(() => parseMapProof(octets.subarray(0, length)))).toBe('bundle-invalid');
  });
});
