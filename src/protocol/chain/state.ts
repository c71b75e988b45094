// What a chain says after each of its links (§9.2): which keys, accounts and names live. Pure: one link after the other, each
// accepted or refused with its reason; signatures are link.ts's.
import type { AccountClaim } from '../account.ts';
import { LIMITS } from '../limits.ts';
import { thumbprint, type TemporaryJwk } from '../token/temporary-key.ts';
import { EMPTY_INDEX, type ChainIndex } from './index-entries.ts';
import type { Action, ChainName, Link } from './link.ts';
import { refusal, type ChainReason } from './reasons.ts';

/** An account that the chain claims, and the link that does: a post has to name it. */
export interface ChainAccount extends AccountClaim {
  /** b64u SHA-256 of the link. */
  readonly link: string;
  readonly seq: number;
  /** Of the link, in seconds. */
  readonly claimedAt: number;
}

export interface ChainState {
  /** b64u SHA-256 of the first link. */
  readonly id: string;
  /** Of the newest link, b64u, and its number. */
  readonly tip: string;
  readonly seq: number;
  /** Of all links joined by LF. */
  readonly octets: number;
  /** The latest time of any link, in seconds. */
  readonly latest: number;
  /** Live keys by thumbprint, in the order they came. */
  readonly keys: ReadonlyMap<string, TemporaryJwk>;
  /** Thumbprints of keys that were removed: none comes back. */
  readonly removed: ReadonlySet<string>;
  readonly accounts: readonly ChainAccount[];
  readonly names: readonly ChainName[];
  readonly index: ChainIndex;
  readonly ended: boolean;
}

/** The state after one more link; throws `chain-invalid` with the reason. `before` is undefined for the first. */
export function applyLink(before: ChainState | undefined, link: Link): ChainState {
  if (before === undefined) return begin(link);
  const { action, seq } = link;
  const refuse = (reason: ChainReason) => refusal(reason, before.seq + 1);
  if (before.ended) throw refuse('ended');
  if (action.type === 'start') throw refuse('first-link');
  if (link.chain !== before.id) throw refuse('other-chain');
  if (seq !== before.seq + 1) throw refuse('seq-wrong');
  if (link.prev !== before.tip) throw refuse('prev-wrong');
  if (!before.keys.has(link.jws.jkt)) throw refuse(before.removed.has(link.jws.jkt) ? 'key-removed' : 'key-unknown');
  // Against the latest of all, else many links, each a little before the last, would lead back.
  if (link.iat < before.latest - LIMITS.clockSkewSeconds) throw refuse('time-back');
  const octets = before.octets + 1 + link.token.length;
  // Whoever has filled his chain can still end it.
  const kept = action.type === 'end' ? { links: 0, octets: 0 } : { links: 1, octets: LIMITS.tokenOctets + 1 };
  if (seq + 1 > LIMITS.chainLinks - kept.links || octets > LIMITS.chainOctets - kept.octets) throw refuse('links-full');
  const after = { ...before, ...act(before, action, refuse, link) };
  return { ...after, tip: link.hash, seq, octets, latest: Math.max(before.latest, link.iat) };
}

function begin({ action, seq, hash, token, iat, jws }: Link): ChainState {
  if (action.type !== 'start') throw refusal('first-link', 0);
  if (seq !== 0) throw refusal('seq-wrong', 0);
  const keys = new Map([[jws.jkt, jws.jwk]]);
  const empty = { removed: new Set<string>(), accounts: [], names: [], index: EMPTY_INDEX, ended: false };
  return { ...empty, id: hash, tip: hash, seq, octets: token.length, latest: iat, keys };
}

type Changes = Partial<Pick<ChainState, 'keys' | 'removed' | 'accounts' | 'names' | 'index' | 'ended'>>;

type Refuse = (reason: ChainReason) => Error;
type Act<T> = (before: ChainState, action: Action & { readonly type: T }, refuse: Refuse, link: Link) => Changes;

const ACTS: { readonly [T in Action['type']]: Act<T> } = {
  start: (_before, _action, refuse) => {
    throw refuse('first-link');
  },
  'add-key': ({ keys, removed }, { key }, refuse) => {
    const jkt = thumbprint(key);
    if (removed.has(jkt)) throw refuse('key-again');
    if (keys.has(jkt)) throw refuse('key-there');
    if (keys.size >= LIMITS.chainKeys) throw refuse('keys-full');
    return { keys: new Map([...keys, [jkt, key]]) };
  },
  'remove-key': ({ keys, removed }, { key }, refuse) => {
    if (!keys.has(key)) throw refuse('key-absent');
    if (keys.size === 1) throw refuse('key-last');
    return { keys: new Map([...keys].filter(([jkt]) => jkt !== key)), removed: new Set([...removed, key]) };
  },
  'add-account': ({ accounts }, { service, account, where }, refuse, { hash, seq, iat }) => {
    const claim = { service, account, ...(where === undefined ? {} : { where }) };
    if (accounts.some(isAccount(claim))) throw refuse('account-there');
    if (accounts.length >= LIMITS.chainAccounts) throw refuse('accounts-full');
    return { accounts: [...accounts, { ...claim, link: hash, seq, claimedAt: iat }] };
  },
  'remove-account': ({ accounts }, claim, refuse) => {
    if (!accounts.some(isAccount(claim))) throw refuse('account-absent');
    return { accounts: accounts.filter((one) => !isAccount(claim)(one)) };
  },
  'add-name': ({ names }, { directory, proof }, refuse) => {
    if (names.some(isName({ directory, proof }))) throw refuse('name-there');
    if (names.length >= LIMITS.chainNames) throw refuse('names-full');
    return { names: [...names, { directory, proof }] };
  },
  'remove-name': ({ names }, name, refuse) => {
    if (!names.some(isName(name))) throw refuse('name-absent');
    return { names: names.filter((one) => !isName(name)(one)) };
  },
  'set-index': (_before, { index, sealed }) => ({ index: { index, sealed } }),
  // What a chain said before its end it says no more.
  end: ({ keys, removed }) => ({
    keys: new Map(),
    removed: new Set([...removed, ...keys.keys()]),
    accounts: [],
    names: [],
    index: EMPTY_INDEX,
    ended: true,
  }),
};

/** The one place where an action meets the row of its type. */
function act<T extends Action['type']>(
  before: ChainState,
  action: Action & { readonly type: T },
  refuse: Refuse,
  link: Link,
): Changes {
  const perform: Act<T> = ACTS[action.type];
  return perform(before, action, refuse, link);
}

type Named = Pick<AccountClaim, 'service' | 'account'>;

const isAccount = (one: Named) => (other: Named) => one.service === other.service && one.account === other.account;
const isName = (one: ChainName) => (other: ChainName) => one.directory === other.directory && one.proof === other.proof;
