// Policies: what is read, what is refused and at which place, and that nothing of the file gets into a message.
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';
import { describedDomains, parsePolicy } from '../../src/client/policy.ts';
import { KEY_TYPES, createVkey, formatVkey } from '../../src/protocol/log/vkey.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';

const GOOD = {
  domain: 'alice.example',
  directories: ['directory.example'],
  trust: { tel: ['bob.example'], mailto: ['bob.example', 'charlie.example'] },
  known: ['eve.example'],
  alternatives: ['bob.example'],
};

const seed = (octet: number): Uint8Array => ed25519.getPublicKey(new Uint8Array(32).fill(octet));
const LOG = formatVkey(createVkey('directory.example/whereabouts', KEY_TYPES.ed25519, seed(1)));
const WITNESS = formatVkey(createVkey('w1.example', KEY_TYPES.cosignature, seed(2)));
const logs = (pin: object, directory = 'directory.example') => ({ ...GOOD, logs: { [directory]: pin } });

describe('policies', () => {
  test('say where files of a directory are read, or that none are; never what was written in their place', () => {
    const of = (where: unknown) => parsePolicy({ ...GOOD, publications: { 'directory.example': where } }).publications;
    expect(of('https://files.example/a')).toEqual({ 'directory.example': 'https://files.example/a' });
    expect(of(false)).toEqual({ 'directory.example': false });
    for (const wrong of [true, 'secret-token', 'ftp://files.example', 7, null]) {
      const failure = (() => {
        try {
          return of(wrong);
        } catch (error) {
          return error;
        }
      })();
      expect(failure).toMatchObject({ code: 'policy-invalid' });
      expect(String(failure)).not.toMatch(/secret|directory\.example|ftp/);
    }
  });

  test('pin logs and witnesses of directories they ask', () => {
    const pin = { log: LOG, witnesses: [{ key: WITNESS, operator: 'example.org' }], quorum: 1 };
    const read = parsePolicy(logs(pin)).logs?.['directory.example'];
    expect(read).toMatchObject({ quorum: 1, witnesses: [{ operator: 'example.org' }] });
    expect([read?.log, read?.witnesses?.[0]?.key].map((key) => key && formatVkey(key))).toEqual([LOG, WITNESS]);
    expect(parsePolicy(logs({})).logs).toEqual({ 'directory.example': { quorum: 0 } });
  });

  test('are read from text and values, with what may be left out left out', () => {
    expect(parsePolicy(JSON.stringify(GOOD))).toEqual(GOOD);
    expect(parsePolicy({ domain: 'alice.example', directories: ['directory.localhost'] })).toEqual({
      domain: 'alice.example',
      directories: ['directory.localhost'],
      trust: { tel: [], mailto: [] },
      known: [],
      alternatives: [],
    });
  });

  test('name every domain whose description is kept at hand, once', () => {
    expect(describedDomains(parsePolicy(GOOD))).toEqual([
      'alice.example',
      'directory.example',
      'bob.example',
      'charlie.example',
      'eve.example',
    ]);
  });

  test.each([
    ['no JSON', '{', 'not JSON'],
    ['a member twice', '{"domain":"alice.example","domain":"eve.example"}', 'not JSON'],
    ['not an object', [], 'the whole'],
    ['an unknown member', { ...GOOD, secret: 'hush.example' }, 'the whole'],
    ['an unknown kind of trust', { ...GOOD, trust: { fax: ['hush.example'] } }, 'trust'],
    ['no domain', { directories: ['directory.example'] }, 'domain'],
    ['no directory', { ...GOOD, directories: [] }, 'directories'],
    ['a URL for a domain', { ...GOOD, directories: ['https://hush.example'] }, 'directories[0]'],
    ['a domain in capitals', { ...GOOD, trust: { tel: ['bob.example', 'Hush.example'] } }, 'trust.tel[1]'],
    ['an address', { ...GOOD, known: ['127.0.0.1'] }, 'known[0]'],
    ['a domain twice', { ...GOOD, alternatives: ['hush.example', 'hush.example'] }, 'alternatives'],
    ['a number', { ...GOOD, domain: 7 }, 'domain'],
    ['a log of a directory it does not ask', logs({}, 'hush.example'), 'logs'],
    ['a log of no domain', logs({}, 'hush'), 'logs.<directory>'],
    ['a log key that is none', logs({ log: 'hush.example' }), 'logs.<directory>.log'],
    ['a witness for a log', logs({ log: WITNESS }), 'logs.<directory>.log'],
    ['a log for a witness', logs({ witnesses: [{ key: LOG }] }), 'logs.<directory>.witnesses[0].key'],
    ['a quorum of witnesses nobody named', logs({ quorum: 1 }), 'logs.<directory>'],
    ['one witness for two', logs({ witnesses: [{ key: WITNESS }, { key: WITNESS }], quorum: 2 }), 'logs.<directory>'],
  ])('with %s are refused', (_, input, place) => {
    const read = () => parsePolicy(typeof input === 'string' ? input : input);
    expect(read).toThrow(WhereaboutsError);
    try {
      read();
    } catch (error) {
      if (!(error instanceof WhereaboutsError)) throw error;
      expect(error.code).toBe('policy-invalid');
      expect(error.message).toContain(place);
      expect(error.message.toLowerCase()).not.toContain('hush');
    }
  });
});
