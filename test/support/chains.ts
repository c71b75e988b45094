// Owners of identity chains: keys, and links made with them. Their clock is the tests'.
import { randomBytes } from 'node:crypto';
import { parseClaim } from '../../src/protocol/account.ts';
import { readChain } from '../../src/protocol/chain/replay.ts';
import { signLink, signStart, type NewAction } from '../../src/protocol/chain/sign.ts';
import type { ChainState } from '../../src/protocol/chain/state.ts';
import { generateTemporaryKey, type TemporaryKey } from '../../src/protocol/token/temporary-key.ts';
import { formatB64u } from '../../src/protocol/wire.ts';
import { START } from './directory.ts';

export interface Owner {
  readonly key: TemporaryKey;
  readonly links: string[];
  readonly state: () => ChainState;
  /** Signs the next link without keeping it. */
  sign(action: NewAction, key?: TemporaryKey, iat?: number): Promise<string>;
  /** Signs the next link and keeps it. */
  add(action: NewAction, key?: TemporaryKey, iat?: number): Promise<string>;
}

const nonce = () => formatB64u(new Uint8Array(randomBytes(16)));

export async function createOwner(iat = START): Promise<Owner> {
  const key = await generateTemporaryKey();
  const links = [await signStart({ iat, nonce: nonce() }, key)];
  const state = () => readChain(links);
  const sign: Owner['sign'] = (action, by = key, at = iat) =>
    signLink(state(), action, { iat: at, nonce: nonce() }, by);
  return {
    key,
    links,
    state,
    sign,
    add: async (...parts) => {
      const link = await sign(...parts);
      links.push(link);
      return link;
    },
  };
}

export const claim = (service: string, account: string, where?: string): NewAction => ({
  type: 'add-account',
  ...parseClaim({ service, account, where }),
});
