// Chains that claim an account (§9.6). A directory's list is its word: each chain on it is read with its proof, and counts only where
// the proven chain claims the account. What a directory leaves out does not show; whether a claim is right is not said here.
import { z } from 'zod';
import { parseAccountName, type Account, type Service } from '../protocol/account.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import { parseReply } from './call.ts';
import { findChain, type FoundChain } from './chain.ts';
import type { ClientContext } from './context.ts';
import { answerInOrder } from './in-order.ts';

/** A chain that claims the account, as it was proven; or why one that the directory names speaks for nobody. */
export type ClaimingChain =
  { readonly id: string; readonly found: FoundChain } | { readonly id: string; readonly failure: WhereaboutsError };

/** One page of them, in the order of their ids. */
export interface ClaimingChains {
  readonly service: Service;
  readonly account: Account;
  readonly chains: readonly ClaimingChain[];
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
}

const id = z.string().regex(/^[\w-]{43}$/);
const searchReply = z.object({
  chains: z.array(z.object({ id })).max(LIMITS.chainPage),
  next: id.exactOptional(),
});

const PATIENCE_MILLISECONDS = 20_000;

/** A page of chains that claim `<service>:<account>`, behind `after`. Throws `account-invalid` before anybody is asked. */
export async function findChains(
  context: ClientContext,
  domain: string,
  name: string,
  after?: string,
): Promise<ClaimingChains> {
  const { service, account } = parseAccountName(name);
  const query = new URLSearchParams({ account: `${service}:${account}`, ...(after === undefined ? {} : { after }) });
  const until = context.clock() + PATIENCE_MILLISECONDS;
  const octets = await context.directory(domain).call(`/v1/chains?${query.toString()}`, { until });
  const { chains: listed, next } = parseReply(searchReply, octets);
  const chains: ClaimingChain[] = [];
  const read = (one: string) => readClaiming(context, domain, one);
  for await (const one of answerInOrder([...new Set(listed.map((chain) => chain.id))], read)) {
    if (one === undefined) continue;
    // The list may be ahead of the newest epoch, or wrong.
    if ('found' in one && !claims(one.found, service, account)) continue;
    chains.push(one);
  }
  return { service, account, chains, ...(next === undefined ? {} : { next }) };
}

async function readClaiming(context: ClientContext, domain: string, one: string): Promise<ClaimingChain | undefined> {
  try {
    const found = await findChain(context, domain, one);
    return found === undefined ? undefined : { id: one, found };
  } catch (error) {
    if (!(error instanceof WhereaboutsError)) throw error;
    return { id: one, failure: error };
  }
}

const claims = ({ state }: FoundChain, service: Service, account: Account): boolean =>
  state.accounts.some((one) => one.service === service && one.account === account);
