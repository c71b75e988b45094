// A look of one's own at an account that a chain claims (§9.3), for who would rather not take the directory's word. Whoever runs
// the service sees that somebody looked; a passive look asks nobody whom the account's owner may be.
import type { LinkedClaim } from '../evidence/ask.ts';
import { checkAccount } from '../evidence/check.ts';
import { createTxtOverHttps } from '../evidence/dns-over-https.ts';
import { createSafeFetch, type Transport } from '../evidence/safe-fetch.ts';
import type { Verdict } from '../evidence/verdict.ts';
import { isImported, isSelfHosted } from '../protocol/account.ts';

export interface LookOptions {
  /** Connects to public addresses only (§8.1): the one thing that keeps a claim from naming a machine of the caller's. */
  readonly transport: Transport;
  /** A resolver that serves DNS as JSON over HTTPS, for `dns` and `bluesky` accounts. */
  readonly dns?: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The look is not the user's own wish, but follows from a message that came: services their owners may run are left out. */
  readonly passive?: boolean;
}

const DNS = 'https://cloudflare-dns.com/dns-query';

/** What is seen; undefined where nobody was asked: an import, or a self-hosted service and a passive look. Throws for no silence. */
export async function lookAtAccount(claim: LinkedClaim, options: LookOptions): Promise<Verdict | undefined> {
  const { transport, clock, dns = DNS, passive = false } = options;
  if (isImported(claim.service) || (passive && isSelfHosted(claim.service))) return undefined;
  const fetch = createSafeFetch(transport, { sandbox: false });
  const resolveTxt = createTxtOverHttps(fetch, clock, dns);
  const { service, account, where, link } = claim;
  // Nothing is remembered here that could be unchanged: no entity tag goes along.
  const asked = { service, account, link, ...(where === undefined ? {} : { where }) };
  const verdict = await checkAccount(asked, { fetch, resolveTxt, clock, checker: 'self' });
  return verdict === 'unchanged' ? undefined : verdict;
}
