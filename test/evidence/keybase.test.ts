// Keybase chains: the public vectors, then every octet and every member of them changed, then chains of our own.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { importKeybase, type KeybaseImport } from '../../src/evidence/keybase/import.ts';
import { readBundle } from '../../src/evidence/keybase/pgp.ts';
import { openPacket } from '../../src/evidence/keybase/packet.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { equalOctets, formatBase64, utf8 } from '../../src/protocol/wire.ts';
import { foreignPath, foreignVector, NO_FOREIGN } from '../support/vectors.ts';
import { chain, key, pack, sign, sigIdOf, UID, USERNAME } from './keybase-chain.ts';
import { mutants } from './mutate.ts';

interface Entry {
  [member: string]: unknown;
  sig: string;
  payload_json: string;
}
interface Document {
  username: string;
  uid: string;
  chain: Entry[];
  keys: string[];
  label_kids?: Record<string, string>;
}
interface Case {
  readonly input: string;
  readonly eldest?: string;
  readonly len?: number;
  readonly sibkeys?: number;
  readonly subkeys?: number;
  readonly err_type?: string;
  readonly previous_subchains?: readonly { readonly sibkeys: number; readonly subkeys: number }[];
}

/** Our reasons for their errors. */
const REASONS: Readonly<Record<string, string>> = {
  CHAIN_LINK_STUBBED_UNSUPPORTED: 'type-foreign',
  FINGERPRINT_MISMATCH: 'fingerprint',
  INVALID_SIBKEY: 'key-not-live',
  NONEXISTENT_KID: 'key-missing',
  REVERSE_SIG_VERIFY_FAILED: 'reverse-signature',
  SIGCHAIN_V2_MISMATCHED_FIELD: 'outer-other',
  SIGCHAIN_V2_STUBBED_FIRST_LINK: 'stub-forbidden',
  SIGCHAIN_V2_STUBBED_SIGNATURE_NEEDED: 'stub-forbidden',
  VERIFY_FAILED: 'signature',
  WRONG_PER_USER_KEY_REVERSE_SIG: 'reverse-signature',
  WRONG_PREV: 'previous-other',
  WRONG_UID: 'owner-other',
};
/** Told more exactly here: signed as it stands, with an outer link that does not fit the inner one. */
const EXACTER: Readonly<Record<string, string>> = { test_bad_v2_prev_mismatch: 'outer-other' };

const run = (document: unknown, eldest?: string): Promise<KeybaseImport> =>
  importKeybase(utf8(JSON.stringify(document)), eldest === undefined ? {} : { eldest });

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof WhereaboutsError && error.code === 'import-invalid') return error.extensions['reason'];
    throw error;
  }
}

const vectors = foreignVector<{ tests: Record<string, Case> }>('keybase/chain_tests.json');
const load = (input: string): Document =>
  JSON.parse(readFileSync(foreignPath(`keybase/chains/${input}`) ?? '', 'utf8')) as Document;

