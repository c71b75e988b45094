// whole.json (rules W1–W7): from a bucket's index and its sealed records to the answer. The log's proofs are log/'s to check.
import { describe, expect, test } from 'vitest';
import { parseIndex } from '../../src/protocol/bucket.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import { parseIdentifier, type Identifier } from '../../src/protocol/identifier.ts';
import {
  ASSURANCES,
  judgeName,
  judgeRecord,
  type JudgedRecord,
  type TrustPolicy,
} from '../../src/protocol/judgement.ts';
import type { Jwks } from '../../src/protocol/token/jws.ts';
import { equalOctets, formatHex, parseB64u, parseHex } from '../../src/protocol/wire.ts';
import { ownVector } from '../support/vectors.ts';

interface Ask {
  readonly title: string;
  readonly id: string;
  readonly name: string;
  readonly seal: string;
  readonly unverified?: boolean;
  readonly reply: { readonly index: string };
  readonly sealed: Readonly<Record<string, string>>;
  readonly want: {
    readonly outcome: string;
    readonly contested: boolean;
    readonly routes: readonly {
      readonly provider: string;
      readonly address?: string;
      readonly assurance: string;
      readonly issuers: readonly string[];
      readonly auto: boolean;
      readonly since: string;
    }[];
  };
}

const vectors = ownVector<{
  now: number;
  policy: { origin: string };
  trusted_issuers: TrustPolicy;
  issuers: Record<string, Jwks>;
  asks: readonly Ask[];
}>('whole.json');

const aud = vectors.policy.origin.replace('/whereabouts', '');

/** The records under the name asked for, those that count as none by their code. */
async function read(ask: Ask, { trust = vectors.trusted_issuers, without = [] as readonly string[] } = {}) {
  const { now } = vectors;
  const id: Identifier = parseIdentifier(ask.id.replace(/^(?:tel|mailto):/, ''));
  expect(id).toBe(ask.id);
  const name = { name: parseHex(ask.name, 32), seal: parseHex(ask.seal, 32) };
  const records: JudgedRecord[] = [];
  const refused: string[] = [];
  let complete = true;
  for (const entry of parseIndex(parseB64u(ask.reply.index))) {
    if (!equalOctets(entry.name, name.name)) continue;
    const sealed = parseB64u(ask.sealed[formatHex(entry.digest)] ?? '');
    try {
      const keys = (iss: string) => (without.includes(iss) ? undefined : vectors.issuers[iss]);
      const { record, incomplete } = await judgeRecord({ id, name, aud, now, entry, sealed, trust, keys });
      if (record !== undefined) records.push(record);
      if (incomplete) complete = false;
    } catch (error) {
      if (!(error instanceof WhereaboutsError)) throw error;
      refused.push(error.code);
    }
  }
  return { records, refused, complete };
}

const find = (title: string): Ask => {
  const ask = vectors.asks.find((one) => one.title.includes(title));
  if (ask === undefined) throw new Error(`no such case: ${title}`);
  return ask;
};

describe('whole.json', () => {
  test('every look-up', async () => {
    const outcomes: Record<string, number> = {};
    const codes: Record<string, number> = {};
    for (const ask of vectors.asks) {
      const { records, refused, complete } = await read(ask);
      expect(complete).toBe(true);
      const { outcome, contested, routes } = judgeName(records, { unverified: ask.unverified ?? false });
      const got = {
        outcome,
        contested,
        routes: routes.map(({ route: { provider, address }, assurance, issuers, auto, since }) => ({
          provider,
          ...(address === undefined ? {} : { address }),
          assurance,
          issuers,
          auto,
          since: new Date(since * 1000).toISOString().replace('.000Z', 'Z'),
        })),
      };
      expect({ title: ask.title, ...got }).toEqual({ title: ask.title, ...ask.want });
      for (const route of routes) expect(route.contested).toBe(ask.want.contested);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      for (const code of refused) codes[code] = (codes[code] ?? 0) + 1;
    }
    expect(outcomes).toEqual({ found: 18, absent: 12, 'opted-out': 1 });
    // Why records count as none: other evidence twice, a route by another key; a route for another directory.
    expect(codes).toEqual({ 'record-invalid': 3, 'token-invalid': 1 });
  });
});

