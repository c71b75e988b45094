// The history of a description as it is told (§8.3): what changed, when that was seen, and how recent the last sight of it is.
import { formatTime } from '../protocol/answer.ts';
import type { DescriptionChange } from '../protocol/description-changes.ts';
import type { KeptDescriptions } from './descriptions.ts';

export interface DescriptionHistory {
  readonly domain: string;
  /** When the domain last said that its description is as it was seen last, RFC 3339; absent where no copy counts any more. */
  readonly asOf?: string;
  /** It should have been asked again since, and was not reached. */
  readonly stale: boolean;
  /** Newest first. */
  readonly entries: readonly {
    /** RFC 3339. */
    readonly at: string;
    readonly digest: string;
    readonly seq?: number;
    readonly changes: readonly DescriptionChange[];
  }[];
}

/** What was seen of a domain; undefined where nothing was. Asks nobody. */
export async function layOutHistory(
  descriptions: Pick<KeptDescriptions, 'findCopy' | 'history'>,
  domain: string,
): Promise<DescriptionHistory | undefined> {
  const entries = await descriptions.history(domain);
  if (entries.length === 0) return undefined;
  const copy = await descriptions.findCopy(domain);
  return {
    domain,
    ...(copy === undefined ? {} : { asOf: formatTime(copy.stored.fetchedAt) }),
    stale: copy === undefined || copy.stale,
    entries: entries.map(({ at, ...entry }) => ({ at: formatTime(at), ...entry })),
  };
}
