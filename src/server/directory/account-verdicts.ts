// What a directory tells of the accounts of a chain (§9.3). Its own word, beside the links: the log does not cover it.
import { formatTime } from '../../protocol/answer.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { formatB64u } from '../../protocol/wire.ts';
import type { Clock } from '../context.ts';
import { findChecks, type CheckedAccount, type Seen } from '../store/accounts.ts';
import type { Db } from '../store/database.ts';

/** One account and what was last seen of it; times in RFC 3339, whole seconds. */
export interface AccountVerdict {
  readonly service: string;
  readonly account: string;
  readonly where?: string;
  /** The link that claims it. */
  readonly link: string;
  /** `ok`, `failed`, `unreachable` or `revoked`. */
  readonly state: string;
  readonly reason?: string;
  readonly checkedAt?: string;
  /** While nobody can look: the last answer there was. */
  readonly answer?: string;
  readonly answeredAt?: string;
  readonly firstOkAt?: string;
  /** There has been no answer for 7 days. */
  readonly stale?: true;
  readonly rules: number;
  readonly checker: string;
}

/** Of every account of a chain, those it has given up included and those nobody has looked at; in the order of their names. */
export async function readVerdicts(
  ctx: { readonly db: Db; readonly clock: Clock; readonly domain: string },
  chain: Uint8Array,
): Promise<AccountVerdict[]> {
  const seen = await findChecks(ctx.db, chain);
  const verdicts = seen.map((one) => ({ ...judge(one, ctx.clock()), checker: ctx.domain }));
  return verdicts.toSorted((a, b) => (a.service + a.account + a.link < b.service + b.account + b.link ? -1 : 1));
}

const timeOf = (milliseconds: number): string => formatTime(milliseconds / 1000);

type Judged = Omit<AccountVerdict, 'checker'>;

/** The chain says what is claimed; the next look at the accounts, which writes the same into the row, may be a while away. */
function judge({ claimed, check }: Seen, now: number): Judged {
  if (check !== null && claimed !== null) return verdictOf(check, now);
  if (check !== null) return verdictOf({ ...check, state: 'revoked', reason: null }, now);
  if (claimed === null) throw new Error('neither claimed nor checked');
  return { ...accountOf(claimed), state: 'unreachable', reason: 'unchecked', rules: UNCHECKED_RULES };
}

/** By no version of the rules: nobody has looked. */
const UNCHECKED_RULES = 0;

const accountOf = ({ service, account, place, link }: NonNullable<Seen['claimed']>) => ({
  service,
  account,
  ...(place === null ? {} : { where: place }),
  link: formatB64u(link),
});

function verdictOf(row: CheckedAccount, now: number): Judged {
  const { state, reason, checkedAt, answer, answeredAt, firstOkAt, rules } = row;
  const isStale =
    state === 'unreachable' && answeredAt !== null && now - answeredAt > LIMITS.evidenceStaleSeconds * 1_000;
  return {
    ...accountOf(row),
    state,
    ...(reason === null ? {} : { reason }),
    ...(checkedAt === null ? {} : { checkedAt: timeOf(checkedAt) }),
    ...(state === 'unreachable' && answer !== null ? { answer } : {}),
    ...(answeredAt === null ? {} : { answeredAt: timeOf(answeredAt) }),
    ...(firstOkAt === null ? {} : { firstOkAt: timeOf(firstOkAt) }),
    ...(isStale ? { stale: true as const } : {}),
    rules,
  };
}
