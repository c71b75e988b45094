// Which claimed accounts are looked at, by whom and when (§9.3). Any instance may: a host, and then accounts on it, are claimed by
// the statement that puts them off, so that no two ask at once and whoever dies half-way has only put them off.
import { and, asc, eq, getTableColumns, inArray, isNull, lt, lte, notExists, sql } from 'drizzle-orm';
import type { Db } from './database.ts';
import { accountChecks, accountHosts } from './account-schema.ts';
import { chainAccounts } from './chain-schema.ts';
import { numberList, octetList, textList } from './packing.ts';

type Row = typeof accountChecks.$inferSelect;
export type NewAccount = Pick<Row, 'chain' | 'link' | 'service' | 'account' | 'place' | 'host'>;
export type CheckedAccount = Row;

/** At most `limit` accounts on `services` that chains claim and nobody follows yet. */
export async function findNewAccounts(
  db: Db,
  services: readonly string[],
  limit: number,
): Promise<Omit<NewAccount, 'host'>[]> {
  const { chain, link, service, account, place } = chainAccounts;
  return await db
    .select({ chain, link, service, account, place })
    .from(chainAccounts)
    .leftJoin(accountChecks, and(eq(accountChecks.chain, chain), eq(accountChecks.link, link)))
    .where(and(isNull(accountChecks.link), inArray(service, [...services])))
    .limit(limit);
}

/** Follows them from now on: they are due at once. */
export async function followAccounts(db: Db, accounts: readonly NewAccount[], now: number): Promise<void> {
  if (accounts.length === 0) return;
  const hosts = [...new Set(accounts.map(({ host }) => host))].toSorted();
  const words = (pick: (row: NewAccount) => string | null) => textList(accounts.map((row) => pick(row) ?? ''));
  await db.transaction(async (tx) => {
    await tx.execute(sql`insert into account_hosts as h (host, due_at, free_at)
      select host, ${now}, 0 from unnest(${textList(hosts)}) as n(host)
      on conflict (host) do update set due_at = least(h.due_at, excluded.due_at)`);
    await tx.execute(sql`insert into account_checks (chain, link, service, account, place, host, next_at)
      select chain, link, service, account, nullif(place, ''), host, ${now}
      from unnest(${octetList(accounts.map(({ chain }) => chain))}, ${octetList(accounts.map(({ link }) => link))},
        ${words((row) => row.service)}, ${words((row) => row.account)}, ${words((row) => row.place)},
        ${words((row) => row.host)}) as n(chain, link, service, account, place, host)
      on conflict do nothing`);
  });
}

/** What no chain claims any more is revoked: not looked at again, and forgotten a while after. Gives how many. */
export async function revokeAccounts(db: Db, now: number, forgetBefore: number): Promise<number> {
  const claimed = db
    .select({ one: sql`1` })
    .from(chainAccounts)
    .where(and(eq(chainAccounts.chain, accountChecks.chain), eq(chainAccounts.link, accountChecks.link)));
  const revoked = await db
    .update(accountChecks)
    .set({ state: 'revoked', reason: null, nextAt: null, revokedAt: now })
    .where(and(isNull(accountChecks.revokedAt), notExists(claimed)))
    .returning({ host: accountChecks.host });
  await db.delete(accountChecks).where(lt(accountChecks.revokedAt, forgetBefore));
  return revoked.length;
}

/** Claims at most `limit` hosts with something due that are free, until `until`. */
export async function claimHosts(db: Db, now: number, until: number, limit: number): Promise<string[]> {
  const due = db.$with('due').as(
    db
      .select({ host: accountHosts.host })
      .from(accountHosts)
      .where(and(lte(accountHosts.dueAt, now), lte(accountHosts.freeAt, now)))
      .orderBy(asc(accountHosts.dueAt))
      .limit(limit)
      .for('update', { skipLocked: true }),
  );
  const claimed = await db
    .with(due)
    .update(accountHosts)
    .set({ freeAt: until })
    .from(due)
    .where(eq(accountHosts.host, due.host))
    .returning({ host: accountHosts.host });
  return claimed.map(({ host }) => host);
}

/** Claims due accounts on hosts this instance holds, at most `most` on each, the longest due first. */
export async function claimAccounts(
  db: Db,
  hosts: readonly { readonly host: string; readonly most: number }[],
  now: number,
  until: number,
): Promise<CheckedAccount[]> {
  const names = textList(hosts.map(({ host }) => host));
  const counts = numberList(hosts.map(({ most }) => most));
  // A common table expression, for its rows are locked: it runs once.
  const due = db.$with('due').as(
    db.select({ chain: sql<Uint8Array>`k.chain`.as('due_chain'), link: sql<Uint8Array>`k.link`.as('due_link') }).from(
      sql`unnest(${names}, ${counts}) as h(host, most), lateral (select c.chain, c.link from account_checks c
          where c.host = h.host and c.next_at <= ${now} order by c.next_at limit h.most for update skip locked) k`,
    ),
  );
  return await db
    .with(due)
    .update(accountChecks)
    .set({ nextAt: until })
    .from(due)
    .where(and(eq(accountChecks.chain, due.chain), eq(accountChecks.link, due.link)))
    .returning(getTableColumns(accountChecks));
}

