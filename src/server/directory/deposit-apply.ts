// Deposits of as many names, applied in one transaction (§5.2): locks, what the decisions rest on, the decisions, what they write.
import { bucketNumber } from '../../protocol/bucket.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { equalOctets, formatB64u } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { atOnce } from '../store/at-once.ts';
import { findLatestConfig } from '../store/configs.ts';
import type { Db } from '../store/database.ts';
import { lockNames } from '../store/locks.ts';
import * as marks from '../store/marks.ts';
import { openLedger } from '../store/quotas.ts';
import * as store from '../store/records.ts';
import { fileChanges } from '../store/waiting.ts';
import { decideDeposit, type Deposit, type DepositDecision, type Surroundings } from './deposit-decision.ts';
import type { Accepted, Applied } from './deposit-group.ts';
import { depositCharges } from './deposit-quota.ts';
import { registrationKey } from './keys.ts';
import { markUntil, nowSeconds } from './times.ts';

/** What becomes of each, in order; one a name. All that are not refused are committed together. */
export function applyDeposits(
  ctx: DirectoryContext,
  accepted: readonly Accepted[],
): Promise<(Applied | WhereaboutsError)[]> {
  const now = nowSeconds(ctx);
  return ctx.db.transaction(async (tx) => {
    const deposits = accepted.map(({ deposit }) => deposit);
    const charges = deposits.map((deposit) => depositCharges(ctx, deposit));
    const depth = await lockDeposits(ctx, tx, deposits);
    // What is said together goes to the database together: a round trip costs more than most statements.
    const [around, ledger] = await atOnce(
      readSurroundings(ctx, tx, deposits, depth, now),
      openLedger(tx, ctx.clock(), charges.flat()),
    );
    const decisions = accepted.map(({ deposit }, i) =>
      refusing(() => {
        const decision = decideDeposit(deposit, around.of(deposit), now);
        // Last, so that what is refused or already there costs nothing.
        if (decision.outcome !== 'unchanged') ledger.charge(charges[i] ?? []);
        around.note(decision);
        return decision;
      }),
    );
    const [, outcomes] = await atOnce(ledger.save(), write(tx, accepted, decisions, now));
    return outcomes;
  });
}

/** A refusal is an outcome as well; any other failure is everybody's. */
function refusing<T>(decide: () => T): T | WhereaboutsError {
  try {
    return decide();
  } catch (error) {
    if (error instanceof WhereaboutsError) return error;
    throw error;
  }
}

type Change = Exclude<DepositDecision, { outcome: 'unchanged' }>;
type Decision = DepositDecision | WhereaboutsError;

const isChange = (decision: Decision): decision is Change =>
  !(decision instanceof WhereaboutsError) && decision.outcome !== 'unchanged';

