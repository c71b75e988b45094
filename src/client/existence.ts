// "Does Bob exist there?": the directory that a network runs itself is asked with the same blinded elements as every other. It
// never learns whom it was asked about; what it says counts only for what it offers, never for where Bob wants to be reached.
import type { Existence } from '../protocol/answer.ts';
import type { Identifier } from '../protocol/identifier.ts';
import { judgeName } from '../protocol/judgement.ts';
import type { Facts } from '../protocol/passage.ts';
import type { ClientContext } from './context.ts';
import { lookUp, type Finding, type Reading } from './look-up.ts';

/** Asks about all identifiers of a round, once somebody wants to know about one of them. */
export interface Existences {
  /** What `domain` says about the identifier at `place`; undefined where it runs no directory that could be asked. */
  find(domain: string, place: number): Promise<Existence | undefined>;
}

export function createExistences(
  context: ClientContext,
  ids: readonly Identifier[],
  reading: Reading,
  known: Pick<Facts, 'describe'>,
): Existences {
  const asked = new Map<string, Promise<Finding>[]>();
  return {
    find: async (domain, place) => {
      if (known.describe(domain)?.directory === undefined) return undefined;
      if (context.aside.find(domain) !== undefined) return 'unknown';
      const findings =
        asked.get(domain) ??
        lookUp(context, context.directory(domain), ids, {
          ...reading,
          // Its own word about its own users is what is asked for here.
          trust: { tel: [domain], mailto: [domain] },
        });
      asked.set(domain, findings);
      const finding = await findings[place];
      return finding === undefined ? 'unknown' : judge(domain, finding);
    },
  };
}

/** An opt-out is absence: who does not want to be found is not to be found here either. */
function judge(domain: string, { records, code }: Finding): Existence {
  const { routes } = judgeName(records, { unverified: false });
  if (routes.some(({ route }) => route.provider === domain)) return 'found';
  return code === undefined ? 'absent' : 'unknown';
}
