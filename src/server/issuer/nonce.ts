// Nonces for proofs of possession (§4.4): single use, five minutes, good only for the account they were given to.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { formatB64u } from '../../protocol/wire.ts';
import type { IssuerContext } from '../context.ts';
import { saveNonce, takeNonce } from '../store/nonces.ts';
import { subjectOf } from '../store/subject.ts';
import type { Account } from './accounts.ts';

/** A new nonce for `account`, b64u. */
export async function giveNonce(ctx: IssuerContext, account: Account): Promise<string> {
  const nonce = formatB64u(ctx.random(32));
  await saveNonce(ctx.db, nonceSubject(ctx, account, nonce), seconds(ctx) + LIMITS.nonceSeconds);
  return nonce;
}

/** Uses a nonce up; `nonce-invalid` when it was never given to this account, was used before, or is too old. */
export async function spendNonce(ctx: IssuerContext, account: Account, nonce: string): Promise<void> {
  const taken = /^[\w-]{43}$/.test(nonce) && (await takeNonce(ctx.db, nonceSubject(ctx, account, nonce), seconds(ctx)));
  if (!taken) throw new WhereaboutsError('nonce-invalid');
}

const seconds = (ctx: IssuerContext): number => Math.floor(ctx.clock() / 1000);

function nonceSubject(ctx: IssuerContext, account: Account, nonce: string): Uint8Array {
  return subjectOf(ctx.pepper, 'issuer nonce', ctx.domain, nonce, account.id);
}
