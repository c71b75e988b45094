// What counts as a check, and that each can be switched off alone; that what is explained in scope.ts is still there.
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { expect, test } from 'vitest';
import { findMutants, instrument } from './mutants.ts';
import { EXPLAINED, listSources, listTests } from './scope.ts';

const SOURCE = `
const CODES: ReadonlySet<string> = new Set(['a', 'b']);
const isSmall = (n: number): boolean => n < 10;
function judge(n: number, code: string): string[] {
  const refused: string[] = [];
  const verifyEven = () => void (n % 2 === 0 || refused.push('odd'));
  if (!isSmall(n) || (n < 0 && n !== -1)) refused.push('size');
  verifyEven();
  if (!CODES.has(code)) refused.push('code');
  return refused.filter((one) => one !== 'none');
}
`;

const judge = (off: number, n: number, code: string): string => {
  const switchable = (set: Set<string>, mutants: number[]) => new Set([...set].filter((_, i) => mutants[i] !== off));
  const code2 = `${stripTypeScriptTypes(instrument(SOURCE, 1))}; return judge(${n}, '${code}').join();`;
  // oxlint-disable-next-line typescript/no-implied-eval -- what is tested is code
  const run = new Function('isOff', 'switchable', code2) as (...given: unknown[]) => string;
  return run((id: number) => id === off, switchable);
};

test('every check is found, in order', () => {
  expect(findMutants(SOURCE).map(({ line, check, becomes }) => `${line} ${check} ${becomes}`)).toEqual([
    `2 'a' nothing`,
    `2 'b' nothing`,
    '3 n < 10 true',
    '6 n % 2 === 0 false',
    `6 refused.push('odd') false`,
    '7 !isSmall(n) || (n < 0 && n !== -1) false',
    '7 !isSmall(n) false',
    '7 (n < 0 && n !== -1) false',
    '7 n < 0 true',
    '7 n !== -1 true',
    '8 verifyEven() nothing',
    '9 !CODES.has(code) false',
    `10 one !== 'none' true`,
  ]);
});

test.each([
  ['none', 0, 10, 'a', 'size'],
  ['a member of a set', 1, 8, 'a', 'code'],
  ['another member', 2, 8, 'a', ''],
  ['a question', 3, 12, 'a', ''],
  ['a refusal', 6, 12, 'x', 'code'],
  ['one of several reasons', 7, 12, 'a', ''],
  ['one of several conditions', 10, -1, 'a', 'size,odd'],
  ['a call that refuses', 11, 7, 'a', ''],
  ['a refusal in one line', 12, 7, 'x', 'odd'],
])('%s is switched off, and nothing else', (_, off, n, code, refused) => {
  expect(judge(off, n, code)).toBe(refused);
});

test('what is explained is there', () => {
  for (const { file, check, nth = 1 } of EXPLAINED) {
    const same = findMutants(readFileSync(file, 'utf8')).filter((mutant) => mutant.check === check);
    expect(same.length, `${file}: ${check}`).toBeGreaterThanOrEqual(nth);
  }
  expect(listSources().length).toBeGreaterThan(35);
  expect(listTests().length).toBeGreaterThan(25);
});
