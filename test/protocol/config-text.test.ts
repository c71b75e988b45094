// The config text: one spelling for each configuration, everything else refused.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatConfigText, parseConfigText, type ConfigKey } from '../../src/protocol/config-text.ts';
import { keyId } from '../../src/protocol/oprf.ts';
import { formatBase64 } from '../../src/protocol/wire.ts';
import { ownVector } from '../support/vectors.ts';
import { codeOf, hex } from './log/support.ts';

const ORIGIN = 'directory.example/whereabouts';
const keyOf = (publicKey: Uint8Array): ConfigKey => ({ id: keyId(publicKey), publicKey });
const octets = fc.uint8Array({ minLength: 32, maxLength: 32 });
const untils = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const { key } = ownVector<{ key: { public: string; public_base64: string; key_id: string } }>('names.json');
const line = `oprf ${key.key_id} ${key.public_base64}`;
const [low, high] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  .map((publicKey) => `oprf ${keyId(publicKey)} ${formatBase64(publicKey)}`)
  .toSorted();
const text = (...lines: readonly (string | undefined)[]): string =>
  ['whereabouts/config/v1', `origin ${ORIGIN}`, 'suite ristretto255-SHA512', ...lines, ''].join('\n');

test('one key', () => {
  const config = { origin: ORIGIN, keys: [keyOf(hex(key.public))] };
  expect(formatConfigText(config)).toBe(text(line));
  expect(parseConfigText(text(line))).toEqual(config);
  expect(config.keys[0]?.id).toBe(key.key_id);
});

test('two keys, one being retired: ascending by id whatever order they were given in', () => {
  fc.assert(
    fc.property(octets, octets, untils, (a, b, until) => {
      fc.pre(keyId(a) !== keyId(b));
      const [current, retiring] = [keyOf(a), { ...keyOf(b), until }];
      const written = formatConfigText({ origin: ORIGIN, keys: [current, retiring] });
      expect(formatConfigText({ origin: ORIGIN, keys: [retiring, current] })).toBe(written);
      const read = parseConfigText(written);
      expect(read.keys.toSorted((x, y) => (x.until ?? -1) - (y.until ?? -1))).toEqual([current, retiring]);
      expect(formatConfigText(read)).toBe(written);
    }),
  );
});

test('whatever is read is its own spelling', async () => {
  const pieces = fc.constantFrom(
    line,
    low,
    high,
    `${low} until 5`,
    `${high} until 05`,
    `${line} until 7`,
    '',
    ' ',
    'x',
  );
  let accepted = 0;
  for (const lines of fc.sample(fc.array(pieces, { maxLength: 3 }), 2_000)) {
    const given = text(...lines);
    if ((await codeOf(() => parseConfigText(given))) !== 'accepted') continue;
    accepted++;
    expect(formatConfigText(parseConfigText(given))).toBe(given);
  }
  expect(accepted).toBeGreaterThan(10);
});

/** Ascending by id, as they must be. */
const three = [line, low ?? '', high ?? ''].toSorted();

test('anything else is refused', async () => {
  expect(await codeOf(() => parseConfigText(text(low, `${high} until 1790000000`)))).toBe('accepted');
  expect(await codeOf(() => parseConfigText(text(`${low} until 0`, high)))).toBe('accepted');
  const cases: Record<string, string> = {
    empty: '',
    'no key': text(),
    'no line feed at the end': text(line).slice(0, -1),
    'a line feed too many': `${text(line)}\n`,
    'an empty line between': text('', line),
    'carriage returns': text(line).replaceAll('\n', '\r\n'),
    'a byte order mark': `\ufeff${text(line)}`,
    'another version': text(line).replace('/v1', '/v2'),
    'another suite': text(line).replace('ristretto255-SHA512', 'P256-SHA256'),
    'no suite': text(line).replace('suite ristretto255-SHA512\n', ''),
    'no origin': text(line).replace(`origin ${ORIGIN}\n`, ''),
    'an empty origin': text(line).replace(ORIGIN, ''),
    'white space in the origin': text(line).replace(ORIGIN, `${ORIGIN} x`),
    'an origin outside ASCII': text(line).replace('directory', 'dïrectory'),
    'two origins': text(line).replace('suite', `origin ${ORIGIN}\nsuite`),
    'lines in another order': text(line).replace(/(origin .*)\n(suite .*)/, '$2\n$1'),
    'keys descending': text(high, `${low} until 5`),
    'the same key twice': text(line, `${line} until 5`),
    'two keys, none being retired': text(low, high),
    'two keys, both being retired': text(`${low} until 5`, `${high} until 6`),
    'three keys, two being retired': text(...three.map((one, i) => (i === 1 ? one : `${one} until 5`))),
    'one key, being retired': text(`${line} until 5`),
    'the id of another key': text(line.replace(key.key_id, '0011223344556677')),
    'the id in capitals': text(line.replace(key.key_id, key.key_id.toUpperCase())),
    'the key in base64url': text(line.replace('/', '_')),
    'the key without padding': text(line.replace('=', '')),
    'two spaces': text(line.replace(' ', '  ')),
    'a space at the end': text(`${line} `),
    'an end that is no number': text(low, `${high} until soon`),
    'an end with a leading zero': text(low, `${high} until 05`),
    'a negative end': text(low, `${high} until -5`),
    'an end that no number holds': text(low, `${high} until 9007199254740993`),
    'a member after the end': text(low, `${high} until 5 x`),
    'an unknown line': text(line, 'colour blue'),
  };
  for (const [fault, given] of Object.entries(cases))
    expect(await codeOf(() => parseConfigText(given)), fault).toBe('config-invalid');
  expect(Object.keys(cases).length).toBe(34);
});

test('stretched and threshold directories are refused as not supported', () => {
  const share = `share 1 ${key.key_id} ${key.public_base64} https://one.example`;
  for (const given of [text('stretch scrypt 14', line), text(line, share, 'threshold 1'), text(line, 'threshold 2')])
    expect(() => parseConfigText(given)).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining('not supported') }),
    );
});
