// Which waiting changes make up an epoch, purely. A record changes at most once an epoch (§6.2), so what changes a second
// time waits for the next one; and so does everything accepted after it in that bucket, so that every published state of a
// bucket is one that was accepted: never over-full, never with two records of one issuer.
import { bucketNumber, formatEntry, type Entry } from '../../../protocol/bucket.ts';
import { compareRecords, type Change } from '../../../protocol/log/changes.ts';
import { leafHash, ZEROS } from '../../../protocol/log/hash.ts';
import { compareOctets, concat, formatHex } from '../../../protocol/wire.ts';
import type { NewEntry } from '../../store/entries.ts';
import type { WaitingChange } from '../../store/waiting.ts';

export interface Batch {
  /** The epoch's change list. */
  readonly changes: readonly Change[];
  /** Places that are empty or taken anew. */
  readonly gone: readonly Pick<Entry, 'name' | 'holder'>[];
  readonly come: readonly NewEntry[];
  /** How many records there are more, or fewer. */
  readonly growth: number;
  /** Waiting changes that are part of the epoch. */
  readonly ids: readonly number[];
}

const RECORD_OCTETS = 96;

/** Chooses from `waiting` (in order). `records`: what buckets hold before, packed as name ‖ holder ‖ leaf, ascending. */
export function chooseBatch(
  waiting: readonly WaitingChange[],
  depth: number,
  records: ReadonlyMap<number, Uint8Array>,
): Batch {
  const places = new Map<string, { readonly change: Change; readonly entry?: NewEntry; readonly wasThere: boolean }>();
  const held = new Set<number>();
  const ids: number[] = [];
  for (const { id, name, gone, record } of waiting) {
    const bucket = bucketNumber(name, depth);
    if (held.has(bucket)) continue;
    const holders = [...gone, ...(record === undefined ? [] : [record.holder])];
    const keys = new Map(holders.map((holder) => [`${formatHex(name)}${formatHex(holder)}`, holder]));
    if ([...keys.keys()].some((key) => places.has(key))) {
      held.add(bucket);
      continue;
    }
    ids.push(id);
    for (const [key, holder] of keys) {
      const wasThere = isThere(records.get(bucket), concat(name, holder));
      const isNew = record !== undefined && compareOctets(holder, record.holder) === 0;
      // Nothing to take out: no change, for an auditor would refuse one.
      if (!isNew && !wasThere) continue;
      const entry = isNew ? { ...record, name, leaf: leafHash(formatEntry({ ...record, name })) } : undefined;
      const change = { name, holder, new: entry?.leaf ?? ZEROS };
      places.set(key, { change, wasThere, ...(entry === undefined ? {} : { entry }) });
    }
  }
  const chosen = [...places.values()].toSorted((a, b) => compareRecords(a.change, b.change));
  const come = chosen.flatMap(({ entry }) => entry ?? []);
  const gone = chosen.flatMap(({ change, wasThere }) => (wasThere ? [change] : []));
  return { changes: chosen.map(({ change }) => change), gone, come, growth: come.length - gone.length, ids };
}

/** Finds a place among packed records by halving. */
function isThere(packed: Uint8Array = new Uint8Array(0), key: Uint8Array): boolean {
  let [low, high] = [0, packed.length / RECORD_OCTETS];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const order = compareOctets(packed.subarray(middle * RECORD_OCTETS, middle * RECORD_OCTETS + 64), key);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}
