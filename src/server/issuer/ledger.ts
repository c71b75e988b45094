// What an issuer's operator does without a user asking: see what was given out, and take back all of an account. HTTP never gets here.
import { formatHex } from '../../protocol/wire.ts';
import type { IssuerContext } from '../context.ts';
import { listIssued, markWithdrawn } from '../store/issued.ts';
import type { Account } from './accounts.ts';
import { accountSubject } from './keep.ts';

/** One attestation as far as the operator may know it: neither whose nor about whom. Times are seconds since 1970. */
export interface LedgerEntry {
  /** SHA-256 of the attestation's `jti`, hex. */
  readonly id: string;
  /** Keyed hash of the account, hex: equal for equal accounts. */
  readonly account: string;
  readonly expiresAt: number;
  readonly withdrawnAt: number | undefined;
}

/** Attestations that have not ended, or those of one account. */
export async function listAttestations(ctx: IssuerContext, account?: Account): Promise<LedgerEntry[]> {
  const now = Math.floor(ctx.clock() / 1000);
  const subject = account === undefined ? undefined : accountSubject(ctx, account);
  const rows = await listIssued(ctx.db, ctx.domain, now, subject);
  return rows.map((row) => ({
    id: formatHex(row.jtiHash),
    account: formatHex(row.account),
    expiresAt: row.expiresAt,
    withdrawnAt: row.withdrawnAt ?? undefined,
  }));
}

/**
 * Withdraws all of an account's attestations; returns how many. The issuer answers 410 from now on, and directories hear
 * of it at their next check: the attestations cannot be opened without their `jti`, so none can be told here.
 */
export async function withdrawAccount(ctx: IssuerContext, account: Account): Promise<number> {
  const now = Math.floor(ctx.clock() / 1000);
  const rows = await listIssued(ctx.db, ctx.domain, now, accountSubject(ctx, account));
  const live = rows.filter(({ withdrawnAt }) => withdrawnAt === null);
  for (const { jtiHash } of live) await markWithdrawn(ctx.db, ctx.domain, jtiHash, now);
  return live.length;
}