async function write(
  tx: Db,
  accepted: readonly Accepted[],
  decisions: readonly Decision[],
  now: number,
): Promise<(Applied | WhereaboutsError)[]> {
  const changes = decisions.filter(isChange);
  await store.removeRecords(
    tx,
    changes.flatMap(({ gone }) => gone),
  );
  const come = decisions.flatMap((decision, i) => {
    const sealed = accepted[i]?.sealed;
    return isChange(decision) && sealed !== undefined
      ? [{ record: keepRechecks(decision.record, decision.gone), sealed }]
      : [];
  });
  const records = changes.map(({ record }) => record);
  const attested = records.flatMap(({ name, holder, evidence }) =>
    evidence.map(({ issuer, issuedAt }) => ({ name, holder, issuer, issuedAt })),
  );
  const filed = changes.map(({ record, gone }) => ({
    name: record.name,
    gone: gone.map(({ holder }) => holder),
    record,
  }));
  const [ids] = await atOnce(
    fileChanges(tx, filed),
    store.insertRecords(tx, come),
    marks.markHolders(tx, records, markUntil(now)),
    marks.markIssuers(tx, attested, markUntil(now)),
  );
  const numbers = new Map(changes.map((change, i) => [change, ids[i]]));
  return decisions.map((decision) => {
    if (decision instanceof WhereaboutsError) return decision;
    return { outcome: decision.outcome, change: isChange(decision) ? numbers.get(decision) : undefined };
  });
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

/** What each decision rests on, with what was decided before it. */
interface Around {
  of(deposit: Deposit): Surroundings;
  note(decision: DepositDecision): void;
}

/** Registrable domains off the list that deposits rest on. */
const unlistedDomains = (ctx: DirectoryContext, deposits: readonly Deposit[]): string[] => {
  const proofs = deposits.flatMap(({ evidence }) => evidence);
  return [...new Set(proofs.filter(({ issuer }) => !ctx.listed.has(issuer)).map(({ domain }) => domain))];
};

/** Locks what the decisions rest on; gives the depth. */
function lockDeposits(ctx: DirectoryContext, tx: Db, deposits: readonly Deposit[]): Promise<number> {
  // An issuer's withdrawal, and the limit of a domain, reach beyond one bucket.
  const keys = [
    ...unlistedDomains(ctx, deposits).map((domain) => `records ${domain}`),
    ...deposits.flatMap(({ evidence }) => evidence.map(({ issuer, jti }) => attestationKey(issuer, jti))),
  ];
  const names = deposits.map(({ name }) => name);
  return lockNames(tx, ctx.domain, names, keys);
}

async function readSurroundings(
  ctx: DirectoryContext,
  tx: Db,
  deposits: readonly Deposit[],
  depth: number,
  now: number,
): Promise<Around> {
  const names = deposits.map(({ name }) => name);
  const proofs = deposits.flatMap(({ name, evidence }) => evidence.map((one) => ({ ...one, name })));
  const unlisted = unlistedDomains(ctx, deposits);
  const bucketOf = ({ name }: { readonly name: Uint8Array }) => bucketNumber(name, depth);
  const [records, holderMarks, issuerMarks, withdrawn, inBuckets, ofDomains, config] = await atOnce(
    store.findRecords(tx, names),
    marks.findHolderMarks(tx, deposits),
    marks.findIssuerMarks(tx, proofs),
    marks.findWithdrawn(tx, proofs),
    store.countBuckets(tx, depth, [...new Set(deposits.map(bucketOf))]),
    store.countDomains(tx, unlisted, now),
    findLatestConfig(tx),
  );
  const key = registrationKey(ctx, config?.text);
  const under = <T extends { readonly name: Uint8Array }>(rows: readonly T[]) => {
    const groups = Map.groupBy(rows, ({ name }) => formatB64u(name));
    return (name: Uint8Array): readonly T[] => groups.get(formatB64u(name)) ?? [];
  };
  const [recordsUnder, holdersUnder, issuersUnder] = [under(records), under(holderMarks), under(issuerMarks)];
  const refused = new Set(withdrawn.map(({ issuer, jti }) => attestationKey(issuer, jti)));
  const restsOn = (domain: string) => (record: store.StoredRecord) =>
    record.expiresAt > now && record.evidence.some((one) => one.domain === domain);
  const add = <K>(counts: Map<K, number>, at: K, more: number) => counts.set(at, (counts.get(at) ?? 0) + more);
  return {
    of: ({ name, evidence }) => {
      const own = recordsUnder(name);
      const domains = unlisted.filter((domain) =>
        evidence.some((one) => one.domain === domain && !ctx.listed.has(one.issuer)),
      );
      return {
        records: own,
        holderMark: holdersUnder(name)[0]?.seq,
        issuerMarks: issuersUnder(name),
        withdrawn: evidence.some(({ issuer, jti }) => refused.has(attestationKey(issuer, jti))),
        bucketRecords: inBuckets.get(bucketOf({ name })) ?? 0,
        domainRecords: new Map(
          domains.map((domain) => [domain, (ofDomains.get(domain) ?? 0) - own.filter(restsOn(domain)).length]),
        ),
        unlistedRecords: ctx.quotas.unlistedRecords,
        key,
      };
    },
    note: (decision) => {
      if (decision.outcome === 'unchanged') return;
      const { record, gone } = decision;
      add(inBuckets, bucketOf(record), 1 - gone.length);
      for (const domain of unlisted)
        add(ofDomains, domain, (restsOn(domain)(record) ? 1 : 0) - gone.filter(restsOn(domain)).length);
    },
  };
}

/** What deposits with an attestation and the withdrawal of it both hold. */
export const attestationKey = (issuer: string, jti: Uint8Array): string => `attestation ${issuer} ${formatB64u(jti)}`;
