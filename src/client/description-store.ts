// Where copies of descriptions and their histories are kept: what a store promises, and one in memory. The database's is in
// server/store, that of a folder in platform/.
import type { HistoryEntry } from '../protocol/description-changes.ts';
import { LIMITS } from '../protocol/limits.ts';

/** A description as fetched. Times are seconds since 1970. */
export interface StoredDescription {
  readonly body: string;
  readonly etag?: string;
  /** When the domain last said that this is its description. */
  readonly fetchedAt: number;
  /** From then on it is asked for again: five minutes after it was fetched unless given. */
  readonly freshUntil?: number;
  /** Highest `seq` of a signed one that was ever accepted. */
  readonly seq?: number;
}

/**
 * Where copies are kept. Several instances may share one: `claim` gives each domain to one caller per interval, so that
 * nobody can make them ask the same domain together; `save` by the last one to finish wins.
 */
export interface DescriptionStore {
  find(domain: string): Promise<StoredDescription | undefined>;
  /** True when nobody claimed `domain` after `before`; from then on it is claimed at `now`. */
  claim(domain: string, now: number, before: number): Promise<boolean>;
  /** Keeps a copy, and beside it, both or neither, what changed with it. */
  save(domain: string, description: StoredDescription, entry?: HistoryEntry): Promise<void>;
  /** The changes seen of a domain, newest first, as many as the protocol says (§8.3). */
  history(domain: string): Promise<readonly HistoryEntry[]>;
}

export function createMemoryStore(): DescriptionStore {
  const kept = new Map<string, StoredDescription>();
  const tried = new Map<string, number>();
  const histories = new Map<string, readonly HistoryEntry[]>();
  return {
    find: async (domain) => kept.get(domain),
    claim: async (domain, now, before) => {
      if ((tried.get(domain) ?? -Infinity) > before) return false;
      tried.set(domain, now);
      return true;
    },
    save: async (domain, description, entry) => {
      kept.set(domain, description);
      if (entry !== undefined) histories.set(domain, addEntry(histories.get(domain) ?? [], entry));
    },
    history: async (domain) => histories.get(domain) ?? [],
  };
}

/** A history with one entry more, the oldest forgotten where there are too many. */
export const addEntry = (entries: readonly HistoryEntry[], entry: HistoryEntry): readonly HistoryEntry[] =>
  [entry, ...entries].slice(0, LIMITS.historyEntries);