describe.skipIf(vectors === undefined)(`public chains (or ${NO_FOREIGN})`, () => {
  test('all 29 cases', async () => {
    const seen = { accepted: 0, refused: 0 };
    for (const [name, expected] of Object.entries(vectors?.tests ?? {})) {
      const document = load(expected.input);
      const eldest = expected.eldest === undefined ? undefined : document.label_kids?.[expected.eldest];
      const work = run(document, eldest);
      if (expected.err_type !== undefined) {
        expect(await reasonOf(work), name).toBe(EXACTER[name] ?? REASONS[expected.err_type]);
        seen.refused++;
        continue;
      }
      const { links, keys, encryptionKeys, resets } = await work;
      expect([links.counted, keys.length, encryptionKeys.length], name).toEqual([
        expected.len,
        expected.sibkeys,
        expected.subkeys,
      ]);
      if (expected.previous_subchains !== undefined)
        expect(resets.map((was) => [was.keys, was.encryptionKeys])).toEqual(
          expected.previous_subchains.map(({ sibkeys, subkeys }) => [sibkeys, subkeys]),
        );
      seen.accepted++;
    }
    expect(seen).toEqual({ accepted: 12, refused: 17 });
  }, 30_000);

  test('accounts in our spelling, the rest as foreign, the later name instead of the earlier', async () => {
    const { accounts, foreign, tail } = await run(load('00dani.json'));
    expect(accounts.map(({ service, account }) => `${service}:${account}`)).toEqual([
      'github:00dani',
      'https:00dani.tumblr.com',
      'https:00dani.id.au',
      'hackernews:00dani',
      'https:00dani.me',
    ]);
    expect(foreign.map(({ service, account }) => `${service}:${account}`)).toEqual([
      'coinbase:00dani',
      'twitter:00d4n1',
      'facebook:00d4n1',
      'reddit:00dani',
    ]);
    expect(tail).toMatchObject({ seqno: 57 });
  }, 30_000);

  test('every octet of native signatures', () => {
    let tried = 0;
    for (const { sig } of load('v2_simple.json').chain.slice(1, 3)) {
      const raw = Buffer.from(sig, 'base64');
      for (let at = 0; at < raw.length; at++) {
        const flipped = Uint8Array.from(raw);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
        expect(() => openPacket(formatBase64(flipped)), `octet ${at}`).toThrow(WhereaboutsError);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(400);
  }, 60_000);

  test('every octet of a PGP signature: refused, or the same payload under an id that revocations cannot hide behind', async () => {
    const { chain: entries, keys } = load('repeat_eldest.json');
    const pgp = await import('openpgp');
    const bundle = await readBundle(keys[0] ?? '');
    const sig = entries[0]?.sig ?? '';
    const genuine = await bundle.open(sig);
    const { data } = await pgp.unarmor(sig);
    if (!(data instanceof Uint8Array)) throw new Error('not octets');
    let [refusals, harmless] = [0, 0];
    for (let at = 0; at < data.length; at++) {
      const flipped = Uint8Array.from(data);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      const opened = await bundle.open(pgp.armor(pgp.enums.armor.message, flipped)).catch(() => undefined);
      if (opened === undefined) refusals++;
      else {
        // Names of files and unsigned hints: outside what is signed. The id changes, so a server's `sig_id` would not fit.
        expect(equalOctets(opened.payload, genuine.payload)).toBe(true);
        expect(opened.sigId).not.toBe(genuine.sigId);
        harmless++;
      }
    }
    expect(refusals + harmless).toBe(data.length);
    expect(harmless).toBeLessThan(data.length / 10);
  }, 60_000);

  test.each(['v1_v2_stubbed_mix.json', 'v2_simple.json', 'old_pgp_key.json'])(
    'every member of what was signed: %s',
    async (input) => {
      const document = load(input);
      // The third link of the PGP chain is the one that is refused.
      if (input === 'old_pgp_key.json') document.chain.length = 2;
      await run(document);
      let tried = 0;
      for (const [at, entry] of document.chain.entries()) {
        if (entry.payload_json === undefined) continue;
        for (const { what, value } of mutants(JSON.parse(entry.payload_json))) {
          const changed = { ...entry, payload_json: JSON.stringify(value) };
          expect(
            await reasonOf(run({ ...document, chain: document.chain.with(at, changed) })),
            `${at}${what}`,
          ).toBeDefined();
          tried++;
        }
      }
      expect(tried).toBeGreaterThan(60);
    },
    60_000,
  );

  test('what the server says beside a link: refused, or not read', async () => {
    const document = load('v1_v2_stubbed_mix.json');
    const genuine = await run(document);
    const without: string[] = [];
    for (const { what, value } of mutants(document.chain as never, '')) {
      const result = await run({ ...document, chain: value }).catch((error: unknown) => {
        if (!(error instanceof WhereaboutsError)) throw error;
        return undefined;
      });
      if (result === undefined) continue;
      // A dropped tail is an honest shorter chain: nothing offline can tell, which is why the tail is told.
      if (what === '/4 dropped') expect(result.tail).toMatchObject({ seqno: 4 });
      else expect(result, what).toEqual(genuine);
      without.push(what.replace(/^\/\d\//, ''));
    }
    // `ctime` is when the server got it. The others only repeat what is signed: left out they mislead nobody. A first version
    // is what is meant where none is said.
    expect([...new Set(without)].toSorted()).toEqual([
      '/4 dropped',
      'ctime changed',
      'ctime dropped',
      'payload_hash dropped',
      'prev dropped',
      'seqno dropped',
      'sig_id dropped',
      'sig_version dropped',
    ]);
  }, 60_000);

  test('keys: one fewer, or another', async () => {
    const document = load('v2_simple.json');
    for (const [at] of document.keys.entries())
      expect(await reasonOf(run({ ...document, keys: document.keys.toSpliced(at, 1) }))).toBe('key-missing');
    expect(await reasonOf(run({ ...document, username: 'max33' }))).toBe('owner-other');
    expect(await reasonOf(run({ ...document, uid: `${'0'.repeat(30)}19` }))).toBe('owner-other');
  });
});

describe('chains of our own', () => {
  const [eldest, second, thief] = [key(1), key(2), key(3)];
  const github = { type: 'web_service_binding', service: { name: 'github', username: 'Alice' } };
  const start = () => {
    const made = chain(eldest);
    made.add(eldest, { type: 'eldest' });
    return made;
  };

  test('adds keys and accounts, revokes both', async () => {
    const made = start();
    const sibkey = made.addSibkey(eldest, second);
    const first = made.add(second, github);
    made.add(second, { type: 'web_service_binding', service: { protocol: 'dns', domain: 'alice.example' } });
    made.add(eldest, { type: 'web_service_binding', service: { name: 'mastodon.social', username: 'alice' } });
    const accounts = async () =>
      (await run(made.document())).accounts.map(({ service, account }) => `${service}:${account}`);
    expect(await accounts()).toEqual(['github:alice', 'dns:alice.example', 'activitypub:@alice@mastodon.social']);
    made.add(eldest, { type: 'revoke', revoke: { sig_ids: [first] } });
    expect(await accounts()).toEqual(['dns:alice.example', 'activitypub:@alice@mastodon.social']);
    made.add(eldest, { type: 'revoke', revoke: { sig_id: sibkey } });
    const { keys, revokedKeys, tail } = await run(made.document());
    expect([keys, revokedKeys, tail?.seqno]).toEqual([[eldest.kid], [second.kid], 7]);
    made.add(second, github);
    expect(await reasonOf(run(made.document()))).toBe('key-not-live');
  });

  test('a forged tail', async () => {
    const made = start();
    made.keys.add(thief.kid);
    made.add(thief, github);
    expect(await reasonOf(run(made.document()))).toBe('key-not-live');
  });

  test('a tail nobody signed', async () => {
    const made = start();
    const { prev } = JSON.parse(made.add(eldest, github) && (made.entries[1]?.payload_json ?? '')) as { prev: string };
    const stub = { s2: formatBase64(pack([2, 2, Buffer.from(prev, 'hex'), new Uint8Array(32), 3])) };
    expect(await reasonOf(run({ ...made.document(), chain: [made.entries[0], stub] }))).toBe('tail-unsigned');
  });

  test('a payload that is not what was signed', async () => {
    const made = start();
    made.add(eldest, github);
    const [first, last] = made.entries;
    const text = last?.payload_json.replace('Alice', 'Mallo') ?? '';
    expect(text).not.toBe(last?.payload_json);
    expect(await reasonOf(run({ ...made.document(), chain: [first, { ...last, payload_json: text }] }))).toBe(
      'payload-other',
    );
  });

  test('a new key that did not agree, or whose agreement is another key’s', async () => {
    const made = start();
    made.addSibkey(eldest, second, eldest);
    expect(await reasonOf(run(made.document()))).toBe('reverse-signature');
  });

  test('a revocation of a signature that is not there', async () => {
    const made = start();
    made.add(eldest, { type: 'revoke', revoke: { sig_id: `${'a'.repeat(64)}0f` } });
    expect(await reasonOf(run(made.document()))).toBe('revocation-empty');
  });

  test('the eldest key outlives a revocation of the first link’s signature', async () => {
    const made = chain(eldest);
    const first = made.add(eldest, github);
    made.add(eldest, { type: 'revoke', revoke: { sig_id: first } });
    const { keys, accounts } = await run(made.document());
    expect([keys, accounts]).toEqual([[eldest.kid], []]);
  });

  test('sections and kinds that do not belong', async () => {
    const foreign = start();
    foreign.add(eldest, { type: 'track', track: {}, sibkey: { kid: second.kid } });
    expect(await reasonOf(run(foreign.document()))).toBe('section-foreign');
    const unknown = start();
    unknown.add(eldest, { type: 'newest' });
    expect(await reasonOf(run(unknown.document()))).toBe('type-foreign');
    const ignorable = start();
    ignorable.add(eldest, { type: 'newest' }, { ignore_if_unsupported: true });
    expect((await run(ignorable.document())).tail?.seqno).toBe(2);
  });

  test('a subchain is not joined by links of another eldest key', async () => {
    const made = start();
    const other = chain(thief);
    other.add(thief, { type: 'eldest' });
    const entries = [...made.entries, ...other.entries];
    expect(await reasonOf(run({ ...made.document(), chain: entries, keys: [eldest.kid, thief.kid] }))).toBe('sequence');
  });

  test('an account without links is whose name the key carries', async () => {
    const empty = { username: USERNAME, uid: UID, chain: [], keys: [eldest.kid] };
    expect(await reasonOf(run(empty, eldest.kid))).toBe('key-unowned');
    expect(await reasonOf(run(empty))).toBe('key-missing');
  });

  test('the hash that older clients put into a packet', () => {
    const signed = sign(eldest, utf8('{}'), { hash: true });
    expect(openPacket(signed).sigId).toBe(sigIdOf(signed));
    const raw = Uint8Array.from(Buffer.from(signed, 'base64'));
    for (let at = raw.length - 60; at < raw.length; at++) {
      const flipped = Uint8Array.from(raw);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      expect(() => openPacket(formatBase64(flipped)), `octet ${at}`).toThrow(WhereaboutsError);
    }
  });

  test('a packet written in another way than the shortest', () => {
    const raw = Buffer.from(sign(eldest, utf8('{}')), 'base64');
    const at = raw.indexOf(Buffer.from([0xcd, 0x02, 0x02]));
    const longer = Buffer.concat([raw.subarray(0, at), Buffer.from([0xce, 0, 0, 2, 2]), raw.subarray(at + 3)]);
    expect(() => openPacket(formatBase64(longer))).toThrow(WhereaboutsError);
  });

  test('not a chain at all', async () => {
    for (const text of [
      '',
      '[]',
      '{}',
      '{"username":"a"',
      'null',
      JSON.stringify({ ...start().document(), chain: {} }),
    ])
      expect(await reasonOf(importKeybase(utf8(text))), text).toBe('syntax');
    expect(await reasonOf(importKeybase(new Uint8Array(8_388_609)))).toBe('size');
  });
});
