// What a deposit does to a name (§5.2), case by case, without a database.
import { describe, expect, test } from 'vitest';
import { WhereaboutsError, type Code } from '../../../src/protocol/errors.ts';
import { LIMITS } from '../../../src/protocol/limits.ts';
import {
  decideDeposit,
  type Deposit,
  type DepositDecision,
  type Surroundings,
} from '../../../src/server/directory/deposit-decision.ts';
import type { Evidence, StoredRecord } from '../../../src/server/store/records.ts';

const NOW = 1_790_000_000;
const HOUR = 3_600;
const octets = (seed: number, length = 32): Uint8Array => new Uint8Array(length).fill(seed);
const NAME = octets(1);

const attested = (issuer: string, issuedAt: number, jti = 1): Evidence => ({
  issuer,
  jti: octets(jti, 16),
  digest: octets(jti),
  domain: issuer.split('.').slice(-2).join('.'),
  issuedAt,
  recheckAt: NOW,
  expiresAt: NOW + 100 * HOUR,
});

const depositOf = (changes: Partial<Deposit> = {}): Deposit => ({
  name: NAME,
  holder: octets(10),
  seq: 1,
  digest: octets(100),
  length: 1_084,
  expiresAt: NOW + 10 * HOUR,
  listed: false,
  evidence: [attested('bob.example', NOW)],
  ...changes,
});

const recordOf = (changes: Partial<StoredRecord> = {}): StoredRecord => ({
  ...depositOf(),
  depositedAt: NOW - HOUR,
  key: 'old',
  ...changes,
});

const around = (changes: Partial<Surroundings> = {}): Surroundings => ({
  records: [],
  holderMark: undefined,
  issuerMarks: [],
  withdrawn: false,
  bucketRecords: changes.records?.length ?? 0,
  domainRecords: new Map([['bob.example', 0]]),
  unlistedRecords: 1_000,
  key: 'new',
  ...changes,
});

const decide = (deposit: Deposit, surroundings: Surroundings): DepositDecision =>
  decideDeposit(deposit, surroundings, NOW);

function codeOf(deposit: Deposit, surroundings: Surroundings): Code | 'accepted' {
  try {
    decide(deposit, surroundings);
    return 'accepted';
  } catch (error) {
    if (error instanceof WhereaboutsError) return error.code;
    throw error;
  }
}

describe('the same key', () => {
  const own = recordOf();
  const marks = { holderMark: 1, issuerMarks: [{ issuer: 'bob.example', holder: own.holder, issuedAt: NOW }] };

  test('a first deposit is created now', () => {
    const decision = decide(depositOf(), around());
    expect(decision).toMatchObject({ outcome: 'created', gone: [], record: { depositedAt: NOW, seq: 1 } });
  });

  test('the same change again changes nothing', () => {
    expect(decide(depositOf(), around({ records: [own], ...marks }))).toEqual({ outcome: 'unchanged' });
  });

  test('…even when the attestation was withdrawn meanwhile or everything is full', () => {
    const full = around({ records: [own], ...marks, withdrawn: true, bucketRecords: 256, unlistedRecords: 0 });
    expect(decide(depositOf(), full)).toEqual({ outcome: 'unchanged' });
  });

  test('the same number with other content is stale', () => {
    expect(codeOf(depositOf({ digest: octets(101) }), around({ records: [own], ...marks }))).toBe('record-stale');
  });

  test('a lower number is stale', () => {
    const later = recordOf({ seq: 5 });
    expect(codeOf(depositOf({ seq: 4 }), around({ records: [later], ...marks, holderMark: 5 }))).toBe('record-stale');
  });

  test('a higher number replaces and keeps the place in the queue', () => {
    const next = depositOf({ seq: 2, digest: octets(101) });
    expect(decide(next, around({ records: [own], ...marks }))).toEqual({
      outcome: 'replaced',
      record: { ...next, depositedAt: own.depositedAt, key: 'old' },
      gone: [own],
    });
  });

  test('a higher number with the same content replaces', () => {
    expect(decide(depositOf({ seq: 2 }), around({ records: [own], ...marks }))).toMatchObject({ outcome: 'replaced' });
  });

  test('an expired record is as good as gone, but its number is not', () => {
    const expired = recordOf({ expiresAt: NOW });
    expect(codeOf(depositOf(), around({ records: [expired], ...marks }))).toBe('record-stale');
    const decision = decide(depositOf({ seq: 2, digest: octets(101) }), around({ records: [expired], ...marks }));
    expect(decision).toMatchObject({ outcome: 'created', gone: [expired], record: { depositedAt: NOW } });
  });

  test('after expiry and withdrawal the mark alone keeps old numbers out', () => {
    expect(codeOf(depositOf(), around({ ...marks, holderMark: 1 }))).toBe('record-stale');
    expect(codeOf(depositOf({ seq: 2 }), around({ ...marks, holderMark: 1 }))).toBe('accepted');
  });
});