/** What a look leaves in its row. */
export type Settled = Pick<
  Row,
  | 'chain'
  | 'link'
  | 'nextAt'
  | 'failures'
  | 'state'
  | 'reason'
  | 'checkedAt'
  | 'answer'
  | 'answerReason'
  | 'answeredAt'
  | 'firstOkAt'
  | 'rules'
  | 'etag'
>;

/** What a visit leaves of its host. */
export interface SettledHost {
  readonly host: string;
  readonly freeAt: number;
  readonly failures: number;
}

/** Ends claims that were made until `until`; of a claim that ran out meanwhile, what was seen is another's to say. */
export async function settleAccounts(
  db: Db,
  accounts: readonly Settled[],
  hosts: readonly SettledHost[],
  until: number,
): Promise<void> {
  const words = (pick: (row: Settled) => string | null) => textList(accounts.map((row) => pick(row) ?? ''));
  const numbers = (pick: (row: Settled) => number | null) => numberList(accounts.map((row) => pick(row) ?? undefined));
  await db.transaction(async (tx) => {
    await tx.execute(sql`update account_checks c set next_at = s.next_at, failures = s.failures, state = s.state,
        reason = nullif(s.reason, ''), checked_at = s.checked_at, answer = nullif(s.answer, ''),
        answer_reason = nullif(s.answer_reason, ''), answered_at = s.answered_at, first_ok_at = s.first_ok_at,
        rules = s.rules, etag = nullif(s.etag, '')
      from unnest(${octetList(accounts.map(({ chain }) => chain))}, ${octetList(accounts.map(({ link }) => link))},
        ${numbers((row) => row.nextAt)}, ${numbers((row) => row.failures)}, ${words((row) => row.state)},
        ${words((row) => row.reason)}, ${numbers((row) => row.checkedAt)}, ${words((row) => row.answer)},
        ${words((row) => row.answerReason)}, ${numbers((row) => row.answeredAt)}, ${numbers((row) => row.firstOkAt)},
        ${numbers((row) => row.rules)}, ${words((row) => row.etag)})
        as s(chain, link, next_at, failures, state, reason, checked_at, answer, answer_reason, answered_at, first_ok_at, rules, etag)
      where c.chain = s.chain and c.link = s.link and c.next_at = ${until} and c.revoked_at is null`);
    // A host nobody has an account on any more is due never.
    await tx.execute(sql`update account_hosts h set free_at = s.free_at, failures = s.failures,
        due_at = coalesce((select min(c.next_at) from account_checks c where c.host = h.host and c.next_at is not null), 9e15::bigint)
      from unnest(${textList(hosts.map(({ host }) => host))}, ${numberList(hosts.map(({ freeAt }) => freeAt))},
        ${numberList(hosts.map(({ failures }) => failures))}) as s(host, free_at, failures)
      where h.host = s.host and h.free_at = ${until}`);
  });
}

/** Gives accounts back that were claimed and not looked at. */
export async function releaseAccounts(
  db: Db,
  accounts: readonly CheckedAccount[],
  now: number,
  until: number,
): Promise<void> {
  if (accounts.length === 0) return;
  const ids = sql`(select * from unnest(${octetList(accounts.map(({ chain }) => chain))}, ${octetList(accounts.map(({ link }) => link))}))`;
  await db
    .update(accountChecks)
    .set({ nextAt: now })
    .where(and(sql`(${accountChecks.chain}, ${accountChecks.link}) in ${ids}`, eq(accountChecks.nextAt, until)));
}

/** How many hosts were asked in vain before, of those named. */
export async function findHostFailures(db: Db, hosts: readonly string[]): Promise<Map<string, number>> {
  const rows = await db
    .select({ host: accountHosts.host, failures: accountHosts.failures })
    .from(accountHosts)
    .where(inArray(accountHosts.host, [...hosts]));
  return new Map(rows.map(({ host, failures }) => [host, failures]));
}

/** What one chain claims, what was seen of it, or both. */
export interface Seen {
  /** Null where the chain has given the account up. */
  readonly claimed: Pick<Row, 'service' | 'account' | 'place' | 'link'> | null;
  /** Null where nobody follows the account yet, or ever. */
  readonly check: CheckedAccount | null;
}

/** Every account that one chain claims, and every one that was followed; in no order. */
export async function findChecks(db: Db, chain: Uint8Array): Promise<Seen[]> {
  const { service, account, place, link } = chainAccounts;
  // Each side by its own index: a condition on the joined rows would read both tables whole.
  const claimed = db
    .select({ service, account, place, link })
    .from(chainAccounts)
    .where(eq(chainAccounts.chain, chain))
    .as('claimed');
  const check = db.select().from(accountChecks).where(eq(accountChecks.chain, chain)).as('check');
  return await db.select().from(claimed).fullJoin(check, eq(check.link, claimed.link));
}

/** How many accounts are in each state, and how many are due. */
export async function countAccounts(
  db: Db,
  now: number,
): Promise<{ states: ReadonlyMap<string, number>; due: number }> {
  const rows = await db
    .select({
      state: accountChecks.state,
      count: sql<number>`count(*)::int`,
      due: sql<number>`count(*) filter (where ${accountChecks.nextAt} <= ${now})::int`,
    })
    .from(accountChecks)
    .groupBy(accountChecks.state);
  return {
    states: new Map(rows.map(({ state, count }) => [state, count])),
    due: rows.reduce((sum, { due }) => sum + due, 0),
  };
}
