// What lets a request in: tokens from every quota that counts and one use of what its caller showed, all or nothing, in one
// statement. A quota nobody has charged yet has no row to lock: the first request of a caller takes a transaction.
import { sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { chargeQuotas, lacking, rate, ROUNDING, spendUse, type Charge, type Use } from './quotas.ts';
import { quotas, uses } from './schema.ts';
import { statement } from './statement.ts';

/**
 * Takes every charge and the use, and gives what is left in each quota, in order; undefined where the use is used up,
 * `quota-exceeded` with `retryAfter` where a quota is. Then nothing was taken. Exact under concurrency.
 */
export async function admit(
  db: Db,
  now: number,
  charges: readonly Charge[],
  use: Use | undefined,
): Promise<number[] | undefined> {
  if (use === undefined) return chargeQuotas(db, now, charges);
  if (use.cost > use.uses) return undefined;
  const rows = await ask(db, now, charges, use);
  // One of the quotas is new, or was swept out.
  if (rows.length < charges.length) return admitIn(db, now, charges, use);
  const refusal = lacking(charges.map((charge, i) => ({ charge, tokens: rows[i]?.held ?? 0 })));
  if (refusal !== undefined) throw refusal;
  const left = rows.flatMap((row) => row.left ?? []);
  return left.length < charges.length ? undefined : left;
}

/** Quotas first and the use last, as in the statement: two that race never wait for each other. */
async function admitIn(db: Db, now: number, charges: readonly Charge[], use: Use): Promise<number[] | undefined> {
  const usedUp = Symbol('rolls the charges back');
  try {
    return await db.transaction(async (tx) => {
      const left = await chargeQuotas(tx, now, charges);
      if (await spendUse(tx, use)) return left;
      throw usedUp;
    });
  } catch (error) {
    if (error === usedUp) return undefined;
    throw error;
  }
}

/** A quota as its row was when it was locked, and what is left where everything could be paid. */
interface Row {
  readonly held: number;
  readonly left: number | undefined;
}

const statements = new Map<number, ReturnType<typeof createStatement>>();

async function ask(db: Db, now: number, charges: readonly Charge[], use: Use): Promise<Row[]> {
  const known = statements.get(charges.length);
  const run = known ?? createStatement(charges.length);
  if (known === undefined) statements.set(charges.length, run);
  const values: Record<string, string | number | Uint8Array> = {
    now,
    used: use.subject,
    cost: use.cost,
    remaining: use.uses - use.cost,
    until: use.until,
  };
  charges.forEach(({ subject, quota, cost }, i) =>
    Object.assign(values, {
      [`subject${i}`]: subject,
      [`capacity${i}`]: quota.capacity,
      [`rate${i}`]: rate(quota),
      [`cost${i}`]: cost,
    }),
  );
  return run(db, values);
}

/**
 * Each part takes what it needs from the one before, so that they happen in this order: the quotas are locked, in the order in
 * which everybody locks them; if all of them suffice the use is spent; if it was, the quotas are charged. What was locked
 * cannot change meanwhile, so that `held` is still true when it is written; ON CONFLICT writes the newest version of a row, whichever
 * one this statement saw when it began.
 */
function createStatement(count: number) {
  const { placeholder } = sql;
  const asked = Array.from({ length: count }, (_, i) =>
    sql`(${i}::int, ${placeholder(`subject${i}`)}::bytea, ${placeholder(`capacity${i}`)}::double precision,
      ${placeholder(`rate${i}`)}::double precision, ${placeholder(`cost${i}`)}::double precision)`.inlineParams(),
  );
  const now = sql`${placeholder('now')}::bigint`;
  const cost = sql`${placeholder('cost')}::int`;
  const query = sql`with asked(n, subject, capacity, rate, cost) as (values ${sql.join(asked, sql`, `)}),
    locked as materialized (
      select a.n, a.subject, a.cost, least(a.capacity, q.tokens + greatest(0, ${now} - q.at) * a.rate) as held
      from asked a join ${quotas} q on q.subject = a.subject order by q.subject for update of q),
    spent as (
      insert into ${uses} (subject, remaining, until)
      select ${placeholder('used')}::bytea, ${placeholder('remaining')}::int, ${placeholder('until')}::bigint
      where (select count(*) from locked where held >= cost - ${sql.raw(ROUNDING.toFixed(6))}) = ${sql.raw(String(count))}
      on conflict (subject) do update set remaining = ${uses}.remaining - ${cost} where ${uses}.remaining >= ${cost}
      returning 1),
    charged as (
      insert into ${quotas} (subject, tokens, at)
      select subject, greatest(0, held - cost), ${now} from locked where (select count(*) from spent) = 1
      on conflict (subject) do update set tokens = excluded.tokens, at = greatest(${quotas}.at, excluded.at)
      returning subject, tokens)
    select l.held, c.tokens from locked l left join charged c on c.subject = l.subject order by l.n`;
  return statement('admit', query, ([held, left]): Row => ({
    held: Number(held),
    left: left === null ? undefined : Number(left),
  }));
}
