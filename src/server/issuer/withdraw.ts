// Withdrawing an attestation (§4.1, §5.2): from then on the issuer answers 410, and the directory is told.
import { Directory } from '../../client/directory.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { readAttestation, type Attestation } from '../../protocol/token/attestation.ts';
import { signWithdrawal } from '../../protocol/token/withdrawal.ts';
import type { IssuerContext } from '../context.ts';
import { markWithdrawn } from '../store/issued.ts';
import type { Account } from './accounts.ts';
import { openAttestation, verifyHolder } from './keep.ts';

/** What became of the records that rest on it: gone, never there, or told again when asked again. */
export type Withdrawn = 'withdrawn' | 'none' | 'pending';

/** The attestation as given out; `attestation-unknown`, or `attestation-withdrawn` (only that one is a "no", §4.1). */
export async function showAttestation(ctx: IssuerContext, jti: string): Promise<string> {
  const { row, attestation } = await openAttestation(ctx, jti);
  if (row.withdrawnAt !== null) throw new WhereaboutsError('attestation-withdrawn');
  return attestation;
}

/** Withdraws what `account` was given. Idempotent; a second call tells the directory again. */
export async function withdrawAttestation(ctx: IssuerContext, account: Account, jti: string): Promise<Withdrawn> {
  const { row, attestation } = await openAttestation(ctx, jti);
  verifyHolder(ctx, account, row);
  // Durable first: if we die here, the directory's daily check finds 410, or the person asks again.
  await markWithdrawn(ctx.db, ctx.domain, row.jtiHash, Math.floor(ctx.clock() / 1000));
  return await tellDirectory(ctx, readAttestation(attestation));
}

async function tellDirectory(ctx: IssuerContext, { aud, sub, jkt, jti }: Attestation): Promise<Withdrawn> {
  const iat = Math.floor(ctx.clock() / 1000);
  const claims = { iss: ctx.domain, aud, sub, jti, iat, exp: iat + LIMITS.shortTokenLifeSeconds };
  try {
    await ctx.descriptions.fetch(aud);
    const directory = new Directory(ctx, aud);
    const withdrawal = await signWithdrawal(claims, ctx.signingKey);
    await directory.withdraw(sub, withdrawal, jkt, ctx.clock() + LIMITS.fetchMilliseconds);
    return 'withdrawn';
  } catch (error) {
    if (!(error instanceof WhereaboutsError)) throw error;
    if (error.code === 'record-unknown') return 'none';
    ctx.log.warn('withdrawal-pending', { directory: aud, code: error.code });
    return 'pending';
  }
}
