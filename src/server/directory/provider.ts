// Other domains' descriptions as this directory fetched them (§8): so that a gatekeeper need not ask each provider itself.
// A copy's keys prove nothing to the reader; that is the reader's to know.
import { layOutHistory, type DescriptionHistory } from '../../client/description-history.ts';
import { freshAt } from '../../client/descriptions.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Domain } from '../../protocol/domain.ts';
import type { DirectoryContext } from '../context.ts';
import { nowSeconds } from './times.ts';

export interface Relayed {
  readonly text: string;
  /** Seconds until the copy should be renewed, below zero when it should have been; undefined for the directory's own. */
  readonly ttl?: number;
}

/** The text of the description; `provider-unknown` for domains this directory has had nothing to do with. */
export async function relayDescription(ctx: DirectoryContext, domain: Domain): Promise<Relayed> {
  if (domain === ctx.domain) return { text: await ctx.description() };
  // Whoever reads names the domain: only ones that came to us in another way are asked.
  if (!ctx.listed.has(domain) && (await ctx.descriptions.find(domain)) === undefined)
    throw new WhereaboutsError('provider-unknown');
  try {
    await ctx.descriptions.fetch(domain);
  } catch (cause) {
    if (!(cause instanceof WhereaboutsError)) throw cause;
    throw new WhereaboutsError('provider-unknown', undefined, { cause });
  }
  const copy = await ctx.descriptions.findCopy(domain);
  if (copy === undefined) throw new WhereaboutsError('provider-unknown');
  return { text: copy.stored.body, ttl: freshAt(copy.stored) - nowSeconds(ctx) };
}

/** What changed in the description of a domain (§8.3), as seen from here; nobody is asked. `provider-unknown` where nothing was seen. */
export async function readHistory(ctx: DirectoryContext, domain: Domain): Promise<DescriptionHistory> {
  const history = await layOutHistory(ctx.descriptions, domain);
  if (history === undefined) throw new WhereaboutsError('provider-unknown');
  return history;
}
