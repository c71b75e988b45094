// Makes links (§9.1): the next one of a chain, signed by a key the caller keeps. What the chain would refuse is not signed.
import { signAsHolder } from '../token/jws.ts';
import type { TemporaryKey } from '../token/temporary-key.ts';
import type { Account, AccountClaim } from '../account.ts';
import type { ChainIndex } from './index-entries.ts';
import { parseLink, type ChainName } from './link.ts';
import { signReverse } from './reverse.ts';
import { applyLink, type ChainState } from './state.ts';

/** What a link is to do. A key is added by itself: it signs too. */
export type NewAction =
  | { readonly type: 'add-key'; readonly key: TemporaryKey }
  | { readonly type: 'remove-key'; readonly key: string }
  | ({ readonly type: 'add-account' } & AccountClaim)
  | { readonly type: 'remove-account'; readonly service: AccountClaim['service']; readonly account: Account }
  | ({ readonly type: 'add-name' | 'remove-name' } & ChainName)
  | ({ readonly type: 'set-index' } & ChainIndex)
  | { readonly type: 'end' };

/** When it is signed (seconds), and 16 fresh random octets in b64u. */
export interface Signing {
  readonly iat: number;
  readonly nonce: string;
}

/** The first link of a new chain. */
export const signStart = ({ iat, nonce }: Signing, key: TemporaryKey): Promise<string> =>
  signAsHolder('link', { version: 1, seq: 0, iat, type: 'start', nonce }, key);

/** The next link of the chain that `state` is of; throws `chain-invalid` where the chain would not take it. */
export async function signLink(
  state: ChainState,
  action: NewAction,
  { iat, nonce }: Signing,
  key: TemporaryKey,
): Promise<string> {
  const { id: chain, tip: prev, seq } = state;
  const { type, ...members } = action;
  const common = { version: 1, chain, seq: seq + 1, prev, iat, type, nonce };
  const claims =
    action.type === 'add-key' ? await addReverse(common, action.key) : { ...common, ...bare({ ...members }) };
  const token = await signAsHolder('link', claims, key);
  applyLink(state, parseLink(token));
  return token;
}

async function addReverse(common: object, key: TemporaryKey): Promise<object> {
  const claims = { ...common, key: key.jwk, reverse: '' };
  return { ...claims, reverse: await signReverse(claims, key) };
}

/** Without what is not there. */
const bare = (members: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
