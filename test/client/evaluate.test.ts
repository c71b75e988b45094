// Identifiers to blinded names against a directory that evaluates for real (§3), and what is refused of one that cheats.
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { Directory } from '../../src/client/directory.ts';
import { createEvaluator, type Credentials } from '../../src/client/evaluate.ts';
import type { Descriptions } from '../../src/client/descriptions.ts';
import { createSafeFetch } from '../../src/evidence/safe-fetch.ts';
import { parseDescription } from '../../src/protocol/description.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { parseIdentifier } from '../../src/protocol/identifier.ts';
import { deriveName } from '../../src/protocol/name.ts';
import { blind, evaluate, finalize, generateKeyPair, keyId, type OprfKeyPair } from '../../src/protocol/oprf.ts';
import { readClientToken } from '../../src/protocol/token/client-token.ts';
import type { SigningKey } from '../../src/protocol/token/jws.ts';
import { generateTemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { formatB64u, formatHex, parseB64u, utf8 } from '../../src/protocol/wire.ts';
import { importSigner } from '../protocol/log/signers.ts';
import { MemoryDirectory } from '../support/memory-directory.ts';

const random = (octets: number) => crypto.getRandomValues(new Uint8Array(octets));
const DOMAIN = 'directory.example';
const NOW = 1_790_000_000;
const UNTIL = { until: (NOW + 60) * 1000 };

type Evaluation = { key: string; evaluated: string[]; proof: string };

const idOf = ({ publicKey }: OprfKeyPair): string => keyId(publicKey);
const signer = await importSigner(`${DOMAIN}/whereabouts`, sha256(utf8('log')));

function directoryWorld(change: { credentials?: Credentials; spoil?: (good: Evaluation) => unknown } = {}) {
  const keys: (OprfKeyPair & { until?: number })[] = [generateKeyPair(nobleGroup, random)];
  const log = new MemoryDirectory({ domain: DOMAIN, signer, clock: () => NOW * 1000 });
  const batches: number[] = [];
  const authorizations: (string | undefined)[] = [];
  const blinded = new Set<string>();
  let configs = 0;
  const fetch = createSafeFetch(
    async ({ url, headers, body }) => {
      if (url.pathname === '/v1/epoch') {
        configs++;
        const retiring = keys.find(({ until }) => until !== undefined);
        log.oprf.splice(0, log.oprf.length, ...keys.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1)));
        const config = log.configText(
          retiring?.until === undefined ? undefined : { key: retiring, until: retiring.until },
        );
        await log.publish({ config });
      }
      if (url.pathname !== '/v1/evaluate') return log.answer('GET', url, '');
      const request = JSON.parse(String(body)) as { key: string; blinded: string[] };
      authorizations.push(headers['authorization']);
      batches.push(request.blinded.length);
      for (const element of request.blinded) blinded.add(element);
      const key = keys.find(({ publicKey }) => keyId(publicKey) === request.key);
      if (key === undefined) {
        const type = { 'content-type': 'application/problem+json' };
        return new Response('{"code":"key-unknown"}', { status: 409, headers: type });
      }
      const done = evaluate(
        nobleGroup,
        key,
        request.blinded.map((text) => parseB64u(text, 32)),
        random,
      );
      const good = { key: request.key, evaluated: done.evaluated.map(formatB64u), proof: formatB64u(done.proof) };
      return Response.json(change.spoil === undefined ? good : change.spoil(good));
    },
    { sandbox: false },
  );
  const clock = () => NOW * 1000;
  const description = parseDescription(utf8(log.description()), DOMAIN);
  const descriptions: Pick<Descriptions, 'find'> = { find: async () => description };
  const directory = new Directory({ fetch, clock, descriptions }, DOMAIN);
  const { credentials } = change;
  const evaluator = createEvaluator({
    fetch,
    clock,
    random,
    group: () => nobleGroup,
    ...(credentials === undefined ? {} : { credentials }),
  });
  return { keys, batches, authorizations, blinded, directory, evaluator, configs: () => configs };
}

/** The name as who holds the key could compute it. */
function nameUnder(key: OprfKeyPair, identifier: string): string {
  const state = blind(nobleGroup, [utf8(identifier)], random);
  const [output] = finalize(nobleGroup, state, key.publicKey, evaluate(nobleGroup, key, state.blinded, random));
  if (output === undefined) throw new Error('no output');
  return formatHex(deriveName(output).name);
}

const ids = (count: number) => Array.from({ length: count }, (_, i) => parseIdentifier(`mailto:n${i}@bob.example`));
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof WhereaboutsError ? error.code : String(error)),
  );

