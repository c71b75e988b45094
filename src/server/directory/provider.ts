// Other domains' descriptions as this directory fetched them (§8): so that a gatekeeper need not ask each provider itself.
// A copy's keys prove nothing to the reader; that is the reader's to know.
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Domain } from '../../protocol/domain.ts';
import type { DirectoryContext } from '../context.ts';
import { createDescriptionStore } from '../store/descriptions.ts';

/** The text of the description; `provider-unknown` for domains this directory has had nothing to do with. */
export async function relayDescription(ctx: DirectoryContext, domain: Domain): Promise<string> {
  if (domain === ctx.domain) return ctx.description;
  // Whoever reads names the domain: only ones that came to us in another way are asked.
  if (!ctx.listed.has(domain) && (await ctx.descriptions.find(domain)) === undefined)
    throw new WhereaboutsError('provider-unknown');
  try {
    await ctx.descriptions.fetch(domain);
  } catch (cause) {
    if (!(cause instanceof WhereaboutsError)) throw cause;
    throw new WhereaboutsError('provider-unknown', undefined, { cause });
  }
  const stored = await createDescriptionStore(ctx.db).find(domain);
  if (stored === undefined) throw new WhereaboutsError('provider-unknown');
  return stored.body;
}
