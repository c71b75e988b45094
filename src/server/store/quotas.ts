// Token buckets and single uses in SQL, so that every instance shares them (§10). What counts as whose is the callers' business.
import { inArray, is, sql } from 'drizzle-orm';
import { PgTransaction } from 'drizzle-orm/pg-core';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { compareOctets, equalOctets, formatHex } from '../../protocol/wire.ts';
import type { Quota } from '../context.ts';
import type { Db } from './database.ts';
import { isIn, numberList, octetList, textList } from './packing.ts';
import { quotas, uses } from './schema.ts';

export interface Charge {
  readonly subject: Uint8Array;
  readonly quota: Quota;
  readonly cost: number;
  /** What the quota is called in `RateLimit` headers and problem documents. */
  readonly policy?: string;
}

/** Refilling adds fractions: a token that is back up to rounding is back. */
export const ROUNDING = 0.000_001;

/** Tokens that come back in a millisecond. */
export const rate = (quota: Quota): number => quota.refill / (quota.seconds * 1000);

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
  if (impossible !== undefined) throw worst([lack(impossible, 0)]);
  const ordered = charges.toSorted((a, b) => compareOctets(a.subject, b.subject));
  const left = await Promise.all(ordered.map((charge) => chargeOne(tx, now, charge)));
  const refused = ordered.filter((_, i) => left[i] === undefined);
  if (refused.length > 0) throw await refusal(tx, now, refused);
  return charges.map((charge) => left[ordered.indexOf(charge)] ?? 0);
}

/** One statement: what is left, or undefined where that would be less than nothing. */
async function chargeOne(tx: Db, now: number, { subject, quota, cost }: Charge): Promise<number | undefined> {
  const refilled = sql`least(${quota.capacity}::double precision, ${quotas.tokens} + greatest(0, ${now}::bigint - ${quotas.at}) * ${rate(quota)}::double precision)`;
  const rows = await tx
    .insert(quotas)
    .values({ subject, tokens: quota.capacity - cost, at: now })
    .onConflictDoUpdate({
      target: quotas.subject,
      set: {
        tokens: sql`greatest(0, ${refilled} - ${cost}::double precision)`,
        at: sql`greatest(${quotas.at}, ${now}::bigint)`,
      },
      setWhere: sql`${refilled} >= ${cost - ROUNDING}::double precision`,
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
    return lack(charge, row === undefined ? 0 : held(row, charge.quota, now));
  });
  return worst(waits);
}

/** Tokens that are there at `now`. */
const held = (row: { readonly tokens: number; readonly at: number }, quota: Quota, now: number): number =>
  Math.min(quota.capacity, row.tokens + Math.max(0, now - row.at) * rate(quota));

interface Lack {
  readonly charge: Charge;
  readonly seconds: number;
}

const lack = (charge: Charge, tokens: number): Lack => ({
  charge,
  // What the bucket never holds is said to take as long as all of it.
  seconds: secondsToRefill(charge.quota, charge.cost > charge.quota.capacity ? charge.cost : charge.cost - tokens),
});

/** Why `charges` cannot be taken from what is there; undefined where they can. */
export function lacking(
  charges: readonly { readonly charge: Charge; readonly tokens: number }[],
): WhereaboutsError | undefined {
  const lacks = charges.filter(({ charge, tokens }) => tokens < charge.cost - ROUNDING);
  return lacks.length === 0 ? undefined : worst(lacks.map(({ charge, tokens }) => lack(charge, tokens)));
}

/** The one that takes longest to be mended. */
function worst(lacks: readonly Lack[]): WhereaboutsError {
  const [longest] = lacks.toSorted((a, b) => b.seconds - a.seconds);
  return longest === undefined ? new WhereaboutsError('quota-exceeded') : exceeded(longest.charge, longest.seconds);
}

function exceeded(charge: Charge, retryAfter: number): WhereaboutsError {
  const policy = charge.policy === undefined ? {} : { 'violated-policies': [charge.policy] };
  return new WhereaboutsError('quota-exceeded', undefined, { extensions: { retryAfter, ...policy } });
}

/** Quotas of many callers, held until the transaction ends, so that each of them can be charged and refused by itself. */
export interface Ledger {
  /** Takes every charge or none; throws `quota-exceeded` with `retryAfter`. */
  charge(charges: readonly Charge[]): void;
  /** Writes what was taken. */
  save(): Promise<void>;
}

/** Holds the rows of `charges`, whatever comes to be taken from them; rows are locked in one order everywhere. */
export async function openLedger(tx: Db, now: number, charges: readonly Charge[]): Promise<Ledger> {
  const quotaOf = new Map(charges.map(({ subject, quota }) => [formatHex(subject), { subject, quota }]));
  const ordered = [...quotaOf].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  const list = octetList(ordered.map(({ subject }) => subject));
  const full = numberList(ordered.map(({ quota }) => quota.capacity));
  await tx.execute(sql`insert into ${quotas} (subject, tokens, at) select k.subject, k.tokens, ${now}::bigint
    from unnest(${list}, ${full}) with ordinality as k(subject, tokens, n) order by k.n on conflict do nothing`);
  const rows = await tx.select().from(quotas).where(isIn(quotas.subject, list)).orderBy(quotas.subject).for('update');
  const tokens = new Map<string, number>();
  for (const row of rows) {
    const key = formatHex(row.subject);
    const quota = quotaOf.get(key)?.quota;
    if (quota !== undefined) tokens.set(key, held(row, quota, now));
  }
  const touched = new Set<string>();
  return {
    charge: (own) => {
      const refusal = lacking(own.map((charge) => ({ charge, tokens: tokens.get(formatHex(charge.subject)) ?? 0 })));
      if (refusal !== undefined) throw refusal;
      for (const { subject, cost } of own) {
        const key = formatHex(subject);
        tokens.set(key, Math.max(0, (tokens.get(key) ?? 0) - cost));
        touched.add(key);
      }
    },
    save: async () => {
      const spent = ordered.filter(({ subject }) => touched.has(formatHex(subject)));
      if (spent.length === 0) return;
      const left = spent.map(({ subject }) => tokens.get(formatHex(subject)) ?? 0);
      await tx.execute(sql`update ${quotas} set tokens = k.tokens, at = greatest(${quotas.at}, ${now}::bigint)
        from unnest(${octetList(spent.map(({ subject }) => subject))}, ${textList(left.map(String))}::double precision[]) as k(subject, tokens)
        where ${quotas.subject} = k.subject`);
    },
  };
}

/** `cost` of the `uses` that `subject` is good for until `until` (seconds). */
export interface Use {
  readonly subject: Uint8Array;
  readonly uses: number;
  readonly cost: number;
  readonly until: number;
}

/** Takes a use; false when they are used up. One statement, so that of two racing callers one loses. */
export async function spendUse(db: Db, use: Use): Promise<boolean> {
  if (use.cost > use.uses) return false;
  const rows = await db
    .insert(uses)
    .values({ subject: use.subject, remaining: use.uses - use.cost, until: use.until })
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
