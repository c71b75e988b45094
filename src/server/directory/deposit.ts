// Depositing a record (§5.2): from a deposit whose every signature holds to what is committed. Parsing and signatures are
// deposit-checks', what a deposit does to a name is deposit-decision's.
import { formatB64u } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import type { Db } from '../store/database.ts';
import { findHolderMark } from '../store/marks.ts';
import { findRecords } from '../store/records.ts';
import { readDeposit, verifyIssuers, type DepositRequest } from './deposit-checks.ts';
import { checkNewer, isRepeated, type Deposit } from './deposit-decision.ts';
import type { ProvenBucket } from './published.ts';
import { proveDeposit, proveRepeated } from './receipt.ts';
import { nowSeconds } from './times.ts';

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
  const incoming = await ctx.deposits.inTurn(() => readDeposit(ctx, name, request, now));
  const { digest } = incoming.deposit;
  // Before anybody's keys are fetched: most of what comes twice ends here, and no issuer need be reachable for it.
  if (await isAlreadyThere(ctx.db, incoming.deposit, now))
    return { outcome: 'unchanged', digest, proven: await proveRepeated(ctx, incoming.deposit) };
  await verifyIssuers(ctx, incoming, now, address);
  const { outcome, change } = await ctx.deposits.apply(ctx, incoming);
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
  const mark = await findHolderMark(db, { name, holder });
  if (mark === undefined || seq > mark.seq) return false;
  const live = (await findRecords(db, [name])).filter((record) => record.expiresAt > now);
  const own = live.find((record) => formatB64u(record.holder) === formatB64u(holder));
  if (isRepeated({ seq, digest }, own)) return true;
  checkNewer({ holder, seq, evidence: [] }, mark.seq, []);
  return false;
}
