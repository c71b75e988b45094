// Networks to offer where nobody is found: the gatekeeper's catalogue in its order, those of the person's region first, then what
// the asking person added. Nothing is fetched for it: what is not at hand is offered as it is.
import { answerAlternative, type Alternative, type AnswerEnds } from '../protocol/answer.ts';
import { identifierRegion, type Identifier } from '../protocol/identifier.ts';
import type { Existences } from './existence.ts';
import type { Policy } from './policy.ts';

export interface Offering extends AnswerEnds {
  /** Its description is a copy that may be out of date. */
  readonly isStale: (domain: string) => boolean;
  readonly id: Identifier;
  /** The identifier's place in its round. */
  readonly place: number;
  /** The asker's own additions, in their order. */
  readonly also: readonly string[];
  /** Region (ISO 3166) the asker is in, where the identifier has none. */
  readonly region?: string | undefined;
  /** Present where each network that can be asked is to be asked whether the person is there. */
  readonly existences?: Existences | undefined;
}

export async function listAlternatives(policy: Policy, offering: Offering): Promise<Alternative[]> {
  const { id, place, also, existences, ...ends } = offering;
  const catalogue = catalogueOf(policy, identifierRegion(id) ?? offering.region);
  const domains = [...new Set([...catalogue, ...also])].filter((domain) => domain !== ends.from);
  return Promise.all(
    domains.map(async (domain): Promise<Alternative> => {
      const { connect, encryption, ...named } = answerAlternative(domain, {
        ...ends,
        provider: ends.describe?.(domain),
        stale: ends.isStale(ends.from) || ends.isStale(domain),
      });
      const added = catalogue.includes(domain) ? {} : { added: true as const };
      const exists = await existences?.find(domain, place);
      return { ...named, ...added, ...(exists === undefined ? {} : { exists }), connect, encryption };
    }),
  );
}

/** In the gatekeeper's order; the networks of the region before all others. */
function catalogueOf({ alternatives, regions = {} }: Policy, region: string | undefined): string[] {
  const local = region === undefined ? [] : (regions[region] ?? []);
  return [...new Set([...local, ...alternatives])];
}
