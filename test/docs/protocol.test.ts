// docs/protocol.md is the contract: its codes, statuses and limits are those of the source, in the same order.
import { expect, test } from 'vitest';
import { CHANGES } from '../../src/protocol/answer-change.ts';
import { CHAIN_REASONS } from '../../src/protocol/chain/reasons.ts';
import { CODES } from '../../src/protocol/errors.ts';
import { LANGUAGES } from '../../src/protocol/language/messages.ts';
import { messagesIn } from '../../src/protocol/language/language.ts';
import { REASONS } from '../../src/evidence/refusal.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { STATUS } from '../../src/server/problem.ts';
import { codeIn, readPage, readTable } from './tables.ts';

const page = readPage('docs/protocol.md');
const statuses: Readonly<Record<string, number>> = STATUS;
const clauses = new Set([...page.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map((match) => match[1]));

test('codes, statuses and meanings (§12)', () => {
  const documented = readTable(page, 'code', 'status', 'meaning').map(([code, status, meaning]) => [
    codeIn(code),
    Number(status),
    meaning,
  ]);
  expect(documented).toEqual(Object.entries(CODES).map(([code, title]) => [code, statuses[code], title]));
});

test('codes stand in alphabetical order and are named <thing>-<state>', () => {
  const codes = Object.keys(CODES);
  expect(codes).toEqual(codes.toSorted());
  // The two single words are HTTP's own and §7's.
  expect(codes.filter((code) => !/^[a-z]+(-[a-z]+)+$/.test(code))).toEqual(['overloaded']);
});

test('reasons (§7)', () => {
  const documented = readTable(page, 'reason', 'about', 'when').map(([code]) => codeIn(code));
  expect(documented).toEqual(Object.keys(messagesIn('en').reasons));
  expect(documented).toEqual(documented.toSorted());
  for (const language of LANGUAGES) expect(page).toContain(`\`${language}\``);
});

test('reasons a chain is refused for (§9.2)', () => {
  const documented = readTable(page, 'reason', 'the link').map(([code, meaning]) => [codeIn(code), meaning]);
  expect(documented).toEqual(Object.entries(CHAIN_REASONS));
  const codes = Object.keys(CHAIN_REASONS);
  expect(codes).toEqual(codes.toSorted());
});

test('reasons of imports (§9.5)', () => {
  const documented = readTable(page, 'reason', 'what is wrong').map(([reason, meaning]) => [codeIn(reason), meaning]);
  expect(documented).toEqual(Object.entries(REASONS));
  expect(Object.keys(REASONS)).toEqual(Object.keys(REASONS).toSorted());
});

test('limits and their values (§14)', () => {
  const documented = readTable(page, 'limit', 'value', 'clause').map(([limit, value]) => [
    codeIn(limit),
    Number(value?.replaceAll(',', '')),
  ]);
  expect(documented).toEqual(Object.entries(LIMITS));
});

test('every limit names a clause there is', () => {
  const named = readTable(page, 'limit', 'value', 'clause').map(
    ([, , clause]) => /^§([\d.]+):/.exec(clause ?? '')?.[1],
  );
  expect(named.filter((clause) => !clauses.has(clause))).toEqual([]);
});

test('every code in the text is one of the list', () => {
  const words = [...page.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map((match) => match[1] ?? '');
  const states = /-(?:invalid|unknown|stale|refused|required|changed|exceeded|full|withdrawn|unreachable|unsupported)$/;
  const codes = words.filter((word) => states.test(word));
  expect(codes.length).toBeGreaterThan(60);
  const known = { ...CODES, ...CHANGES, ...CHAIN_REASONS };
  expect(codes.filter((code) => !Object.hasOwn(known, code))).toEqual([]);
});

test('every kind of change (§7)', () => {
  const [, list = ''] = /Their codes: ([^]*?)\. A new epoch/.exec(page) ?? [];
  const named = [...list.matchAll(/`([a-z-]+)`/g)]
    .map((match) => match[1])
    .filter((word) => word !== 'from' && word !== 'readers');
  expect(new Set(named)).toEqual(new Set(Object.keys(CHANGES)));
});
