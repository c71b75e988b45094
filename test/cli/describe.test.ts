// `whereabouts describe` on files, as a person runs it: findings with line and column, and new descriptions by answers.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lintDescription } from '../../src/protocol/description-lint.ts';
import { findSyntaxFault } from '../../src/platform/node/cli/json-places.ts';
import { makeHome, run, type Home } from '../support/program.ts';

let home: Home;
beforeAll(() => {
  home = makeHome();
});
afterAll(() => home.remove());

function file(name: string, text: string): string {
  const place = path.join(home.folder, name);
  writeFileSync(place, text);
  return place;
}

describe('checking a file', () => {
  test('by hand, with a mistake: where it is and why', async () => {
    const text = `{
  "version": 1,
  "domain": "bob.chat",
  "name": "BobChat",
  "provider": {
    "protocols": ["bobchat"],
    "bridges": [
      { "from": ["alice.example"], "protocol": "alice",
        "placement": "cloud", "encryption": "native" }
    ]
  },
  "logo": "http://bob.chat/logo.svg"
}
`;
    const { code, stdout } = await run(['describe', file('bob.json', text)], home.env);
    expect(code).toBe(4);
    expect(stdout).toMatch(/^ +9:9 +error +\/provider\/bridges\/0\/placement is missing or not of the right form$/m);
    expect(stdout).toMatch(/^ +12:3 +error +\/logo is not an https URL$/m);
    expect(stdout).toMatch(/bob\.json: 2 errors, 0 warnings, 0 notes$/m);
    const fixed = text.replace('cloud', 'client').replace('http:', 'https:');
    const again = await run(['describe', file('bob.json', fixed), '--json'], home.env);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({
      domain: 'bob.chat',
      valid: true,
      description: { name: 'BobChat' },
      findings: expect.arrayContaining([
        { severity: 'warning', pointer: '/provider', line: 5, column: 3, reason: 'names no features' },
      ]),
    });
  });

  test('no JSON, with its place', async () => {
    const text = '{\n  "version": 1,\n  "domain": "bob.chat",\n}';
    const { code, stdout } = await run(['describe', file('broken.json', text)], home.env);
    expect(code).toBe(4);
    expect(stdout).toMatch(/^ +4:1 +error /m);
  });

  test.each([
    ['a member twice', '{\n  "version": 1,\n  "domain": "bob.chat",\n  "version": 1\n}', [4, 3]],
    ['one further in', '[\n{"a":{"b":1,\n"b":2}}]', [3, 1]],
    ['nothing', '', [1, 1]],
    ['a comment', '{ // why\n}', [1, 3]],
    ['something behind', '{}\n{}', [2, 1]],
  ])('where a text stops being JSON: %s', (_, text, place) => {
    const { line, column } = findSyntaxFault(text) ?? {};
    expect([line, column]).toEqual(place);
  });

  test('a text without fault, and one too deep for any place', () => {
    expect(findSyntaxFault('{"a":{"b":1},"b":[{"b":1},{"b":1}]}')).toBeUndefined();
    expect(() => findSyntaxFault('['.repeat(60_000))).not.toThrow();
  });

  test('what is neither a domain nor a file is not repeated', async () => {
    const { code, stdout, stderr } = await run(['describe', './+442079460123.json'], home.env);
    expect([code, `${stdout}${stderr}`.includes('7946')]).toEqual([2, false]);
    expect((await run(['describe'], home.env)).code).toBe(2);
  });
});

describe('a new one', () => {
  const ANSWERS = [
    'Bob Chat',
    'mailto:hello@bob.chat',
    '',
    'bobchat, matrix',
    'text, file',
    'alice.example',
    'alice',
    'client',
    'https://bob.chat/bridge',
    '',
    '',
    '',
    '',
    'https://bob.chat/whereabouts',
    '',
    '',
    '30',
  ].join('\n');

  test('from answers on standard input, signed with the keys of a file', async () => {
    const keys = path.join(home.folder, 'keys.json');
    expect((await run(['init', '--keys', keys], home.env)).code).toBe(0);
    const out = path.join(home.folder, 'new.json');
    const args = ['describe', '--new', 'bob.chat', '--keys', keys, '--out', out];
    const { code, stdout, stderr } = await run(args, home.env, ANSWERS);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('0 errors');
    const text = readFileSync(out, 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      version: 1,
      domain: 'bob.chat',
      name: 'Bob Chat',
      contact: 'mailto:hello@bob.chat',
      provider: {
        protocols: ['bobchat', 'matrix'],
        features: ['text', 'file'],
        bridges: [
          {
            id: 'bob.chat/alice.example',
            from: ['alice.example'],
            protocol: 'alice',
            placement: 'client',
            endpoint: 'https://bob.chat/bridge',
            encryption: 're-encrypted',
            operator: 'bob.chat',
          },
        ],
      },
      issuer: { attestations: 'https://bob.chat/whereabouts/attestations/{jti}', amr: ['account'] },
      jwks: { keys: [{ crv: 'Ed25519' }] },
    });
    expect(JSON.parse(text).jwks.keys[0]).not.toHaveProperty('d');
    const { findings } = await lintDescription(text, 'bob.chat', {
      sandbox: false,
      now: Math.floor(Date.now() / 1000),
    });
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    // Nothing that exists is overwritten.
    expect((await run(args, home.env, ANSWERS)).code).toBe(2);
    expect(readFileSync(out, 'utf8')).toBe(text);
  });

  test('to standard output, the domain asked for too, what is left out left out', async () => {
    const { code, stdout } = await run(['describe', '--new'], home.env, 'bob.chat\n');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ version: 1, domain: 'bob.chat', name: 'bob.chat' });
  });

  test.each([
    ['a logo in clear', 'bob.chat\nBob\n\nhttp://bob.chat/logo.svg\n', 2],
    ['an issuer without keys', 'bob.chat\nBob\n\n\n\nhttps://bob.chat/w\n', 4],
  ])('refused, and nothing written: %s', async (_, answers, expected) => {
    const { code, stdout, stderr } = await run(['describe', '--new'], home.env, answers);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).not.toBe('');
  });
});
