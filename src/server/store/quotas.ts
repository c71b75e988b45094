// Token buckets and single uses in SQL, so that every instance shares them (§10). What counts as whose is the callers' business.
import { inArray, is, sql } from 'drizzle-orm';
import { PgTransaction } from 'drizzle-orm/pg-core';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { compareOctets, equalOctets } from '../../protocol/wire.ts';
import type { Quota } from '../context.ts';
import type { Db } from './database.ts';
import { quotas, uses } from './schema.ts';

export interface Charge {
  readonly subject: Uint8Array;
  readonly quota: Quota;
  readonly cost: number;
  /** What the quota is called in `RateLimit` headers and problem documents. */
  readonly policy?: string;
}

/** Tokens that come back in a millisecond. */
const rate = (quota: Quota): number => quota.refill / (quota.seconds * 1000);

/** Seconds until `missing` tokens are back; a quota that never refills says its window. */
export const secondsToRefill = (quota: Quota, missing: number): number =>
  quota.refill > 0 ? Math.max(1, Math.ceil(missing / rate(quota) / 1000)) : quota.seconds;

/**
 * Takes every charge or none and gives what is left in each, in order; `quota-exceeded` with `retryAfter` otherwise.
 * Exact under concurrency: each bucket is read and written by one statement under its row lock, and rows are locked in
 * one order everywhere. On a transaction the caller's own rollback gives the charges back.
 */
export async function chargeQuotas(db: Db, now: number, charges: readonly Charge[]): Promise<number[]> {
  if (charges.length <= 1 || is(db, PgTransaction)) return chargeIn(db, now, charges);
  return db.transaction((tx) => chargeIn(tx, now, charges));
}

async function chargeIn(tx: Db, now: number, charges: readonly Charge[]): Promise<number[]> {
  const impossible = charges.find((charge) => charge.cost > charge.quota.capacity);
  if (impossible !== undefined) throw exceeded(impossible, secondsToRefill(impossible.quota, impossible.cost));
  const ordered = charges.toSorted((a, b) => compareOctets(a.subject, b.subject));
  const left = await Promise.all(ordered.map((charge) => chargeOne(tx, now, charge)));
  const refused = ordered.filter((_, i) => left[i] === undefined);
  if (refused.length > 0) throw await refusal(tx, now, refused);
  return charges.map((charge) => left[ordered.indexOf(charge)] ?? 0);
}

/** One statement: what is left, or undefined where that would be less than nothing. */
async function chargeOne(tx: Db, now: number, { subject, quota, cost }: Charge): Promise<number | undefined> {
  const refilled = sql`least(${quota.capacity}::double precision, ${quotas.tokens} + greatest(0, ${now}::bigint - ${quotas.at}) * ${rate(quota)}::double precision)`;
  // Refilling adds fractions: a token that is back up to rounding is back.
  const rows = await tx
    .insert(quotas)
    .values({ subject, tokens: quota.capacity - cost, at: now })
    .onConflictDoUpdate({
      target: quotas.subject,
      set: {
        tokens: sql`greatest(0, ${refilled} - ${cost}::double precision)`,
        at: sql`greatest(${quotas.at}, ${now}::bigint)`,
      },
      setWhere: sql`${refilled} >= ${cost}::double precision - 0.000001`,
    })
    .returning({ tokens: quotas.tokens })
    .prepare('charge_quota')
    .execute();
  return rows[0]?.tokens;
}

async function refusal(tx: Db, now: number, refused: readonly Charge[]): Promise<WhereaboutsError> {
  const rows = await tx
    .select()
    .from(quotas)
    .where(
      inArray(
        quotas.subject,
        refused.map((charge) => charge.subject),
      ),
    );
  const waits = refused.map((charge) => {
    const row = rows.find(({ subject }) => equalOctets(subject, charge.subject));
    const held = row === undefined ? 0 : row.tokens + Math.max(0, now - row.at) * rate(charge.quota);
    return { charge, seconds: secondsToRefill(charge.quota, charge.cost - held) };
  });
  const [longest] = waits.toSorted((a, b) => b.seconds - a.seconds);
  if (longest === undefined) return new WhereaboutsError('quota-exceeded');
  return exceeded(longest.charge, longest.seconds);
}

function exceeded(charge: Charge, retryAfter: number): WhereaboutsError {
  const policy = charge.policy === undefined ? {} : { 'violated-policies': [charge.policy] };
  return new WhereaboutsError('quota-exceeded', undefined, { extensions: { retryAfter, ...policy } });
}

/**
 * Takes `cost` of the `uses` that `subject` is good for until `until` (seconds); false when they are used up.
 * One statement, so that of two racing callers one loses.
 */
export async function spendUse(
  db: Db,
  subject: Uint8Array,
  use: { readonly uses: number; readonly cost: number; readonly until: number },
): Promise<boolean> {
  if (use.cost > use.uses) return false;
  const rows = await db
    .insert(uses)
    .values({ subject, remaining: use.uses - use.cost, until: use.until })
    .onConflictDoUpdate({
      target: uses.subject,
      set: { remaining: sql`${uses.remaining} - ${use.cost}::int` },
      setWhere: sql`${uses.remaining} >= ${use.cost}::int`,
    })
    .returning({ remaining: uses.remaining })
    .prepare('spend_use')
    .execute();
  return rows.length > 0;
}
