// Identifiers: our vectors (rules I1 to I9), idempotence, and that no message repeats what was typed.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { identifierDomain, identifierKind, parseIdentifier, type Identifier } from '../../src/protocol/identifier.ts';
import { ownVector } from '../support/vectors.ts';

interface Valid {
  cases: { title: string; input: string; region?: string; canonical: string }[];
}
interface Invalid {
  cases: { title: string; input: string; region?: string; code: string }[];
}
const valid = ownVector<Valid>('identifiers-valid.json');
const invalid = ownVector<Invalid>('identifiers-invalid.json');

function refusal(input: string, region?: string): WhereaboutsError | undefined {
  try {
    parseIdentifier(input, region);
    return undefined;
  } catch (error) {
    if (error instanceof WhereaboutsError) return error;
    throw error;
  }
}

function find(input: string, region?: string): Identifier | undefined {
  return refusal(input, region) === undefined ? parseIdentifier(input, region) : undefined;
}

test('72 spellings have their canonical form', () => {
  for (const { title, input, region, canonical } of valid.cases)
    expect(parseIdentifier(input, region), title).toBe(canonical);
  expect(valid.cases.length).toBe(72);
});

test('a canonical form is its own, whatever the region', () => {
  for (const { title, canonical } of valid.cases)
    for (const region of [undefined, 'GB', 'US', 'AR'])
      expect(parseIdentifier(canonical, region), title).toBe(canonical);
});

test('99 others are refused by code, and the message does not repeat them', () => {
  for (const { title, input, region, code } of invalid.cases) {
    const error = refusal(input, region);
    expect(error?.code, title).toBe(code);
    // Short inputs such as "+" and "tel:" stand in any prose.
    if (input.trim().length > 4) expect(error?.message, title).not.toContain(input.trim());
  }
  expect(invalid.cases.length).toBe(99);
});

test('a region that is no region is refused, inherited members of objects included', () => {
  for (const region of ['', 'XX', 'gb', 'GBR', '001', 'constructor', '__proto__', 'toString'])
    expect(refusal('020 7946 0018', region)?.code, region).toBe('identifier-invalid');
});

test('an input too long to be one is refused before any work', () => {
  expect(refusal(`a@${'ü'.repeat(1_000_000)}.example`)?.code).toBe('identifier-invalid');
  expect(refusal(`+44${'0'.repeat(1_000_000)}`, 'GB')?.code).toBe('identifier-invalid');
});

test('an input is at most 1,024 characters, white space included', () => {
  const padded = (length: number): string => '+442079460000'.padStart(length);
  expect(parseIdentifier(padded(1_024))).toBe('tel:+442079460000');
  expect(refusal(padded(1_025))?.code).toBe('identifier-invalid');
});

test('a number is not picked out of text, and nothing invisible is in it', () => {
  const around = ['"+442079460000"', '<+442079460000>', '§ +442079460000', '+442079460000 😀', '+442079460000 @'];
  const invisible = ['+44\u200b2079460000', '+44\u00ad2079460000', '+44 20 7946 0000\u202c', '\u2060+442079460000'];
  for (const input of [...around, ...invisible]) expect(refusal(input)?.code, input).toBe('identifier-invalid');
});

test('UTS 46 as §2 wants it: joiners and directions are checked, hyphens are not, ß stays', () => {
  for (const domain of ['a\u200db.example', 'a\u200cb.example', 'אa.example', '0א.example'])
    expect(refusal(`ann@${domain}`)?.code, domain).toBe('identifier-invalid');
  expect(parseIdentifier('ann@ab--cd.example')).toBe('mailto:ann@ab--cd.example');
  expect(parseIdentifier('ann@faß.example')).toBe('mailto:ann@xn--fa-hia.example');
});

test('lower-casing may leave what composes: J and a caron become one letter', () => {
  expect(parseIdentifier('J\u030c@example.com')).toBe('mailto:\u01f0@example.com');
});

test('kind and domain', () => {
  expect(identifierKind(parseIdentifier('+442079460000'))).toBe('tel');
  expect(identifierDomain(parseIdentifier('+442079460000'))).toBeUndefined();
  expect(identifierKind(parseIdentifier('Ann@Bücher.Example'))).toBe('mailto');
  expect(identifierDomain(parseIdentifier('Ann@Bücher.Example'))).toBe('xn--bcher-kva.example');
});

describe('laws', () => {
  /** What was accepted is accepted again, unchanged; `least`: the law must not hold for want of cases. */
  function idempotent(inputs: fc.Arbitrary<string>, least: number): void {
    let accepted = 0;
    fc.assert(
      fc.property(inputs, fc.constantFrom(undefined, 'GB', 'US', 'IT', 'BR'), (input, region) => {
        const id = find(input, region);
        if (id === undefined) return;
        accepted++;
        expect(parseIdentifier(id)).toBe(id);
        expect(parseIdentifier(id, region)).toBe(id);
        expect(parseIdentifier(` ${id.replace(/^tel:|^mailto:/, '')}\r\n`)).toBe(id);
      }),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(least);
  }
  const letters = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 });
  const atoms = fc.string({
    unit: fc.constantFrom(...Array.from('aZß İıΣςé\u0301Ǆ.+-_ﬁ😀K')),
    minLength: 1,
    maxLength: 8,
  });

  test('e-mail addresses: canonicalisation is idempotent', () => {
    const domains = fc.constantFrom('example.com', 'EXAMPLE.com', 'bücher.example', 'faß.example', '例え.テスト');
    idempotent(
      fc.tuple(fc.oneof(atoms, letters), domains).map(([local, domain]) => `${local}@${domain}`),
      50,
    );
  });

  test('domains: canonicalisation is idempotent', () => {
    const labels = fc.string({
      unit: fc.constantFrom(...Array.from('aZ0-ßéüΣςİ例ﬁ\u0301א')),
      minLength: 1,
      maxLength: 5,
    });
    idempotent(
      fc.tuple(fc.oneof(labels, letters), labels).map(([first, second]) => `ann@${first}.${second}`),
      50,
    );
  });

  test('phone numbers: canonicalisation is idempotent', () => {
    const digits = fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), minLength: 6, maxLength: 11 });
    const starts = fc.constantFrom('+', '+44 ', '+1-', '+39 ', '+55', '00', '011 ', '0', '');
    idempotent(
      fc.tuple(starts, digits).map(([start, rest]) => start + rest),
      50,
    );
  });

  test('whatever is typed, the answer is an identifier or identifier-invalid', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.option(fc.string({ maxLength: 3 })),
        (input, region) => {
          const error = refusal(input, region ?? undefined);
          expect([undefined, 'identifier-invalid']).toContain(error?.code);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
