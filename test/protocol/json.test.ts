// Strict JSON: JSON.parse's values, and refusals it does not make: duplicates at any depth, lone surrogates, deep nesting.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson, parseJsonObject } from '../../src/protocol/json.ts';
import { concat, utf8 } from '../../src/protocol/wire.ts';
import { codeOf } from './log/support.ts';

/** A member name in every spelling: each UTF-16 unit as it stands or escaped. */
const escaped = (text: string): string =>
  Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');

describe('laws', () => {
  const values = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' });

  test('what JSON.stringify writes, with or without white space, is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, 1, '\t', '\n'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(parseJson(text)).toEqual(JSON.parse(text));
        expect(parseJson(utf8(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('text that JSON.parse refuses is refused', () => {
    const pieces = fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '1', 'true', '"a"', ' ', '\n', '\\u0061');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 10 }), (list) => {
        const text = list.join('');
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: 'request-invalid' }));
          return;
        }
        // What JSON.parse takes is taken too, unless members are duplicate.
        try {
          expect(parseJson(text)).toEqual(expected);
        } catch (error) {
          expect(error).toMatchObject({ code: 'request-invalid', message: 'duplicate member' });
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test('a member named twice is refused wherever it stands and however it is spelt', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 4 }),
        fc.array(fc.constantFrom('object', 'array'), { maxLength: 20 }),
        values,
        fc.boolean(),
        (name, path, between, escape) => {
          const plain = JSON.stringify(name);
          const again = escape ? `"${escaped(name)}"` : plain;
          const twice = `{${plain}:1,${JSON.stringify(`other ${name}`)}:${JSON.stringify(between)},${again} :2}`;
          const once = twice.replace(`,${again} :2`, '');
          const wrap = (text: string): string =>
            path.reduce((inner, kind) => (kind === 'array' ? `[0,${inner}]` : `{"in":${inner},"x":0}`), text);
          expect(() => parseJson(wrap(twice))).toThrow(
            expect.objectContaining({ code: 'request-invalid', message: 'duplicate member' }),
          );
          expect(parseJson(wrap(once))).toEqual(JSON.parse(wrap(once)));
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('the same name in different objects, and a value like a name, are no duplicates', () => {
  for (const text of [
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":"a"}',
    '{"a":["a","a"],"b":{"a":1}}',
    '{"a":"b:","b":"\\"a\\":"}',
    '{"":1," ":2}',
    '{"é":1,"e\u0301":2}',
  ])
    expect(parseJson(text)).toEqual(JSON.parse(text));
});

test('duplicates are refused also after nested values, and for names objects inherit', async () => {
  for (const text of [
    '{"a":{"b":1},"a":2}',
    '{"a":[{"b":1}],"a":2}',
    '{"a":1\n,\t"a" \r\n:2}',
    '{"__proto__":1,"__proto__":2}',
    '{"constructor":1,"constructor":2}',
    '{"a":1,"\\u0061":2}',
    '{"/":1,"\\/":2}',
    '[1,[2,{"x":{"y":0,"y":0}}]]',
  ])
    expect(await codeOf(() => parseJson(text)), text).toBe('request-invalid');
});

test('__proto__ is a member like any other and reaches no prototype', () => {
  const value = parseJsonObject('{"__proto__":{"route":"x"},"a":1}');
  expect(Object.keys(value)).toEqual(['__proto__', 'a']);
  expect(value['route']).toBeUndefined();
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

test('lone surrogates are refused in names and values, pairs are not', async () => {
  for (const text of ['"\\ud800"', '"\\udc00\\ud800"', '{"\\ud800":1}', '["a",{"b":"\\udfff"}]', '"\ud800"'])
    expect(await codeOf(() => parseJson(text)), text).toBe('request-invalid');
  expect(parseJson('"\\ud83d\\ude00"')).toBe('😀');
});

test('32 levels are read, 33 are not, a million do not overflow the stack', async () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const nested = (depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;
    expect(await codeOf(() => parseJson(nested(32)))).toBe('accepted');
    expect(await codeOf(() => parseJson(nested(33)))).toBe('request-invalid');
    expect(await codeOf(() => parseJson(open.repeat(1_000_000)))).toBe('request-invalid');
  }
  expect(parseJson(`"${'['.repeat(100)}"`)).toBe('['.repeat(100));
});

test('long strings, escapes included, do not overflow the stack either', () => {
  expect(parseJson(`"${'a'.repeat(10_000_000)}"`)).toHaveLength(10_000_000);
  expect(parseJson(`"${'\\n'.repeat(3_000_000)}"`)).toHaveLength(3_000_000);
});

test('what is no JSON, or no UTF-8, is refused', async () => {
  for (const text of [
    '',
    ' ',
    '{',
    '{"a"}',
    '{"a":1,}',
    '[1,]',
    '01',
    '1 2',
    "{'a':1}",
    '"a',
    '"\\',
    '"\\x"',
    '"\n"',
    'NaN',
    '\ufeff1',
    '}{',
    ']',
  ])
    expect(await codeOf(() => parseJson(text)), JSON.stringify(text)).toBe('request-invalid');
  expect(await codeOf(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22)))).toBe('request-invalid');
  expect(await codeOf(() => parseJson(concat(Uint8Array.of(0xef, 0xbb, 0xbf), utf8('1'))))).toBe('request-invalid');
});

test('an object is an object', async () => {
  expect(parseJsonObject('{"a":1}')).toEqual({ a: 1 });
  for (const text of ['[]', 'null', '1', '"a"', 'true', '[{}]'])
    expect(await codeOf(() => parseJsonObject(text)), text).toBe('request-invalid');
});

test('messages do not quote what was sent', () => {
  for (const text of ['{"secret":secret}', '{"secret":1,"secret":2}', '"secret\\ud800"', '["secret"', '"secret'])
    expect(() => parseJson(text)).toThrow(
      expect.objectContaining({ code: 'request-invalid', message: expect.not.stringContaining('secret') }),
    );
});
