// Withdrawing a registration (§5.2): with the temporary key where it was kept, else through the issuers it rests on.
import { WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { TemporaryKey } from '../protocol/token/temporary-key.ts';
import { signWithdrawal } from '../protocol/token/withdrawal.ts';
import type { ClientContext } from './context.ts';
import { withdrawAttestation } from './issuer-client.ts';
import type { Registration } from './registration.ts';

export interface WithdrawOptions {
  /** The whole `Authorization` header for each issuer that is to withdraw its attestation, by its domain. */
  readonly authorization?: Readonly<Record<string, string>>;
}

const WITHDRAW_MILLISECONDS = 10_000;

/**
 * Withdraws a registration everywhere the caller can: at the directory with the kept key, and at each issuer an
 * authorization is given for, which then withdraws it at the directory. With neither: `credentials-required`.
 */
export async function withdraw(
  context: ClientContext,
  registration: Registration,
  options: WithdrawOptions = {},
): Promise<void> {
  const authorized = registration.attestations.flatMap(({ issuer, jti }) => {
    const authorization = options.authorization?.[issuer];
    return authorization === undefined ? [] : [{ issuer, jti, authorization }];
  });
  if (registration.kept === undefined && authorized.length === 0)
    throw new WhereaboutsError('credentials-required', 'neither the temporary key nor an issuer can withdraw this');
  if (registration.kept !== undefined) await withdrawAsHolder(context, registration, registration.kept.key);
  for (const { issuer, jti, authorization } of authorized) {
    const description = await context.descriptions.fetch(issuer);
    const until = context.clock() + WITHDRAW_MILLISECONDS;
    await withdrawAttestation(context, description, { jti, authorization, until });
  }
}

async function withdrawAsHolder(
  context: ClientContext,
  { directory, name, holder, seq }: Registration,
  key: TemporaryKey,
): Promise<void> {
  await context.descriptions.fetch(directory);
  const iat = Math.floor(context.clock() / 1000);
  // §5.2: `seq` above the record's, so that the record cannot be deposited again.
  const claims = { aud: directory, sub: name, seq: seq + 1, iat, exp: iat + LIMITS.shortTokenLifeSeconds };
  const withdrawal = await signWithdrawal({ by: 'holder', ...claims }, key);
  await context.directory(directory).withdraw(name, withdrawal, holder, context.clock() + WITHDRAW_MILLISECONDS);
}
