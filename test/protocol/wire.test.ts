// Octets and their spellings against Node's Buffer as oracle where it is strict enough, and exhaustively where it is not.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareOctets,
  concat,
  equalOctets,
  formatB64u,
  formatBase64,
  formatHex,
  parseB64u,
  parseBase64,
  parseHex,
  parseUtf8,
  Reader,
  utf8,
  Writer,
} from '../../src/protocol/wire.ts';
import { codeOf } from './log/support.ts';

const octets = fc.uint8Array({ maxLength: 100 });
const ASCII = Array.from({ length: 128 }, (_, i) => String.fromCharCode(i));

describe('b64u', () => {
  test('is Buffer’s, and parse undoes format', () => {
    fc.assert(
      fc.property(octets, (value) => {
        const text = formatB64u(value);
        expect(text).toBe(Buffer.from(value).toString('base64url'));
        expect(parseB64u(text)).toEqual(value);
        expect(parseB64u(text, value.length)).toEqual(value);
      }),
    );
  });

  test('of all texts of one and two characters, 0 and 256 are octets', async () => {
    for (const a of ASCII) expect(await codeOf(() => parseB64u(a))).toBe('request-invalid');
    let accepted = 0;
    for (const a of ASCII)
      for (const b of ASCII)
        if ((await codeOf(() => parseB64u(a + b))) === 'accepted') {
          expect(formatB64u(parseB64u(a + b))).toBe(a + b);
          accepted++;
        }
    expect(accepted).toBe(256);
  });

  test('of three characters, a last one with trailing bits is refused', async () => {
    let accepted = 0;
    for (const c of ASCII) if ((await codeOf(() => parseB64u(`AA${c}`))) === 'accepted') accepted++;
    expect(accepted).toBe(16);
  });

  test('whatever parses is its own spelling', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('AQgwZ_-9=+/ é')), maxLength: 12 }), (text) => {
        let value: Uint8Array;
        try {
          value = parseB64u(text);
        } catch {
          return;
        }
        expect(formatB64u(value)).toBe(text);
      }),
    );
  });

  test('padding, white space, the other alphabet, another script, another length are refused', async () => {
    for (const text of [
      'AA==',
      'AAA=',
      'AA A',
      ' AAAA',
      'AAAA\n',
      'AA+A',
      'AA/A',
      'AAé',
      'AA\u{1f600}',
      'AAAＡ',
      'AAAA\0',
    ])
      expect(await codeOf(() => parseB64u(text)), text).toBe('request-invalid');
    for (const length of [2, 4, 0, -1, 3.5])
      expect(await codeOf(() => parseB64u('AAAA', length))).toBe('request-invalid');
    expect(parseB64u('AAAA', 3)).toEqual(new Uint8Array(3));
  });
});

describe('base64', () => {
  test('is Buffer’s, and parse undoes format', () => {
    fc.assert(
      fc.property(octets, (value) => {
        const text = formatBase64(value);
        expect(text).toBe(Buffer.from(value).toString('base64'));
        expect(parseBase64(text, value.length)).toEqual(value);
      }),
    );
  });

  test('needs its padding, its alphabet, no trailing bits', async () => {
    for (const text of [
      'AA',
      'AAA',
      'AA=',
      'AA===',
      'A===',
      '====',
      '=',
      'AA-A',
      'AA_A',
      'AB==',
      'AAB=',
      'AAAA====',
      'AA==AAAA',
      'AAA\n',
      ' AAA',
      'AAAA=',
    ])
      expect(await codeOf(() => parseBase64(text)), text).toBe('request-invalid');
    expect(await codeOf(() => parseBase64('AAAA', 2))).toBe('request-invalid');
  });
});

describe('hex', () => {
  test('is Buffer’s, and parse undoes format', () => {
    fc.assert(
      fc.property(octets, (value) => {
        expect(formatHex(value)).toBe(Buffer.from(value).toString('hex'));
        expect(parseHex(formatHex(value), value.length)).toEqual(value);
      }),
    );
  });

  test('capitals, odd lengths, other lengths, signs and spaces are refused', async () => {
    for (const text of ['AB', 'aB', 'a', 'abc', 'abcd', '0x', '-1', '+1', ' 1', 'g0', '0\n', '１１', ''])
      expect(await codeOf(() => parseHex(text, 1)), text).toBe('request-invalid');
  });
});

describe('UTF-8', () => {
  test('parse undoes format', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseUtf8(utf8(text))).toBe(text);
      }),
    );
  });

  test('a byte order mark stays', () => {
    expect(parseUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe('\ufeffA');
  });

  test('overlong forms, surrogates, stray and missing octets are refused', async () => {
    for (const text of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0x80], [0xc3], [0xf4, 0x90, 0x80, 0x80], [0xff]])
      expect(await codeOf(() => parseUtf8(Uint8Array.from(text)))).toBe('request-invalid');
  });
});

describe('order and equality', () => {
  test('are Buffer’s', () => {
    const near = fc.uint8Array({ maxLength: 3, max: 2 });
    fc.assert(
      fc.property(near, near, (a, b) => {
        expect(Math.sign(compareOctets(a, b))).toBe(Buffer.compare(a, b));
        expect(equalOctets(a, b)).toBe(Buffer.compare(a, b) === 0);
      }),
      { numRuns: 500 },
    );
  });

  test('concat is Buffer’s', () => {
    fc.assert(
      fc.property(fc.array(octets, { maxLength: 5 }), (parts) => {
        expect(Buffer.from(concat(...parts))).toEqual(Buffer.concat(parts));
      }),
    );
  });
});

describe('fields', () => {
  test('big-endian', () => {
    const written = new Writer()
      .u8(1)
      .u16(2)
      .u32(0xffffffff)
      .u64(2n ** 64n - 2n)
      .octets(Uint8Array.of(9))
      .finish();
    expect(formatHex(written)).toBe('010002fffffffffffffffffffffffe09');
  });

  test('Reader undoes Writer', () => {
    const max = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 });
    fc.assert(
      fc.property(max(8), max(16), max(32), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), octets, (a, b, c, d, rest) => {
        const reader = new Reader(new Writer().u8(a).u16(b).u32(c).u64(d).octets(rest).finish());
        expect([reader.u8(), reader.u16(), reader.u32(), reader.u64()]).toEqual([a, b, c, d]);
        expect(reader.left).toBe(rest.length);
        expect(reader.octets(rest.length)).toEqual(rest);
        reader.finish();
      }),
    );
  });

  test('what does not fit a field is not written', () => {
    for (const write of [
      () => new Writer().u8(256),
      () => new Writer().u8(-1),
      () => new Writer().u16(65_536),
      () => new Writer().u32(2 ** 32),
      () => new Writer().u64(2n ** 64n),
      () => new Writer().u64(-1n),
      () => new Writer().u32(1.5),
      () => new Writer().u32(Number.NaN),
    ])
      expect(write).toThrow(RangeError);
  });

  test('running out and leaving something are refused', async () => {
    const three = Uint8Array.of(1, 2, 3);
    expect(await codeOf(() => new Reader(three).u32())).toBe('request-invalid');
    expect(await codeOf(() => new Reader(three).u64())).toBe('request-invalid');
    expect(await codeOf(() => new Reader(three).octets(4))).toBe('request-invalid');
    expect(await codeOf(() => new Reader(three).finish())).toBe('request-invalid');
    expect(await codeOf(() => new Reader(new Uint8Array()).u8())).toBe('request-invalid');
    expect(await codeOf(() => new Reader(new Uint8Array()).finish())).toBe('accepted');
  });
});
