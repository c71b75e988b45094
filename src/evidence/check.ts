// Is the account on the other service theirs (§9.3)? Claimed account, author as the service names him, and his statement: all
// three or not at all. Only a service's own answer makes a claim fail.
import { isImported, isService, type AccountClaim } from '../protocol/account.ts';
import { registrableDomain } from '../protocol/domain.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { findOnActivityPub } from './activitypub.ts';
import type { EvidenceContext, FindStatement, LinkedClaim } from './ask.ts';
import { findOnBluesky } from './bluesky.ts';
import { findInDns } from './dns.ts';
import { findOnGithub } from './github.ts';
import { findOnGitlab } from './gitlab.ts';
import { findOnHackernews } from './hackernews.ts';
import { hasMarker } from './marker.ts';
import { findOnMatrix } from './matrix.ts';
import { EVIDENCE_RULES, UNREACHABLE, type Finding, type UnreachableReason, type Verdict } from './verdict.ts';
import { findOnWebsite } from './website.ts';

interface Row {
  readonly find: FindStatement;
  /** Whom looking burdens: limits per host count by it. Undefined: the registrable domain the account is on. */
  readonly host?: string;
  /** Most of the questions go to a server of the account's own: its silence is not that of the host. */
  readonly alone?: true;
}

const ROWS: Partial<Record<AccountClaim['service'], Row>> = {
  dns: { find: findInDns },
  https: { find: findOnWebsite },
  github: { find: findOnGithub, host: 'api.github.com' },
  gitlab: { find: findOnGitlab, host: 'gitlab.com' },
  activitypub: { find: findOnActivityPub },
  matrix: { find: findOnMatrix },
  bluesky: { find: findOnBluesky, host: 'plc.directory', alone: true },
  hackernews: { find: findOnHackernews, host: 'hacker-news.firebaseio.com' },
};

/** Services that are looked at. */
export const CHECKED_SERVICES: readonly string[] = Object.keys(ROWS);

/** Whether an account that cannot be reached says nothing about others on its host. */
export const isAlone = (service: string): boolean => isService(service) && ROWS[service]?.alone === true;

/** Whom looking at an account burdens; undefined for what is not looked at but imported. */
export function hostOf({ service, account, where }: AccountClaim): string | undefined {
  const row = ROWS[service];
  if (row === undefined || isImported(service)) return undefined;
  if (row.host !== undefined && where?.startsWith('at://did:web:') !== true) return row.host;
  return registrableDomain(account.slice(Math.max(account.lastIndexOf('@'), account.indexOf(':')) + 1));
}

/** Looks; the verdict tells no more than what the service said. `claim.etag` may spare the service an answer. */
export async function checkAccount(claim: LinkedClaim, ctx: EvidenceContext): Promise<Verdict | 'unchanged'> {
  const find = ROWS[claim.service]?.find;
  if (find === undefined) throw new WhereaboutsError('account-invalid', 'an import is checked by its own documents');
  try {
    const finding = await find(claim, ctx);
    return finding === 'unchanged' ? finding : { ...judge(claim, finding), ...looked(ctx) };
  } catch (error) {
    if (!(error instanceof WhereaboutsError) || error.code !== 'peer-unreachable') throw error;
    const { reason, retryAfter } = error.extensions;
    return {
      state: 'unreachable',
      reason: isUnreachable(reason) ? reason : 'host-silent',
      ...(typeof retryAfter === 'number' ? { retryAfterSeconds: retryAfter } : {}),
      ...looked(ctx),
    };
  }
}

const looked = ({ clock, checker }: EvidenceContext) => ({
  checkedAt: Math.floor(clock() / 1000),
  rules: EVIDENCE_RULES,
  checker,
});

const isUnreachable = (reason: unknown): reason is UnreachableReason =>
  typeof reason === 'string' && Object.hasOwn(UNREACHABLE, reason);

function judge({ account, link }: LinkedClaim, finding: Exclude<Finding, 'unchanged'>) {
  if ('none' in finding) return { state: 'failed', reason: finding.none } as const;
  const etag = finding.etag === undefined ? {} : { etag: finding.etag };
  if (finding.author !== account) return { state: 'failed', reason: 'author-differs', ...etag } as const;
  if (!finding.texts.some((text) => hasMarker(text, link)))
    return { state: 'failed', reason: 'statement-missing', ...etag } as const;
  return { state: 'ok', ...etag } as const;
}
