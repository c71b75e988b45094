// Looking at claimed accounts (§9.3), by any instance: hosts with something due are visited side by side, accounts on one host one
// after the other, within its pace. A claim lasts a minute: who dies in a visit has put it off by that.
import type { EvidenceContext, ServiceTokens } from '../../evidence/ask.ts';
import { checkAccount, CHECKED_SERVICES, hostOf, isAlone } from '../../evidence/check.ts';
import { EVIDENCE_RULES, type Verdict } from '../../evidence/verdict.ts';
import { parseClaim } from '../../protocol/account.ts';
import { formatB64u } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import * as store from '../store/accounts.ts';
import { paceOf, restOf, settle } from './account-schedule.ts';

export interface AccountsContext extends Pick<
  DirectoryContext,
  'db' | 'clock' | 'random' | 'log' | 'metrics' | 'domain' | 'fetch'
> {
  readonly resolveTxt: EvidenceContext['resolveTxt'];
  readonly tokens?: ServiceTokens | undefined;
}

/** Hosts visited side by side, and accounts taken up in one go. */
const HOSTS = 64;
const NEW = 1_000;

const SECOND = 1_000;
/** How long a claim holds: no visit goes on for longer. */
const LEASE = 120 * SECOND;
/** A visit takes up no further account after this. */
const VISIT = 60 * SECOND;
/** A run takes up no further hosts after this; another instance, or the next run, goes on. */
const PATIENCE = 50 * SECOND;
/** How long it can be seen that an account was revoked. */
const FORGET = 30 * 86_400 * SECOND;

/** Takes up what chains claim by now, and lets go of what they claim no more. */
export async function followChains(ctx: Pick<AccountsContext, 'db' | 'clock' | 'log'>): Promise<void> {
  const now = ctx.clock();
  const revoked = await store.revokeAccounts(ctx.db, now, now - FORGET);
  let followed = 0;
  for (;;) {
    const found = await store.findNewAccounts(ctx.db, CHECKED_SERVICES, NEW);
    const accounts = found.flatMap((row) => {
      const host = hostOf(claimOf(row));
      return host === undefined ? [] : [{ ...row, host }];
    });
    await store.followAccounts(ctx.db, accounts, now);
    followed += accounts.length;
    if (accounts.length < NEW) break;
  }
  if (followed + revoked > 0) ctx.log.info('accounts-followed', { followed, revoked });
}

/** Looks at what is due, host by host, until nothing is or time is up. On `signal` no more is taken up. Gives how many. */
export async function checkAccounts(ctx: AccountsContext, signal?: AbortSignal): Promise<number> {
  const end = ctx.clock() + PATIENCE;
  let checked = 0;
  const isOver = (): boolean => signal?.aborted === true || ctx.clock() > end;
  while (!isOver()) {
    const now = ctx.clock();
    const until = now + LEASE;
    const hosts = await store.claimHosts(ctx.db, now, until, HOSTS);
    if (hosts.length === 0) break;
    checked += await visitAll(ctx, hosts, now, until);
  }
  if (checked > 0) ctx.log.info('accounts-checked', { checked });
  return checked;
}

async function visitAll(ctx: AccountsContext, hosts: readonly string[], now: number, until: number): Promise<number> {
  const has = { github: ctx.tokens?.github !== undefined };
  const paces = hosts.map((host) => ({ host, ...paceOf(host, has) }));
  const [claimed, failures] = await Promise.all([
    store.claimAccounts(ctx.db, paces, now, until),
    store.findHostFailures(ctx.db, hosts),
  ]);
  const visits = await Promise.all(
    paces.map(async (pace) => {
      const accounts = claimed.filter(({ host }) => host === pace.host);
      const visit = await visitHost(ctx, accounts);
      const { rest, failures: count } = restOf(pace, failures.get(pace.host) ?? 0, visit.silence);
      // Who is left alone for a second is not asked sooner because a visit took long.
      return { ...visit, host: { host: pace.host, freeAt: ctx.clock() + rest, failures: count } };
    }),
  );
  // Given back first: the host's next account is found among them.
  await store.releaseAccounts(
    ctx.db,
    visits.flatMap(({ left }) => left),
    now,
    until,
  );
  const settled = visits.flatMap((visit) => visit.settled);
  await store.settleAccounts(
    ctx.db,
    settled,
    visits.map(({ host }) => host),
    until,
  );
  return settled.length;
}

interface Visit {
  readonly settled: store.Settled[];
  readonly left: store.CheckedAccount[];
  /** The host itself did not answer: the others on it are left for later. */
  readonly silence: { readonly retryAfterSeconds: number | undefined } | undefined;
}

async function visitHost(ctx: AccountsContext, accounts: readonly store.CheckedAccount[]): Promise<Visit> {
  const settled: store.Settled[] = [];
  const end = ctx.clock() + VISIT;
  for (const [at, row] of accounts.entries()) {
    if (ctx.clock() > end) return { settled, left: accounts.slice(at), silence: undefined };
    const verdict = await look(ctx, row);
    const after = settle(row, verdict, ctx.clock(), spreadOf(ctx));
    settled.push(after);
    ctx.metrics.count('account_checks_total', { service: row.service, state: after.state });
    const silence = silenceOf(row, verdict);
    if (silence !== undefined) return { settled, left: accounts.slice(at + 1), silence };
  }
  return { settled, left: [], silence: undefined };
}

const claimOf = ({ service, account, place }: Pick<store.CheckedAccount, 'service' | 'account' | 'place'>) =>
  parseClaim({ service, account, where: place ?? undefined });

async function look(ctx: AccountsContext, row: store.CheckedAccount): Promise<Verdict | 'unchanged'> {
  const { fetch, resolveTxt, clock, domain, tokens } = ctx;
  // Under other rules the same answer may mean something else.
  const etag = row.rules === EVIDENCE_RULES && row.etag !== null ? { etag: row.etag } : {};
  const claim = { ...claimOf(row), ...etag, link: formatB64u(row.link) };
  return await checkAccount(claim, {
    fetch,
    resolveTxt,
    clock,
    checker: domain,
    ...(tokens === undefined ? {} : { tokens }),
  });
}

/** Whether the host as a whole keeps silent: not where each account brings a server of its own, which would silence all. */
function silenceOf({ service }: store.CheckedAccount, verdict: Verdict | 'unchanged'): Visit['silence'] {
  if (verdict === 'unchanged' || verdict.state !== 'unreachable' || isAlone(service)) return undefined;
  const isHosts = ['rate-limited', 'service-error', 'host-silent'].includes(verdict.reason);
  return isHosts ? { retryAfterSeconds: verdict.retryAfterSeconds } : undefined;
}

/** Between 0 and 1: times of re-checks, and so of load, do not gather. */
function spreadOf({ random }: AccountsContext): number {
  const octets = random(4);
  return new DataView(octets.buffer, octets.byteOffset).getUint32(0) / 2 ** 32;
}
