// Networks a person adds by bare domain to those offered: fetched and checked when they are added, kept fresh on the schedule of
// everything else, never fetched because of a question.
import { answerAlternative, type Alternative } from '../protocol/answer.ts';
import { parseDomain } from '../protocol/domain.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { ClientContext } from './context.ts';

/** A network as it is added: what it is called, and how it is reached from the asker's. */
export interface Network extends Omit<Alternative, 'added' | 'available' | 'exists'> {
  /** It runs a directory of its own, which can be asked whether somebody is there. */
  readonly directory: boolean;
}

export interface Networks {
  /** Throws the code that says why a domain cannot be added; `from` is the network whose user adds it. */
  add(domain: string, from?: string): Promise<Network>;
  /** Everything added, to be kept fresh. */
  list(): readonly string[];
}

export function createNetworks({ descriptions, policy }: Pick<ClientContext, 'descriptions' | 'policy'>): Networks {
  const added = new Set<string>();
  return {
    list: () => [...added],
    add: async (name, from = policy.domain) => {
      const domain = parseDomain(name);
      if (!added.has(domain) && added.size >= LIMITS.networks)
        throw new WhereaboutsError('overloaded', 'as many networks were added as are kept');
      const provider = await descriptions.fetch(domain);
      if (provider.provider === undefined)
        throw new WhereaboutsError('provider-unknown', 'the domain describes itself, but no network');
      added.add(domain);
      const fromDescription = await descriptions.find(parseDomain(from));
      const { connect, encryption, ...named } = answerAlternative(domain, { from, fromDescription, provider });
      return { ...named, directory: provider.directory !== undefined, connect, encryption };
    },
  };
}
