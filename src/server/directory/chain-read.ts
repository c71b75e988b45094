// Reading identity chains (§9.6): the links of the published epoch with what proves that they are all of them, the chain as a
// DID document, and which chains claim an account.
import { parseAccountName } from '../../protocol/account.ts';
import { formatTime } from '../../protocol/answer.ts';
import { parseIndex } from '../../protocol/bucket.ts';
import { didDocument } from '../../protocol/chain/did-document.ts';
import { chainName } from '../../protocol/chain/names.ts';
import { readChain } from '../../protocol/chain/replay.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { equalOctets, utf8 } from '../../protocol/wire.ts';
import type { DirectoryContext } from '../context.ts';
import { findClaiming, readLinks } from '../store/chains.ts';
import { proveName } from './published.ts';

/** One JSON value a line: the proof `{epoch, index, bundle}`, then the links in order. `chain-unknown` where there is none. */
export async function readChainReply(ctx: DirectoryContext, id: Uint8Array): Promise<Uint8Array> {
  const { proof, links } = await readPublishedLinks(ctx, id);
  return utf8([proof, ...links.map((link) => JSON.stringify(link)), ''].join('\n'));
}

/** The links that the newest published epoch has of a chain: others may wait for theirs. */
async function readPublishedLinks(
  ctx: DirectoryContext,
  id: Uint8Array,
): Promise<{ readonly proof: string; readonly links: readonly string[] }> {
  const name = chainName(id);
  const { index, text } = await proveName(ctx, name);
  const isIt = (entry: { readonly name: Uint8Array; readonly holder: Uint8Array }) =>
    equalOctets(entry.name, name) && equalOctets(entry.holder, id);
  const entry = parseIndex(index).find(isIt);
  if (entry === undefined) throw new WhereaboutsError('chain-unknown');
  return { proof: text, links: await readLinks(ctx.db, id, entry.length) };
}

/** The chain as `did:web` has it; `chain-ended` once it speaks for nobody. */
export async function readDidDocument(ctx: DirectoryContext, id: Uint8Array): Promise<object> {
  const { links } = await readPublishedLinks(ctx, id);
  const state = readChain(links);
  if (state.ended) throw new WhereaboutsError('chain-ended');
  return didDocument(state, ctx.url);
}

/** A page of chains that claim `account` (`<service>:<account>`): what is claimed, and whether it is so is another question. */
export async function searchChains(ctx: DirectoryContext, account: string, after: Uint8Array | undefined) {
  const claim = parseAccountName(account);
  const limit = LIMITS.chainPage;
  const found = await findClaiming(ctx.db, claim, { after, limit: limit + 1 });
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1)?.chain : undefined;
  return {
    service: claim.service,
    account: claim.account,
    chains: page.map(({ chain, link, where, claimedAt }) => ({
      id: chain,
      link,
      ...(where === null ? {} : { where }),
      claimedAt: formatTime(claimedAt),
    })),
    ...(last === undefined ? {} : { next: last }),
  };
}
