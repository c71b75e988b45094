// The history chain of a bucket (§6.1): every change ever made to it, each bound to all before. Whoever follows it sees a
// record that lived for a single epoch. Does not decide which changes are strange: that is for the one whose name it is.
import { WhereaboutsError } from '../errors.ts';
import { Reader, Writer, compareOctets, concat } from '../wire.ts';
import type { Change } from './changes.ts';
import { HASH_OCTETS, ZEROS, label24, sha256 } from './hash.ts';

/** A change and its epoch. One with zeros for name and holder is a split or merge, and `new` binds the chains before it. */
export interface HistoryEntry extends Change {
  readonly epoch: number;
}

/** As far as a history is known: how many entries, and the head after the last of them. */
export interface HistoryChain {
  readonly length: number;
  readonly head: Uint8Array;
}

/** A chain without entries, with head₀. */
export const EMPTY_HISTORY: HistoryChain = { length: 0, head: ZEROS };

export const HISTORY_ENTRY_OCTETS = 8 + 3 * HASH_OCTETS;

const LABEL = label24('whereabouts/history/v1');

/** epoch u64 ‖ name ‖ holder ‖ new: as stored, as served, and as hashed. */
export const formatHistoryEntry = (entry: HistoryEntry): Uint8Array =>
  new Writer().u64(entry.epoch).octets(entry.name).octets(entry.holder).octets(entry.new).finish();

/** head' = H(L24("whereabouts/history/v1") ‖ head ‖ epoch ‖ name ‖ holder ‖ new) */
export const extendHistory = (chain: HistoryChain, entry: HistoryEntry): HistoryChain => ({
  length: chain.length + 1,
  head: sha256(concat(LABEL, chain.head, formatHistoryEntry(entry))),
});

/** The entry a split or merge begins a new chain with; `bound` is a hash over the old ones. */
export const depthEntry = (epoch: number, bound: Uint8Array): HistoryEntry => ({
  epoch,
  name: ZEROS,
  holder: ZEROS,
  new: bound,
});

/** History entries as served; throws `bucket-invalid`. */
export function parseHistory(octets: Uint8Array): HistoryEntry[] {
  if (octets.length % HISTORY_ENTRY_OCTETS !== 0)
    throw new WhereaboutsError('bucket-invalid', 'the history is cut off');
  const reader = new Reader(octets);
  return Array.from({ length: octets.length / HISTORY_ENTRY_OCTETS }, () => {
    const epoch = Number(reader.u64());
    if (!Number.isSafeInteger(epoch)) throw new WhereaboutsError('bucket-invalid', 'a history entry has no epoch');
    const [name, holder, value] = [reader.octets(32), reader.octets(32), reader.octets(32)];
    return { epoch, name, holder, new: value };
  });
}

/**
 * Checks that `entries` lead from the chain as `known` to the one a verified bucket leaf names; epochs never go back.
 * Throws `bucket-invalid`: with both leaves verified the directory has rewound or forged a history.
 */
export function verifyHistory(known: HistoryChain, entries: readonly HistoryEntry[], leaf: HistoryChain): void {
  const reached = entries.reduce(extendHistory, known);
  if (reached.length !== leaf.length || compareOctets(reached.head, leaf.head) !== 0)
    throw new WhereaboutsError('bucket-invalid', 'the history does not lead to the head in the map');
  if (entries.some((entry, i) => entry.epoch < (entries[i - 1]?.epoch ?? 0)))
    throw new WhereaboutsError('bucket-invalid', 'the history goes back in time');
}