describe('another key', () => {
  const older = recordOf({ holder: octets(20), digest: octets(200), evidence: [attested('bob.example', NOW - HOUR)] });
  const mark = { issuer: 'bob.example', holder: older.holder, issuedAt: NOW - HOUR };

  test('of the same issuer with a later attestation supersedes', () => {
    const decision = decide(depositOf(), around({ records: [older], issuerMarks: [mark] }));
    expect(decision).toMatchObject({ outcome: 'created', gone: [older] });
  });

  test('of the same issuer with an equal or earlier one is stale', () => {
    for (const issuedAt of [NOW - HOUR, NOW - HOUR - 1])
      expect(
        codeOf(
          depositOf({ evidence: [attested('bob.example', issuedAt)] }),
          around({ records: [older], issuerMarks: [mark] }),
        ),
      ).toBe('record-stale');
  });

  test('…also when that record is gone and only the mark is left', () => {
    const equal = depositOf({ evidence: [attested('bob.example', NOW - HOUR)] });
    expect(codeOf(equal, around({ issuerMarks: [mark] }))).toBe('record-stale');
  });

  test('supersedes a record that rests on several issuers as a whole', () => {
    const both = recordOf({
      holder: octets(20),
      digest: octets(200),
      evidence: [attested('telco.example', NOW - HOUR), attested('bob.example', NOW - HOUR)],
    });
    expect(decide(depositOf(), around({ records: [both], issuerMarks: [mark] }))).toMatchObject({ gone: [both] });
  });

  test('supersedes several records at once, but only if it is later than each', () => {
    const second = recordOf({
      holder: octets(30),
      digest: octets(201),
      evidence: [attested('telco.example', NOW - HOUR)],
    });
    const telco = { issuer: 'telco.example', holder: second.holder, issuedAt: NOW - HOUR };
    const surroundings = around({ records: [older, second], issuerMarks: [mark, telco] });
    const late = depositOf({ evidence: [attested('bob.example', NOW), attested('telco.example', NOW, 2)] });
    expect(decide(late, surroundings)).toMatchObject({ gone: [older, second] });
    const half = depositOf({ evidence: [attested('bob.example', NOW), attested('telco.example', NOW - HOUR, 2)] });
    expect(codeOf(half, surroundings)).toBe('record-stale');
  });

  test('of another issuer stands beside', () => {
    const decision = decide(
      depositOf({ evidence: [attested('telco.example', NOW)] }),
      around({ records: [older], issuerMarks: [] }),
    );
    expect(decision).toMatchObject({ outcome: 'created', gone: [] });
  });
});

describe('attestations', () => {
  const old = [attested('bob.example', NOW - LIMITS.attestationFreshSeconds - 1)];

  test('new to the directory must be less than a day old', () => {
    expect(codeOf(depositOf({ evidence: old }), around())).toBe('token-invalid');
    const fresh = [attested('bob.example', NOW - LIMITS.attestationFreshSeconds)];
    expect(codeOf(depositOf({ evidence: fresh }), around())).toBe('accepted');
  });

  test('known ones may be old, for the key they were shown with', () => {
    const known = { issuer: 'bob.example', holder: octets(10), issuedAt: old[0]?.issuedAt ?? 0 };
    const next = depositOf({ seq: 2, evidence: old });
    expect(codeOf(next, around({ holderMark: 1, issuerMarks: [known] }))).toBe('accepted');
    expect(codeOf(next, around({ holderMark: 1, issuerMarks: [{ ...known, issuedAt: known.issuedAt - 1 }] }))).toBe(
      'token-invalid',
    );
  });

  test('withdrawn ones are refused', () => {
    expect(codeOf(depositOf(), around({ withdrawn: true }))).toBe('attestation-withdrawn');
  });
});

