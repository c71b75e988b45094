// The whole-state checker of a directory's database: what must hold after every step, whoever raced or died.
// Tokens are not in the database, so signatures are not checked here.
import { sha256 } from '@noble/hashes/sha2.js';
import { expect } from 'vitest';
import { bucketNumber } from '../../src/protocol/bucket.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { concat, equalOctets, formatHex } from '../../src/protocol/wire.ts';
import type { Db } from '../../src/server/store/database.ts';
import * as schema from '../../src/server/store/schema.ts';
import { checkChains } from './check-chains.ts';
import { checkLog } from './check-log.ts';

export interface State {
  readonly records: (typeof schema.records.$inferSelect)[];
  readonly evidence: (typeof schema.evidence.$inferSelect)[];
  readonly sealed: (typeof schema.sealed.$inferSelect)[];
  readonly holderMarks: (typeof schema.holderMarks.$inferSelect)[];
  readonly issuerMarks: (typeof schema.issuerMarks.$inferSelect)[];
  readonly withdrawn: (typeof schema.withdrawnAttestations.$inferSelect)[];
  readonly depth: number;
}

/** Reads every table that records touch, of one moment. */
export async function readState(db: Db): Promise<State> {
  return db.transaction(
    async (tx) => {
      const states = await tx.select().from(schema.directoryState);
      expect(states.length, 'one directory').toBeLessThanOrEqual(1);
      return {
        records: await tx.select().from(schema.records),
        evidence: await tx.select().from(schema.evidence),
        sealed: await tx.select().from(schema.sealed),
        holderMarks: await tx.select().from(schema.holderMarks),
        issuerMarks: await tx.select().from(schema.issuerMarks),
        withdrawn: await tx.select().from(schema.withdrawnAttestations),
        depth: states[0]?.depth ?? LIMITS.minDepth,
      };
    },
    { isolationLevel: 'repeatable read' },
  );
}

/** Throws unless the state is legal at `now` (seconds); gives the state. */
export async function checkDirectory(db: Db, now: number, options: { unlistedRecords?: number } = {}): Promise<State> {
  const state = await readState(db);
  expect(state.depth).toBeGreaterThanOrEqual(LIMITS.minDepth);
  expect(state.depth).toBeLessThanOrEqual(LIMITS.maxDepth);
  checkSealed(state);
  checkEvidence(state);
  checkMarks(state);
  checkRoom(state, now, options.unlistedRecords ?? 1_000);
  await checkChains(db);
  await checkLog(db);
  return state;
}

const key = (...parts: (Uint8Array | string)[]): string =>
  parts.map((part) => (typeof part === 'string' ? part : formatHex(part))).join(' ');

const isUnique = (keys: readonly string[], what: string): void =>
  expect(new Set(keys).size, `${what} are unique`).toBe(keys.length);

/** Every record has its octets, with the right digest and length. What else is kept: check-log.ts. */
function checkSealed({ records, sealed }: State): void {
  const octets = new Map(sealed.map((row) => [key(row.digest), row.octets]));
  isUnique(
    records.map(({ digest }) => key(digest)),
    'digests',
  );
  for (const record of records) {
    const found = octets.get(key(record.digest));
    expect(found, 'sealed octets are there').toBeDefined();
    if (found === undefined) continue;
    expect(formatHex(sha256(found)), 'digest').toBe(formatHex(record.digest));
    expect(found.length, 'length').toBe(record.length);
  }
}

/** Evidence and records belong to each other, and to the sealed octets. */
function checkEvidence({ records, evidence, sealed, withdrawn }: State): void {
  isUnique(
    evidence.map(({ name, issuer }) => key(name, issuer)),
    '(name, issuer)',
  );
  const places = new Set(records.map(({ name, holder }) => key(name, holder)));
  for (const one of evidence) expect(places, 'evidence has a record').toContain(key(one.name, one.holder));
  const refused = new Set(withdrawn.map(({ issuer, jti }) => key(issuer, jti)));
  for (const one of evidence) expect(refused, 'no withdrawn evidence').not.toContain(key(one.issuer, one.jti));
  for (const record of records) {
    const own = evidence.filter((one) => equalOctets(one.name, record.name) && equalOctets(one.holder, record.holder));
    expect(own.length, 'attestations').toBeGreaterThanOrEqual(1);
    expect(own.length, 'attestations').toBeLessThanOrEqual(LIMITS.attestations);
    expect(record.expiresAt, 'end').toBeLessThanOrEqual(Math.min(...own.map(({ expiresAt }) => expiresAt)));
    const octets = sealed.find(({ digest }) => equalOctets(digest, record.digest))?.octets ?? new Uint8Array(32);
    // The order of attestations is the depositor's and not kept.
    const orders = permutations(own.map(({ digest }) => digest));
    const fits = orders.some((order) => equalOctets(sha256(concat(...order)), octets.subarray(0, 32)));
    expect(fits, 'evidence fits the sealed octets').toBe(true);
  }
}

/** A live record is the newest its holder and each of its issuers ever had here. */
function checkMarks({ records, evidence, holderMarks, issuerMarks }: State): void {
  const seqs = new Map(holderMarks.map(({ name, holder, seq }) => [key(name, holder), seq]));
  for (const { name, holder, seq } of records) expect(seqs.get(key(name, holder)), 'holder mark').toBe(seq);
  const marks = new Map(issuerMarks.map((mark) => [key(mark.name, mark.issuer), mark]));
  for (const one of evidence) {
    const mark = marks.get(key(one.name, one.issuer));
    expect(mark?.issuedAt, 'issuer mark').toBe(one.issuedAt);
    expect(key(mark?.holder ?? ''), 'holder of the issuer mark').toBe(key(one.holder));
  }
}

/** §5.2, §6.1, §10: 16 records a name, 4 of them unlisted, 256 a bucket, so many an unlisted domain. */
function checkRoom({ records, evidence, depth }: State, now: number, unlistedRecords: number): void {
  const live = records.filter(({ expiresAt }) => expiresAt > now);
  for (const [, some] of Map.groupBy(live, ({ name }) => key(name))) {
    expect(some.length, 'records under a name').toBeLessThanOrEqual(LIMITS.nameRecords);
    const unlisted = some.filter(({ listed }) => listed === 0).length;
    expect(unlisted, 'unlisted records under a name').toBeLessThanOrEqual(LIMITS.nameUnlistedRecords);
  }
  for (const [, some] of Map.groupBy(live, ({ name }) => bucketNumber(name, depth)))
    expect(some.length, 'records in a bucket').toBeLessThanOrEqual(LIMITS.bucketRecords);
  const unlisted = live.filter(({ listed }) => listed === 0);
  const domains = evidence.flatMap((one) =>
    unlisted.some(({ name, holder }) => equalOctets(name, one.name) && equalOctets(holder, one.holder))
      ? [{ domain: one.domain, place: key(one.name, one.holder) }]
      : [],
  );
  for (const [, some] of Map.groupBy(domains, ({ domain }) => domain))
    expect(new Set(some.map(({ place }) => place)).size, 'records of a domain').toBeLessThanOrEqual(unlistedRecords);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
