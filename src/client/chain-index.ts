// Sealed entries of a chain's index (§9.4), read by who knows one of its owner's identifiers: the directory that the chain is in has
// to evaluate it, blinded like any other. What is sealed for somebody else stays closed; nothing is said of whether there is more.
import type { ChainState } from '../protocol/chain/state.ts';
import { openEntry, type IndexEntry } from '../protocol/chain/sealed-index.ts';
import type { Identifier } from '../protocol/identifier.ts';
import type { ClientContext } from './context.ts';
import { createEvaluator } from './evaluate.ts';

const PATIENCE_MILLISECONDS = 20_000;

/** A chain's id and what its index says. */
export type IndexedChain = Pick<ChainState, 'id' | 'index'>;

/** Entries that open with one of these seals, each once, in their order; throws `chain-invalid` as `openEntry` does. */
export async function openSealed({ id, index }: IndexedChain, seals: readonly Uint8Array[]): Promise<IndexEntry[]> {
  const opened: IndexEntry[] = [];
  for (const entry of index.sealed)
    for (const seal of seals) {
      const found = await openEntry(entry, id, seal);
      if (found === undefined) continue;
      opened.push(found);
      break;
    }
  return opened;
}

/** The same for an identifier, under every key the directory has now. Where nothing is sealed nobody is asked. */
export async function readIndex(
  context: ClientContext,
  domain: string,
  chain: IndexedChain,
  identifier: Identifier,
): Promise<IndexEntry[]> {
  if (chain.index.sealed.length === 0) return [];
  const until = context.clock() + PATIENCE_MILLISECONDS;
  const evaluated = await createEvaluator(context).names(context.directory(domain), [identifier], { until });
  const seals = evaluated.flatMap(({ names }) => names.map(({ seal }) => seal));
  return openSealed(chain, seals);
}