describe('room', () => {
  /** `listed` then `unlisted` records by different issuers, the youngest last. */
  const crowd = (listed: number, unlisted: number): StoredRecord[] =>
    Array.from({ length: listed + unlisted }, (_, i) =>
      recordOf({
        holder: octets(50 + i),
        digest: octets(150 + i),
        listed: i < listed,
        depositedAt: NOW - 1_000 + i,
        evidence: [attested(`i${i}.example`, NOW - 60, 100 + i)],
      }),
    );
  const listed = depositOf({ listed: true });
  const room = (records: StoredRecord[]) => around({ records, domainRecords: new Map() });

  test('four unlisted, then no more of them', () => {
    expect(codeOf(depositOf(), room(crowd(0, 3)))).toBe('accepted');
    expect(codeOf(depositOf(), room(crowd(0, 4)))).toBe('name-full');
    expect(codeOf(listed, room(crowd(0, 4)))).toBe('accepted');
  });

  test('sixteen in all', () => {
    expect(codeOf(depositOf(), room(crowd(13, 2)))).toBe('accepted');
    expect(codeOf(depositOf(), room(crowd(14, 2)))).toBe('name-full');
    expect(codeOf(listed, room(crowd(15, 0)))).toBe('accepted');
    expect(codeOf(listed, room(crowd(16, 0)))).toBe('name-full');
  });

  test('a listed one displaces the newest unlisted one, and only when it must', () => {
    const records = crowd(12, 4);
    expect(decide(listed, room(records))).toMatchObject({ outcome: 'created', gone: [records[15]] });
    expect(decide(listed, room(crowd(11, 4)))).toMatchObject({ gone: [] });
  });

  test('superseding makes room, replacing takes none', () => {
    const records = crowd(12, 4);
    const mark = { issuer: 'i15.example', holder: octets(65), issuedAt: NOW - 60 };
    const later = depositOf({ evidence: [attested('i15.example', NOW)] });
    expect(decide(later, { ...room(records), issuerMarks: [mark] })).toMatchObject({ gone: [records[15]] });
    const own = depositOf({ holder: octets(65), seq: 2, evidence: [attested('i15.example', NOW - 60, 115)] });
    expect(decide(own, { ...room(records), issuerMarks: [mark], holderMark: 1 })).toMatchObject({
      outcome: 'replaced',
      gone: [records[15]],
    });
  });

  test('one that loses its listed issuer counts as unlisted', () => {
    const records = [...crowd(1, 4)];
    const own = depositOf({ holder: octets(50), seq: 2, listed: false });
    expect(codeOf(own, { ...room(records), holderMark: 1 })).toBe('name-full');
  });

  test('expired records take no room', () => {
    const records = crowd(0, 4).map((record, i) => (i === 0 ? { ...record, expiresAt: NOW } : record));
    expect(decide(depositOf(), room(records))).toMatchObject({ gone: [records[0]] });
  });

  test('a bucket holds 256, whatever leaves counted off', () => {
    expect(codeOf(depositOf(), around({ bucketRecords: 255 }))).toBe('accepted');
    expect(codeOf(depositOf(), around({ bucketRecords: 256 }))).toBe('name-full');
    const own = around({ records: [recordOf()], holderMark: 1, bucketRecords: 256 });
    expect(codeOf(depositOf({ seq: 2 }), own)).toBe('accepted');
  });

  test('an unlisted domain has so many records, those under this name included', () => {
    const domainRecords = new Map([['bob.example', 999]]);
    expect(codeOf(depositOf(), around({ domainRecords }))).toBe('accepted');
    const other = recordOf({ holder: octets(20), digest: octets(200), evidence: [attested('b.bob.example', NOW)] });
    expect(codeOf(depositOf(), around({ domainRecords, records: [other] }))).toBe('quota-exceeded');
    const own = recordOf();
    expect(codeOf(depositOf({ seq: 2 }), around({ domainRecords, records: [own], holderMark: 1 }))).toBe('accepted');
  });
});
