// What follows when a chain claims other accounts than before (§9.3), in the transaction that appends the link: whoever keeps
// something about accounts hears of it here, and of every change.
import type { ChainState } from '../../protocol/chain/state.ts';
import type { Db } from '../store/database.ts';
import { replaceAccounts } from '../store/chains.ts';

/** The accounts of this chain (32 octets) are now those of `state`. */
export async function noteAccounts(tx: Db, id: Uint8Array, { accounts }: ChainState): Promise<void> {
  await replaceAccounts(tx, id, accounts);
}
