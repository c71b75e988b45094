// Issuing an attestation (§4.1, §4.6): who asks, which key he holds, whose identifier it is, and only then a signature.
// The name is computed here, against the directory: nobody's word is taken for it.
import type { Directory } from '../../client/directory.ts';
import { createEvaluator } from '../../client/evaluate.ts';
import { failAs, WhereaboutsError } from '../../protocol/errors.ts';
import { parseIdentifier, type Identifier } from '../../protocol/identifier.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { accountMac, type BlindedName } from '../../protocol/name.ts';
import { signAttestation } from '../../protocol/token/attestation.ts';
import { signPass } from '../../protocol/token/client-token.ts';
import { verifyPossession } from '../../protocol/token/possession.ts';
import { formatB64u } from '../../protocol/wire.ts';
import type { IssuerContext } from '../context.ts';
import { chargeQuotas } from '../store/quotas.ts';
import { subjectOf } from '../store/subject.ts';
import type { Account, Accounts, Ownership } from './accounts.ts';
import type { FindDirectory } from './directories.ts';
import { keepAttestation } from './keep.ts';
import { spendNonce } from './nonce.ts';

/** What a person asks for, as sent (§4.6). */
export interface AttestRequest {
  readonly directory: string;
  readonly identifier: string;
  readonly region?: string | undefined;
  readonly possession: string;
}

/** Checks everything, then signs, keeps and gives out: the attestation, and the pass for the person's own evaluations. */
export async function attest(
  ctx: IssuerContext,
  { accounts, findDirectory }: { readonly accounts: Accounts; readonly findDirectory: FindDirectory },
  account: Account,
  request: AttestRequest,
): Promise<{ attestation: string; pass: string }> {
  const identifier = parseIdentifier(request.identifier, request.region);
  const directory = await findDirectory(request.directory);
  const now = Math.floor(ctx.clock() / 1000);
  const { jkt, nonce } = await verifyPossession(request.possession, { now, aud: ctx.domain });
  // Used up before anything is decided: a refusal cannot be tried again with the same proof.
  await spendNonce(ctx, account, nonce);
  await chargeQuotas(ctx.db, ctx.clock(), [
    {
      subject: subjectOf(ctx.pepper, 'issuer attestations', ctx.domain, account.id),
      quota: ctx.attestationsPerAccount,
      cost: 1,
    },
  ]);
  const owned = await accounts.owns(account, identifier);
  if (owned === undefined) throw new WhereaboutsError('account-refused');
  const { key, names } = await namesIn(ctx, directory, [identifier]);
  const [name] = names;
  if (name === undefined) throw new WhereaboutsError('internal-error', 'a name is missing');
  const attestation = await signAndKeep(ctx, account, { directory, identifier, key, name, jkt, owned });
  return { attestation, pass: await givePass(ctx, directory, jkt) };
}

/**
 * The names under the key registrations go under. It is asked for each time: the person's own device goes by the newest as
 * well. The directory's troubles are not the person's: they come out as one code.
 */
export async function namesIn(
  ctx: IssuerContext,
  directory: Directory,
  identifiers: readonly Identifier[],
): Promise<{ readonly key: string; readonly names: readonly BlindedName[] }> {
  const evaluator = createEvaluator({ ...ctx, credentials: { domain: ctx.domain, key: ctx.signingKey } });
  const until = ctx.clock() + LIMITS.fetchMilliseconds;
  return await failAs('peer-unreachable', 'the directory did not evaluate the name', async () => {
    const [evaluated] = await evaluator.names(directory, identifiers, { until, registering: true, fresh: true });
    if (evaluated?.names.length !== identifiers.length) throw new WhereaboutsError('evaluation-invalid');
    return { key: evaluated.keyId, names: evaluated.names };
  });
}

/** What an attestation says, and of whom. */
export interface Attested {
  readonly directory: Directory;
  readonly identifier: Identifier;
  /** Id of the directory's OPRF key. */
  readonly key: string;
  readonly name: BlindedName;
  readonly jkt: string;
  readonly owned: Ownership;
}

export async function signAndKeep(ctx: IssuerContext, account: Account, attested: Attested): Promise<string> {
  const { directory, identifier, key, name, jkt, owned } = attested;
  const jti = ctx.random(16);
  const iat = Math.floor(ctx.clock() / 1000);
  const exp = iat + LIMITS.attestationLifeSeconds;
  const attestation = await signAttestation(
    {
      iss: ctx.domain,
      aud: directory.domain,
      sub: formatB64u(name.name),
      jkt,
      iat,
      exp,
      amr: [...(owned.amr ?? ctx.amr)],
      jti: formatB64u(jti),
      ...(owned.address === undefined ? {} : { account: accountMac(name.seal, owned.address) }),
    },
    ctx.signingKey,
  );
  // Durable before it is given out: a directory that asks for it never hears "unknown". If we die in between, nobody holds it.
  await keepAttestation(ctx, account, {
    jti,
    attestation,
    expiresAt: exp,
    directory: directory.domain,
    key,
    identifier,
  });
  return attestation;
}

/** §4.6: sixteen evaluations at the directory, for the holder of the temporary key, within five minutes. */
export async function givePass(ctx: IssuerContext, directory: Directory, jkt: string): Promise<string> {
  const iat = Math.floor(ctx.clock() / 1000);
  const claims = {
    iss: ctx.domain,
    aud: new URL(await directory.api()).hostname,
    sub: jkt,
    iat,
    exp: iat + LIMITS.shortTokenLifeSeconds,
    jti: formatB64u(ctx.random(16)),
  };
  return await signPass(claims, ctx.signingKey);
}
