// What a monitor has to tell (§6.7): records under a name that its watcher did not make, and records of his that are not as he
// left them. Of changes and a bucket that were verified; the verifying is monitor.ts's.
import type { ConfigKey } from '../protocol/config-text.ts';
import { isRemoval } from '../protocol/log/changes.ts';
import type { HistoryEntry } from '../protocol/log/history.ts';
import { equalOctets, formatB64u, formatHex } from '../protocol/wire.ts';
import type { Bucket } from './directory.ts';
import type { Sighting, WatchedName } from './monitor.ts';

/** What there is to tell of a name, from what changed under it since it was looked at last, and what is there now. */
export function findSightings(
  { own }: WatchedName,
  seen: {
    changes: readonly HistoryEntry[];
    bucket: Bucket;
    name: Uint8Array;
    keys: readonly ConfigKey[];
    now: number;
  },
): Sighting[] {
  const { changes, bucket, name, keys, now } = seen;
  const present = bucket.index.filter((entry) => equalOctets(entry.name, name));
  const mine = new Map(own.map((record) => [record.holder, record]));
  const sightings: Sighting[] = [];
  for (const life of readLives(
    changes,
    present.map(({ holder }) => formatB64u(holder)),
  )) {
    const record = mine.get(life.holder);
    if (record === undefined) sightings.push({ kind: 'stranger', ...life });
    else if (Math.min(life.from ?? Infinity, life.to ?? Infinity) > (record.withdrawn ?? Infinity))
      sightings.push({ kind: 'returned', ...life });
  }
  for (const { holder, digest, expires = Infinity, withdrawn, key } of own) {
    if (digest === undefined || withdrawn !== undefined) continue;
    const entry = present.find((one) => formatB64u(one.holder) === holder);
    const isRetired = key !== undefined && keys.every(({ id }) => id !== key);
    if (entry === undefined && expires > now && !isRetired)
      sightings.push({ kind: 'missing', holder, ...lastRemoval(changes, holder) });
    if (entry !== undefined && formatHex(entry.digest) !== digest) sightings.push({ kind: 'altered', holder });
  }
  return sightings;
}

const lastRemoval = (changes: readonly HistoryEntry[], holder: string): { to?: number } => {
  const removal = changes.findLast((change) => isRemoval(change) && formatB64u(change.holder) === holder);
  return removal === undefined ? {} : { to: removal.epoch };
};

/** From when to when each holder had a record under the name; what was there before the first change read has no beginning. */
function readLives(changes: readonly HistoryEntry[], present: readonly string[]): Omit<Sighting, 'kind'>[] {
  const lives: { holder: string; from?: number; to?: number }[] = [];
  const open = new Map<string, { holder: string; from?: number; to?: number }>();
  for (const change of changes) {
    const holder = formatB64u(change.holder);
    const life = open.get(holder) ?? { holder, ...(isRemoval(change) ? {} : { from: change.epoch }) };
    if (!open.has(holder)) lives.push(life);
    open.set(holder, life);
    if (!isRemoval(change)) continue;
    life.to = change.epoch;
    open.delete(holder);
  }
  for (const holder of present) if (!open.has(holder)) lives.push({ holder });
  return lives;
}
