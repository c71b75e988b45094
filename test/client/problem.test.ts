// A peer's refusal becomes an error with its code; nothing it wrote in prose, and no member of another shape, comes through.
import { describe, expect, test } from 'vitest';
import { readProblem } from '../../src/client/problem.ts';
import { utf8 } from '../../src/protocol/wire.ts';

const read = (status: number, body: unknown) => readProblem({ status, body: utf8(JSON.stringify(body)) });

describe('problem documents', () => {
  test('a code of the closed list is kept, prose is not', () => {
    const error = read(409, { code: 'depth-changed', depth: 7, detail: 'tel:+442079460123', title: 'x' });
    expect({ code: error.code, extensions: error.extensions }).toEqual({
      code: 'depth-changed',
      extensions: { depth: 7 },
    });
    expect(error.message).not.toContain('tel:');
  });

  test.each([
    [400, { code: 'no-such-code' }, 'request-invalid'],
    [403, 'not an object', 'request-invalid'],
    [500, { code: 7 }, 'peer-unreachable'],
    [502, {}, 'peer-unreachable'],
    [302, {}, 'peer-unreachable'],
    [404, { code: '__proto__' }, 'request-invalid'],
  ])('status %i with %j is %3$s', (status, body, code) => {
    expect(read(status, body).code).toBe(code);
  });

  test('a body that is no JSON, or has a member twice, leaves the status alone to speak', () => {
    expect(readProblem({ status: 503, body: utf8('<html>') }).code).toBe('peer-unreachable');
    expect(readProblem({ status: 409, body: utf8('{"code":"record-stale","code":"name-full"}') }).code).toBe(
      'request-invalid',
    );
  });

  test('extension members of another shape are dropped', () => {
    const error = read(409, { code: 'key-unknown', keys: ['0123456789abcdef', 'tel:+44'], depth: -1, index: 1.5 });
    expect(error.extensions).toEqual({});
    expect(read(409, { code: 'key-unknown', keys: ['0123456789abcdef'] }).extensions).toEqual({
      keys: ['0123456789abcdef'],
    });
  });
});
