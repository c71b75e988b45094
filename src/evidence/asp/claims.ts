// Claims of an Ariadne profile: URIs, of which some are accounts of this protocol's services. Looks at nothing behind them.
import type { AccountClaim } from '../../protocol/account.ts';
import { findAccount, type Foreign, type Offered } from '../offer.ts';

/** What a claim may be a URI of. Others are refused rather than shown: `javascript:` and its like are made to be clicked. */
const SCHEMES = /^(?:https|http|dns|openpgp4fpr|aspe|xmpp|matrix|ircs|irc):/i;
const MOST_OCTETS = 512;

export function isClaim(uri: string): boolean {
  return uri.length <= MOST_OCTETS && /^[\x21-\x7e]+$/.test(uri) && SCHEMES.test(uri) && URL.canParse(uri);
}

/** Anchored on both sides: what is behind a `#` or before an `@` names nobody. */
const PATTERNS: readonly {
  readonly pattern: RegExp;
  readonly read: (first: string, second: string) => AccountClaim | undefined;
}[] = [
  {
    pattern: /^https:\/\/gist\.github\.com\/([^/?#]+)\/([0-9a-f]+)\/?$/i,
    read: (user, gist) => findAccount('github', user, gist),
  },
  { pattern: /^https:\/\/gitlab\.com\/([^/?#]+)\/?$/i, read: (user) => findAccount('gitlab', user) },
  {
    pattern: /^https:\/\/news\.ycombinator\.com\/user\?id=([A-Za-z0-9_-]+)$/i,
    read: (user) => findAccount('hackernews', user),
  },
  {
    pattern: /^https:\/\/([^/?#@]+)\/@([^/?#@]+)\/?$/i,
    read: (host, user) => findAccount('activitypub', `@${user}@${host}`),
  },
  { pattern: /^dns:([^?#/]+)(?:\?type=TXT)?$/i, read: (domain) => findAccount('dns', domain) },
  { pattern: /^matrix:u\/([^?#/]+)(?:\?[^#]*)?$/i, read: (user) => findAccount('matrix', `@${user}`) },
  { pattern: /^(aspe:[^?#/]+)$/i, read: (uri) => findAccount('asp', uri.toLowerCase()) },
];

/** Claims as accounts where this protocol has the service; a claim made twice is one. */
export function readClaims(claims: readonly string[]): { accounts: Offered[]; foreign: Foreign[] } {
  const [accounts, foreign]: [Offered[], Foreign[]] = [[], []];
  for (const uri of new Set(claims)) {
    const account = findClaim(uri);
    if (account === undefined) foreign.push({ service: uri.slice(0, uri.indexOf(':')).toLowerCase(), account: uri });
    else accounts.push({ ...account, statement: uri });
  }
  return { accounts, foreign };
}

function findClaim(uri: string): AccountClaim | undefined {
  for (const { pattern, read } of PATTERNS) {
    const [, first, second = ''] = pattern.exec(uri) ?? [];
    if (first !== undefined) return read(first, second);
  }
  return undefined;
}