describe('names', () => {
  test('in the order asked, at most 256 elements at once, never the same element twice', async () => {
    const { evaluator, directory, batches, blinded, keys } = directoryWorld();
    const [found, ...others] = await evaluator.names(directory, ids(258), UNTIL);
    expect(others).toEqual([]);
    expect(batches).toEqual([256, 2]);
    expect(blinded.size).toBe(258);
    const [key] = keys;
    if (key === undefined || found === undefined) throw new Error('no names');
    for (const at of [0, 255, 256, 257])
      expect(formatHex(found.names[at]?.name ?? new Uint8Array())).toBe(nameUnder(key, `mailto:n${at}@bob.example`));
    await evaluator.names(directory, ids(1), UNTIL);
    expect(blinded.size).toBe(259);
  });

  test('of nobody: nothing is asked', async () => {
    const { evaluator, directory, configs } = directoryWorld();
    expect(await evaluator.names(directory, [], UNTIL)).toEqual([]);
    expect(configs()).toBe(0);
  });

  test('under a key that has ended: none', async () => {
    const { evaluator, directory, keys } = directoryWorld();
    keys.push({ ...generateKeyPair(nobleGroup, random), until: NOW });
    expect(await evaluator.names(directory, ids(1), UNTIL)).toHaveLength(1);
  });

  test('under every current key; a registration only under the one that stays', async () => {
    const { evaluator, directory, keys } = directoryWorld();
    const retiring = { ...generateKeyPair(nobleGroup, random), until: NOW + 1 };
    const [current] = keys;
    if (current === undefined) throw new Error('no key');
    keys.push(retiring);
    const both = await evaluator.names(directory, ids(1), UNTIL);
    expect(both.map(({ keyId: id }) => id).toSorted()).toEqual(
      [keyId(current.publicKey), keyId(retiring.publicKey)].toSorted(),
    );
    for (const { keyId: id, until, names } of both) {
      const key = id === keyId(current.publicKey) ? current : retiring;
      expect(until).toBe(key === current ? undefined : NOW + 1);
      expect(formatHex(names[0]?.name ?? new Uint8Array())).toBe(nameUnder(key, 'mailto:n0@bob.example'));
    }
    const one = await evaluator.names(directory, ids(1), { ...UNTIL, registering: true });
    expect(one.map(({ keyId: id }) => id)).toEqual([keyId(current.publicKey)]);
  });

  test('a key that is gone: the configuration is read again, once', async () => {
    const { evaluator, directory, keys, configs } = directoryWorld();
    await evaluator.names(directory, ids(1), UNTIL);
    await evaluator.names(directory, ids(1), UNTIL);
    expect(configs()).toBe(1);
    const next = generateKeyPair(nobleGroup, random);
    keys.splice(0, 1, next);
    const [found] = await evaluator.names(directory, ids(1), UNTIL);
    expect(found?.keyId).toBe(keyId(next.publicKey));
    expect(configs()).toBe(2);
  });
});

describe('credentials', () => {
  test('none, a pass as it is, a fresh client token for each request', async () => {
    const none = directoryWorld();
    await none.evaluator.names(none.directory, ids(1), UNTIL);
    expect(none.authorizations).toEqual([undefined]);

    const pass = directoryWorld({ credentials: { pass: 'a.b.c' } });
    await pass.evaluator.names(pass.directory, ids(1), UNTIL);
    expect(pass.authorizations).toEqual(['Bearer a.b.c']);

    const { privateKey } = await generateTemporaryKey();
    const key: SigningKey = { alg: 'EdDSA', kid: 'k', privateKey };
    const domain = directoryWorld({ credentials: { domain: 'alice.example', key } });
    await domain.evaluator.names(domain.directory, ids(257), { ...UNTIL, sub: 'AAAA' });
    const tokens = domain.authorizations.map((text) => readClientToken(text?.replace('Bearer ', '') ?? ''));
    expect(tokens).toHaveLength(2);
    for (const token of tokens) expect(token).toMatchObject({ iss: 'alice.example', sub: 'AAAA', exp: NOW + 60 });
    expect(tokens[0]?.jti).not.toBe(tokens[1]?.jti);
  });
});

describe('a directory that cheats', () => {
  const zero = formatB64u(new Uint8Array(32));
  const SPOILT: [string, (good: Evaluation) => unknown, string][] = [
    ['swaps', (good) => ({ ...good, evaluated: good.evaluated.toReversed() }), 'evaluation-invalid'],
    ['leaves one out', (good) => ({ ...good, evaluated: good.evaluated.slice(1) }), 'evaluation-invalid'],
    ['adds one', (good) => ({ ...good, evaluated: [...good.evaluated, ...good.evaluated] }), 'evaluation-invalid'],
    [
      'gives the identity',
      (good) => ({ ...good, evaluated: [zero, ...good.evaluated.slice(1)] }),
      'evaluation-invalid',
    ],
    ['names another key', (good) => ({ ...good, key: '0000000000000000' }), 'evaluation-invalid'],
    ['proves nothing', (good) => ({ ...good, proof: formatB64u(new Uint8Array(64)) }), 'evaluation-invalid'],
    ['proves too little', (good) => ({ ...good, proof: zero }), 'evaluation-invalid'],
    ['pads', (good) => ({ ...good, proof: `${good.proof}==` }), 'evaluation-invalid'],
    ['answers something else', () => ({ evaluated: 7 }), 'peer-unreachable'],
    ['answers a list', () => [], 'peer-unreachable'],
  ];
  test.each(SPOILT)('%s', async (_what, spoil, code) => {
    const { evaluator, directory } = directoryWorld({ spoil });
    expect(await codeOf(evaluator.names(directory, ids(2), UNTIL))).toBe(code);
  });
  test('10 ways', () => expect(SPOILT).toHaveLength(10));

  test('evaluates under a key it does not list', async () => {
    const { evaluator, directory, keys, batches } = directoryWorld();
    const [listed] = keys;
    if (listed === undefined) throw new Error('no key');
    keys.splice(0, 1, { ...generateKeyPair(nobleGroup, random), publicKey: listed.publicKey });
    expect(await codeOf(evaluator.names(directory, ids(1), UNTIL))).toBe('evaluation-invalid');
    // Only a key that is gone is a reason to ask again.
    expect(batches).toEqual([1]);
  });

  test('nobody waits past the moment given', async () => {
    const { evaluator, directory } = directoryWorld();
    expect(await codeOf(evaluator.names(directory, ids(1), { until: NOW * 1000 }))).toBe('peer-unreachable');
  });
});