describe('what the file does not try', () => {
  const confirmed = find("the provider's attestation with the account");

  test('keys that are not at hand hide nobody silently, and make nobody more than he is', async () => {
    const issuers = Object.keys(vectors.issuers);
    const outcomes: Record<string, number> = {};
    for (const ask of vectors.asks.filter(({ unverified }) => unverified !== true)) {
      const whole = judgeName((await read(ask)).records, { unverified: false });
      for (const without of [issuers, ...issuers.map((issuer) => [issuer])]) {
        const { records, complete } = await read(ask, { without });
        const { outcome, routes } = judgeName(records, { unverified: false });
        if (outcome !== whole.outcome) expect({ outcome, complete }).toEqual({ outcome: 'absent', complete: false });
        const rank = (all: typeof routes) => all.map(({ assurance }) => ASSURANCES.indexOf(assurance));
        expect(Math.min(...rank(routes), 9)).toBeGreaterThanOrEqual(Math.min(...rank(whole.routes), 9));
        const key = `${outcome}${complete ? '' : ' incomplete'}`;
        outcomes[key] = (outcomes[key] ?? 0) + 1;
      }
    }
    expect(outcomes).toEqual({ absent: 88, 'absent incomplete': 32, found: 94, 'found incomplete': 4, 'opted-out': 6 });
  });

  test('with `unverified` claimed routes are listed, last and never automatic', async () => {
    for (const ask of vectors.asks) {
      const { records } = await read(ask);
      const strict = judgeName(records, { unverified: false });
      const all = judgeName(records, { unverified: true });
      expect(all.routes.slice(0, strict.routes.length)).toEqual(strict.routes);
      for (const route of all.routes.slice(strict.routes.length))
        expect(route).toMatchObject({ assurance: 'claimed', auto: false });
      if (strict.outcome === 'opted-out') expect(all.routes).toEqual([]);
    }
    const { records } = await read(confirmed, { trust: { tel: [], mailto: [] } });
    expect(judgeName(records, { unverified: false })).toEqual({ outcome: 'absent', contested: false, routes: [] });
    expect(judgeName(records, { unverified: true })).toMatchObject({
      outcome: 'found',
      routes: [{ assurance: 'claimed' }],
    });
  });

  test('the same record, changed in one place, counts as none', async () => {
    const id = parseIdentifier(confirmed.id.replace('tel:', ''));
    const name = { name: parseHex(confirmed.name, 32), seal: parseHex(confirmed.seal, 32) };
    const entry = parseIndex(parseB64u(confirmed.reply.index)).find((one) => equalOctets(one.name, name.name));
    if (entry === undefined) throw new Error('no entry');
    const sealed = parseB64u(confirmed.sealed[formatHex(entry.digest)] ?? '');
    const keys = (iss: string) => vectors.issuers[iss];
    const trust = vectors.trusted_issuers;
    const good = { id, name, aud, now: vectors.now, entry, sealed, trust, keys };
    await expect(judgeRecord(good)).resolves.toMatchObject({ record: { identifier: 'attested' } });
    const flipped = Uint8Array.from(sealed, (octet, at) => (at === 100 ? octet ^ 1 : octet));
    const changes: Record<string, Partial<typeof good>> = {
      'another holder in the index': { entry: { ...entry, holder: new Uint8Array(32) } },
      'another digest in the index': { entry: { ...entry, digest: new Uint8Array(32) } },
      'another length in the index': { entry: { ...entry, length: entry.length + 1 } },
      'another name in the index': { entry: { ...entry, name: new Uint8Array(32) } },
      'other octets': { sealed: flipped },
      'another seal': { name: { ...name, seal: new Uint8Array(32) } },
      'another directory': { aud: 'other.example' },
      expired: { now: vectors.now + 400 * 86_400 },
      'made in the future': { now: vectors.now - 10 * 86_400 },
      'an issuer with other keys': { keys: (iss: string) => (iss === 'telco.example' ? { keys: [] } : keys(iss)) },
    };
    for (const [title, change] of Object.entries(changes)) {
      const code = await judgeRecord({ ...good, ...change }).then(
        () => 'accepted',
        (error: unknown) => (error instanceof WhereaboutsError ? error.code : String(error)),
      );
      expect({ title, code }).toEqual({ title, code: expect.stringMatching(/^(?:record|token)-invalid$/) });
    }
    expect(Object.keys(changes)).toHaveLength(10);
  });

  test('the later of a route and an opt-out decides, and the answer is contested', async () => {
    const [route] = (await read(confirmed)).records;
    const [optOut] = (await read(find('no routes'))).records;
    if (route === undefined || optOut === undefined) throw new Error('no records');
    expect(optOut.routes).toEqual([]);
    const judge = (...records: JudgedRecord[]) => judgeName(records, { unverified: true });
    const at = (record: JudgedRecord, since: number, holder = record.holder): JudgedRecord => ({
      ...record,
      since,
      holder,
    });
    expect(judge(at(route, 1), at(optOut, 2))).toEqual({
      outcome: 'opted-out',
      contested: true,
      routes: [],
      optedOut: 2,
    });
    expect(judge(at(route, 2), at(optOut, 2))).toMatchObject({ outcome: 'opted-out' });
    expect(judge(at(route, 3), at(optOut, 2))).toMatchObject({
      outcome: 'found',
      contested: true,
      routes: [{ since: 3, auto: false, contested: true }],
      optedOut: 2,
    });
    // What was asked before the opt-out stays away; what came after it is listed.
    expect(judge(at(route, 1, 'x'), at(optOut, 2), at(route, 3)).routes).toHaveLength(1);
    // A merely claimed opt-out hides nobody.
    const claimed = { ...at(optOut, 9), identifier: 'claimed' } as const;
    expect(judge(at(route, 1), claimed)).toMatchObject({ outcome: 'found', contested: false });
  });

  test('within a record the person’s order stands, between records the better goes first', async () => {
    const [record] = (await read(confirmed)).records;
    if (record === undefined) throw new Error('no record');
    const make = (holder: string, since: number, ...assurances: ('confirmed' | 'attested')[]): JudgedRecord => ({
      ...record,
      holder,
      since,
      routes: assurances.map((assurance, at) => ({
        route: { provider: `${holder}${at}.example` },
        assurance,
        auto: false,
      })),
    });
    const order = (...records: JudgedRecord[]) =>
      judgeName(records, { unverified: false }).routes.map(({ route }) => route.provider.replace('.example', ''));
    const mixed = make('m', 9, 'attested', 'confirmed');
    const old = make('o', 1, 'attested');
    const older = make('c', 2, 'confirmed');
    for (const records of [
      [mixed, old, older],
      [older, old, mixed],
      [old, mixed, older],
    ])
      expect(order(...records)).toEqual(['c0', 'm0', 'm1', 'o0']);
  });
});
