// What a deposit does to a name (§5.2), decided purely: what is there and what comes in, out comes what goes and what stays.
// Signatures, hashes and quotas were or will be checked elsewhere; this is about order, room and replay.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { equalOctets } from '../../protocol/wire.ts';
import type * as marks from '../store/marks.ts';
import type { Evidence, StoredRecord } from '../store/records.ts';

/** A deposit whose every signature holds. */
export interface Deposit {
  readonly name: Uint8Array;
  readonly holder: Uint8Array;
  readonly seq: number;
  readonly digest: Uint8Array;
  readonly length: number;
  /** Earliest end of the deposit and its attestations, in seconds. */
  readonly expiresAt: number;
  /** An attestation is by an issuer on the directory's list. */
  readonly listed: boolean;
  readonly evidence: readonly Evidence[];
}

type IssuerMark = Omit<marks.IssuerMark, 'name'>;

/** What the database said, all of it read under the locks of this name. */
export interface Surroundings {
  /** Records under the name; expired ones too, while nobody has swept them. */
  readonly records: readonly StoredRecord[];
  readonly holderMark: number | undefined;
  readonly issuerMarks: readonly IssuerMark[];
  /** One of the attestations was withdrawn by its issuer. */
  readonly withdrawn: boolean;
  /** Records in the bucket, ended ones that are still in force included. */
  readonly bucketRecords: number;
  /** Live records elsewhere that rest on an unlisted issuer's registrable domain. */
  readonly domainRecords: ReadonlyMap<string, number>;
  readonly unlistedRecords: number;
  /** Id of the OPRF key that registrations go under now. */
  readonly key: string;
}

export type DepositDecision =
  | { readonly outcome: 'unchanged' }
  | {
      readonly outcome: 'created' | 'replaced';
      readonly record: StoredRecord;
      /** Records that make room, the holder's own earlier one among them. */
      readonly gone: readonly StoredRecord[];
    };

/** Throws `record-stale`, `attestation-withdrawn`, `token-invalid`, `name-full` or `quota-exceeded`. `now` in seconds. */
export function decideDeposit(deposit: Deposit, around: Surroundings, now: number): DepositDecision {
  const live = around.records.filter((record) => record.expiresAt > now);
  const own = live.find((record) => equalOctets(record.holder, deposit.holder));
  if (isRepeated(deposit, own)) return { outcome: 'unchanged' };
  checkNewer(deposit, around.holderMark, around.issuerMarks);
  if (around.withdrawn) throw new WhereaboutsError('attestation-withdrawn', 'an attestation was withdrawn');
  checkFresh(deposit, around.issuerMarks, now);

  // One live record per (name, issuer): whoever shares an issuer with the newcomer is the older one, by checkNewer.
  const issuers = new Set(deposit.evidence.map(({ issuer }) => issuer));
  const others = live.filter((record) => record !== own);
  const superseded = others.filter((record) => record.evidence.some(({ issuer }) => issuers.has(issuer)));
  const beside = others.filter((record) => !superseded.includes(record));
  const displaced = findDisplaced(deposit, beside);
  const staying = beside.filter((record) => record !== displaced);
  checkRoom(deposit, staying);

  const leaving = around.records.length - staying.length;
  if (around.bucketRecords - leaving + 1 > LIMITS.bucketRecords)
    throw new WhereaboutsError('name-full', 'this part of the directory is full');
  checkDomains(around, staying);

  return {
    outcome: own === undefined ? 'created' : 'replaced',
    record: {
      ...deposit,
      depositedAt: own?.depositedAt ?? now,
      // A name is a key's for good (§10): whoever changes or joins a record under it uses the name that is there.
      key: around.records[0]?.key ?? around.key,
    },
    gone: around.records.filter((record) => !staying.includes(record)),
  };
}

/** The same change once more: the answer to it may have been lost. The digest covers routes and attestations alike. */
export function isRepeated(deposit: Pick<Deposit, 'seq' | 'digest'>, own: StoredRecord | undefined): boolean {
  return own !== undefined && own.seq === deposit.seq && equalOctets(own.digest, deposit.digest);
}

/** Nothing comes back by replay: above the holder's highest `seq`, and behind no issuer's newest `iat`. */
export function checkNewer(
  deposit: Pick<Deposit, 'holder' | 'seq'> & { readonly evidence: readonly Pick<Evidence, 'issuer' | 'issuedAt'>[] },
  holderMark: number | undefined,
  issuerMarks: readonly IssuerMark[],
): void {
  if (holderMark !== undefined && deposit.seq <= holderMark)
    throw new WhereaboutsError('record-stale', 'a change with this number or a higher one is known');
  for (const { issuer, issuedAt } of deposit.evidence) {
    const mark = issuerMarks.find((one) => one.issuer === issuer);
    if (mark === undefined || issuedAt > mark.issuedAt) continue;
    // The same key may come back with the same attestation; an equal time with another key says nothing about who is newer.
    if (issuedAt < mark.issuedAt || !equalOctets(mark.holder, deposit.holder))
      throw new WhereaboutsError('record-stale', 'a newer attestation by this issuer is known');
  }
}

/** An attestation the directory has not seen must be young: a stolen old one cannot be brought out later. */
function checkFresh(deposit: Deposit, marks: readonly IssuerMark[], now: number): void {
  const isKnown = ({ issuer, issuedAt }: Evidence): boolean =>
    marks.some(
      (mark) => mark.issuer === issuer && mark.issuedAt === issuedAt && equalOctets(mark.holder, deposit.holder),
    );
  if (deposit.evidence.some((one) => one.issuedAt < now - LIMITS.attestationFreshSeconds && !isKnown(one)))
    throw new WhereaboutsError('token-invalid', 'a new attestation must be less than a day old');
}

/** A listed issuer's record takes the place of the newest unlisted one when the name is full. */
function findDisplaced(deposit: Deposit, beside: readonly StoredRecord[]): StoredRecord | undefined {
  if (!deposit.listed || beside.length < LIMITS.nameRecords) return undefined;
  return beside.filter(({ listed }) => !listed).toSorted((a, b) => b.depositedAt - a.depositedAt)[0];
}

function checkRoom(deposit: Deposit, staying: readonly StoredRecord[]): void {
  const unlisted = staying.filter(({ listed }) => !listed).length;
  if (staying.length >= LIMITS.nameRecords || (!deposit.listed && unlisted >= LIMITS.nameUnlistedRecords))
    throw new WhereaboutsError('name-full');
}

/** §10: so many live records per registrable domain off the list, whichever name they stand under. */
function checkDomains(around: Surroundings, staying: readonly StoredRecord[]): void {
  for (const [domain, elsewhere] of around.domainRecords) {
    const here = staying.filter(({ evidence }) => evidence.some((one) => one.domain === domain)).length;
    if (elsewhere + here + 1 > around.unlistedRecords)
      throw new WhereaboutsError('quota-exceeded', 'this issuer has as many records as it may have');
  }
}
