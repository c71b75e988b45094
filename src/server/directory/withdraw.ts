// Withdrawing records (§5.2): by the key that made one, or by an issuer that takes an attestation back. No quota: whoever
// can take something out of the directory always may. Only what leaves a trace without taking anything out has one.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { fitsRecord, readWithdrawal, verifyWithdrawal } from '../../protocol/token/withdrawal.ts';
import { compareOctets, equalOctets, formatB64u, parseB64u } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import type { Db } from '../store/database.ts';
import { lockNames } from '../store/locks.ts';
import * as marks from '../store/marks.ts';
import * as store from '../store/records.ts';
import { fileChanges } from '../store/waiting.ts';
import { attestationKey } from './deposit-apply.ts';
import { fetchPeer } from './peers.ts';
import type { ProvenBucket } from './published.ts';
import { proveLatest } from './receipt.ts';
import { markUntil, nowSeconds, tokenUntil } from './times.ts';
import { chargeAhead } from './withdrawal-quota.ts';

/**
 * Returns once what was withdrawn is out of the published epoch, with the bucket that proves it; throws `record-unknown`,
 * `record-stale` or `token-invalid`. An issuer's withdrawal that no record rests on is `record-unknown` too, and its
 * attestation is refused should it be brought later.
 */
export async function withdraw(
  ctx: DirectoryContext,
  name: Uint8Array,
  token: string,
  address: string,
): Promise<ProvenBucket> {
  const claims = readWithdrawal(token);
  if (claims.by === 'holder') await withdrawByHolder(ctx, name, token);
  else
    await withdrawByIssuer(ctx, name, token, {
      attestation: { issuer: claims.iss, jti: parseB64u(claims.jti, 16) },
      address,
    });
  // Committed: if we die before the answer, the record leaves all the same.
  return proveLatest(ctx, name);
}

async function withdrawByIssuer(
  ctx: DirectoryContext,
  name: Uint8Array,
  token: string,
  { attestation, address }: { readonly attestation: store.AttestationId; readonly address: string },
): Promise<void> {
  const names = await store.findAttested(ctx.db, attestation);
  // Only where something comes of it are keys fetched.
  const isHere = names.some((one) => equalOctets(one, name));
  if (!isHere && (names.length > 0 || !(await mayComeLater(ctx, ctx.db, attestation))))
    throw new WhereaboutsError('record-unknown');
  const keys = async (issuer: string) => (await fetchPeer(ctx, issuer, address)).jwks;
  await verifyWithdrawal(token, { now: nowSeconds(ctx), aud: ctx.domain, sub: formatB64u(name), keys });
  const wasHere = await withdrawAttestation(ctx, attestation, names, (tx) => refuseAhead(ctx, tx, attestation));
  if (!wasHere) throw new WhereaboutsError('record-unknown');
}

async function withdrawByHolder(ctx: DirectoryContext, name: Uint8Array, token: string): Promise<void> {
  const now = nowSeconds(ctx);
  const sub = formatB64u(name);
  const withdrawal = await verifyWithdrawal(token, { now, aud: ctx.domain, sub, keys: () => undefined });
  if (withdrawal.by !== 'holder') throw new WhereaboutsError('token-invalid');
  const { seq, jkt } = withdrawal;
  const holder = parseB64u(jkt, 32);
  await ctx.db.transaction(async (tx) => {
    await lockNames(tx, ctx.domain, [name], []);
    const records = await store.findRecords(tx, [name]);
    const own = records.find((record) => record.expiresAt > now && equalOctets(record.holder, holder));
    // The same withdrawal once more: the answer to it may have been lost.
    if (own === undefined && (await marks.findHolderMarks(tx, [{ name, holder }]))[0]?.seq === seq) return;
    if (own === undefined) throw new WhereaboutsError('record-unknown');
    fitsRecord(withdrawal, { name: sub, holder: jkt, seq: own.seq, attestations: [] });
    await store.removeRecords(tx, [own]);
    await marks.markHolders(tx, [{ name, holder, seq }], markUntil(now));
    await fileChanges(tx, [{ name, gone: [holder] }]);
  });
}

/**
 * Takes out every record that rests on the attestation and refuses it from now on, in one transaction. Where there is none
 * does `otherwise` in its place, under the lock that deposits with this attestation wait for, and gives false.
 */
export async function withdrawAttestation(
  ctx: DirectoryContext,
  attestation: store.AttestationId,
  names: readonly Uint8Array[],
  otherwise?: (tx: Db) => Promise<void>,
): Promise<boolean> {
  const { issuer, jti } = attestation;
  const done = await ctx.db.transaction(async (tx) => {
    await lockNames(tx, ctx.domain, names, [attestationKey(issuer, jti)]);
    const found = await store.findAttested(tx, attestation);
    // Deposited while we waited for the locks: its bucket is not held, so once more with it.
    if (found.some((name) => !names.some((held) => equalOctets(held, name)))) return found;
    const isIt = (one: store.Evidence): boolean => one.issuer === issuer && equalOctets(one.jti, jti);
    const gone = (await store.findRecords(tx, found)).filter(({ evidence }) => evidence.some(isIt));
    const until = Math.max(0, ...gone.flatMap(({ evidence }) => evidence.filter(isIt).map((one) => one.expiresAt)));
    await store.removeRecords(tx, gone);
    const leaving = (name: Uint8Array) => gone.filter((record) => equalOctets(record.name, name));
    await fileChanges(
      tx,
      found.toSorted(compareOctets).map((name) => ({ name, gone: leaving(name).map(({ holder }) => holder) })),
    );
    if (found.length > 0) await marks.markWithdrawn(tx, attestation, until);
    else await otherwise?.(tx);
    return found.length > 0;
  });
  return typeof done === 'boolean' ? done : withdrawAttestation(ctx, attestation, done, otherwise);
}

/** Whether an attestation that nothing rests on could still be deposited: by an issuer that is accepted, not yet refused. */
async function mayComeLater(ctx: DirectoryContext, db: Db, attestation: store.AttestationId): Promise<boolean> {
  const open = ctx.issuers === 'open' && ctx.quotas.unlistedRecords > 0;
  return (open || ctx.listed.has(attestation.issuer)) && (await marks.findWithdrawn(db, [attestation])).length === 0;
}

/** Its end is not known here: it is refused as long as any that exists by now may live. */
async function refuseAhead(ctx: DirectoryContext, tx: Db, attestation: store.AttestationId): Promise<void> {
  if (!(await mayComeLater(ctx, tx, attestation))) return;
  await chargeAhead(ctx, tx, attestation.issuer);
  await marks.markWithdrawn(tx, attestation, tokenUntil(nowSeconds(ctx)));
}
