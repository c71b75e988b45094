// What a chain says as a person reads it, and what is to be posted where to prove an account (§9.3).
import type { ReadVerdict } from '../../../client/cited-chains.ts';
import type { FoundChain } from '../../../client/chain.ts';
import type { Verdict } from '../../../evidence/verdict.ts';
import { formatTime } from '../../../protocol/answer.ts';
import { isImported, type AccountClaim } from '../../../protocol/account.ts';
import { proofMarker } from '../../../protocol/chain/names.ts';
import type { IndexEntry } from '../../../protocol/chain/sealed-index.ts';
import type { ChainAccount } from '../../../protocol/chain/state.ts';
import type { Screen } from './screen.ts';

type Style = Screen['style'];

/** Where the marker has to stand, by service. */
const PLACES: Partial<Record<AccountClaim['service'], (claim: AccountClaim) => string>> = {
  dns: ({ account }) => `a TXT record of _whereabouts.${account}`,
  https: ({ account }) => `the file https://${account}/.well-known/whereabouts-proof.txt, as text/plain`,
  github: ({ where = '' }) => `your public gist ${where}: edit it, any file of it will do`,
  gitlab: ({ where }) =>
    where === undefined ? 'the biography of your profile on gitlab.com' : `your public personal snippet ${where}`,
  activitypub: ({ where }) =>
    where === undefined ? 'the text or a field of your profile' : `your public note ${where}: edit it`,
  matrix: ({ where }) =>
    where === undefined
      ? 'your display name'
      : `your message ${where}: edits do not count, so only a new one can hold it`,
  bluesky: ({ where = '' }) => `your profile or post ${where}`,
  hackernews: () => 'the “about” of your profile',
};

/** What its owner has to do about an account that was just claimed. */
export function formatInstructions(account: ChainAccount, { style }: Screen): string {
  const place = PLACES[account.service]?.(account);
  if (place === undefined || isImported(account.service))
    return 'Nothing to post: this account is proved by its own documents (whereabouts chain import).';
  return [`Put this word, by itself, into ${place}:`, '', `  ${style('bold', proofMarker(account.link))}`, ''].join(
    '\n',
  );
}

/** The whole chain; `opened` are entries of its index that were sealed. */
export function formatChain(
  { state, links, epoch, asOf, witnesses }: FoundChain,
  { accounts, opened }: { readonly accounts: readonly string[]; readonly opened: readonly IndexEntry[] },
  style: Style,
): string {
  const { id, keys, removed, names, index, ended } = state;
  return [
    `${style('bold', id)}${ended ? `  ${style('red', 'ended')}` : ''}`,
    style('dim', `  ${links.length} links, epoch ${epoch} of ${formatTime(asOf / 1000)}, ${witnesses} witnesses`),
    ...Array.from(keys.keys(), (jkt) => `  key      ${jkt}`),
    ...Array.from(removed, (jkt) => style('dim', `  removed  ${jkt}`)),
    ...accounts.map((line) => `  ${line}`),
    ...names.map(
      ({ directory, proof }) => `  name     one in ${directory}: it shows to who knows it  ${style('dim', proof)}`,
    ),
    ...Object.entries(index.index).map(([definition, { ref }]) => `  index    ${definition}  ${ref}`),
    ...opened.map(({ definition, ref }) => `  sealed   ${definition}  ${ref}`),
    ...(index.sealed.length > opened.length ? [formatClosed(index.sealed.length - opened.length)] : []),
  ].join('\n');
}

const formatClosed = (count: number): string =>
  `  sealed   ${count} not opened: for who knows an identifier of its owner’s (--knows)`;

/** One account with what was seen there. */
export function formatAccount({ service, account }: ChainAccount, seen: Seen | undefined, style: Style): string {
  const { state = 'unreachable', reason, checkedAt, checker } = seen ?? {};
  const colour = state === 'ok' ? 'green' : state === 'failed' ? 'red' : 'yellow';
  const said = `${style(colour, state)}${reason === undefined ? '' : ` (${reason})`}`;
  const when = checkedAt === undefined ? 'not looked at yet' : `looked at ${checkedAt} by ${checker ?? ''}`;
  return `account  ${service}:${account}  ${said}, ${when}`;
}

/** A verdict, by whomever; the time in RFC 3339. */
export interface Seen {
  readonly state: ReadVerdict['state'];
  readonly reason?: string;
  readonly checkedAt?: string;
  readonly checker: string;
}

/** What a directory says, and what this program saw itself. */
export const seenByDirectory = ({ state, reason, checkedAt }: ReadVerdict, checker: string): Seen => ({
  state,
  checker,
  ...(reason === undefined ? {} : { reason }),
  ...(checkedAt === undefined ? {} : { checkedAt }),
});

export const seenBySelf = (verdict: Verdict): Seen => ({
  state: verdict.state,
  checker: 'yourself',
  checkedAt: formatTime(verdict.checkedAt),
  ...('reason' in verdict ? { reason: verdict.reason } : {}),
});
