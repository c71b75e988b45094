// Depositing a record (§5.2): from a deposit whose every signature holds to what is committed. Parsing and signatures are
// deposit-checks', what a deposit does to a name is deposit-decision's.
import { bucketNumber } from '../../protocol/bucket.ts';
import { equalOctets, formatB64u } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { findLatestConfig } from '../store/configs.ts';
import type { Db } from '../store/database.ts';
import { lockNames } from '../store/locks.ts';
import * as store from '../store/records.ts';
import { fileChange } from '../store/waiting.ts';
import { readDeposit, verifyIssuers, type DepositRequest } from './deposit-checks.ts';
import { checkNewer, decideDeposit, isRepeated, type Deposit, type Surroundings } from './deposit-decision.ts';
import { chargeDeposit } from './deposit-quota.ts';
import { registrationKey } from './keys.ts';
import type { ProvenBucket } from './published.ts';
import { proveDeposit, proveRepeated } from './receipt.ts';
import { markUntil, nowSeconds } from './times.ts';

export interface DepositResult {
  readonly outcome: 'created' | 'replaced' | 'unchanged';
  readonly digest: Uint8Array;
  /** The record's bucket in an epoch that has it. */
  readonly proven: ProvenBucket;
}

/** Returns once the record is in a published epoch; doing it again changes nothing and gives a receipt as well. */
export async function deposit(
  ctx: DirectoryContext,
  name: Uint8Array,
  request: DepositRequest,
  address: string,
): Promise<DepositResult> {
  const now = nowSeconds(ctx);
  const incoming = await readDeposit(ctx, name, request, now);
  const { digest } = incoming.deposit;
  // Before anybody's keys are fetched: most of what comes twice ends here, and no issuer need be reachable for it.
  if (await isAlreadyThere(ctx.db, incoming.deposit, now))
    return { outcome: 'unchanged', digest, proven: await proveRepeated(ctx, incoming.deposit) };
  await verifyIssuers(ctx, incoming, now, address);
  const { outcome, change } = await ctx.db.transaction((tx) => apply(ctx, tx, incoming.deposit, incoming.sealed, now));
  // Committed: the record is in force and its change waits. If we die before the answer, the change finds its epoch all the
  // same; the depositor asks again and is told "unchanged", with the receipt.
  const proven =
    change === undefined
      ? await proveRepeated(ctx, incoming.deposit)
      : await proveDeposit(ctx, incoming.deposit, change);
  return { outcome, digest, proven };
}

/** Throws `record-stale` when it can be seen without waiting for anybody; what is seen here only grows. */
async function isAlreadyThere(db: Db, { name, holder, seq, digest }: Deposit, now: number): Promise<boolean> {
  const mark = await store.findHolderMark(db, name, holder);
  if (mark === undefined || seq > mark) return false;
  const live = (await store.findRecords(db, name)).filter((record) => record.expiresAt > now);
  const own = live.find((record) => formatB64u(record.holder) === formatB64u(holder));
  if (isRepeated({ seq, digest }, own)) return true;
  checkNewer({ holder, seq, evidence: [] }, mark, []);
  return false;
}

async function apply(ctx: DirectoryContext, tx: Db, incoming: Deposit, sealed: Uint8Array, now: number) {
  const { name, holder, seq, evidence } = incoming;
  const around = await readSurroundings(ctx, tx, incoming, now);
  const decision = decideDeposit(incoming, around, now);
  if (decision.outcome === 'unchanged') return { outcome: decision.outcome, change: undefined };
  await store.removeRecords(tx, decision.gone);
  const gone = decision.gone.map((record) => record.holder);
  const [change] = await Promise.all([
    fileChange(tx, { name, gone, record: decision.record }),
    store.insertRecord(tx, keepRechecks(decision.record, decision.gone), sealed),
    store.markHolder(tx, { name, holder, seq, until: markUntil(now) }),
    store.markIssuers(tx, { name, holder, evidence, until: markUntil(now) }),
  ]);
  await chargeDeposit(ctx, tx, name, evidence);
  return { outcome: decision.outcome, change };
}

/** A change does not put off when an attestation that stays is asked about again (§4.1). */
function keepRechecks(record: store.StoredRecord, gone: readonly store.StoredRecord[]): store.StoredRecord {
  const known = gone.flatMap(({ evidence }) => evidence);
  const evidence = record.evidence.map((one) => {
    const same = known.find(({ issuer, jti }) => issuer === one.issuer && equalOctets(jti, one.jti));
    return same === undefined ? one : { ...one, recheckAt: same.recheckAt };
  });
  return { ...record, evidence };
}

/** Locks what the decision rests on, then reads it. */
async function readSurroundings(ctx: DirectoryContext, tx: Db, incoming: Deposit, now: number): Promise<Surroundings> {
  const { name, holder, evidence } = incoming;
  const unlisted = [...new Set(evidence.filter(({ issuer }) => !ctx.listed.has(issuer)).map(({ domain }) => domain))];
  // An issuer's withdrawal, and the limit of a domain, reach beyond one bucket.
  const keys = [
    ...unlisted.map((domain) => `records ${domain}`),
    ...evidence.map(({ issuer, jti }) => attestationKey(issuer, jti)),
  ];
  const depth = await lockNames(tx, ctx.domain, [name], keys);
  const [records, holderMark, issuerMarks, withdrawn, bucketRecords, config, counts] = await Promise.all([
    store.findRecords(tx, name),
    store.findHolderMark(tx, name, holder),
    store.findIssuerMarks(
      tx,
      name,
      evidence.map(({ issuer }) => issuer),
    ),
    store.findWithdrawn(tx, evidence),
    store.countBucket(tx, depth, bucketNumber(name, depth)),
    findLatestConfig(tx),
    Promise.all(unlisted.map(async (domain) => [domain, await store.countDomain(tx, domain, name, now)] as const)),
  ]);
  const { unlistedRecords } = ctx.quotas;
  return {
    records,
    holderMark,
    issuerMarks,
    withdrawn,
    bucketRecords,
    domainRecords: new Map(counts),
    unlistedRecords,
    key: registrationKey(ctx, config?.text),
  };
}

/** What deposits with an attestation and the withdrawal of it both hold. */
export const attestationKey = (issuer: string, jti: Uint8Array): string => `attestation ${issuer} ${formatB64u(jti)}`;
