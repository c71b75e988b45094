// Bob's monitor (§6.7): reads the history of his bucket and tells of every record under his name that he did not make, also
// one that lived for a single epoch. For one person, or for a provider over all its users, who share the reading of buckets.
import { bucketNumber, formatEntry } from '../protocol/bucket.ts';
import type { ConfigKey } from '../protocol/config-text.ts';
import { WhereaboutsError, type Code } from '../protocol/errors.ts';
import { formatBucketLeaf } from '../protocol/log/bucket-leaf.ts';
import { isRemoval } from '../protocol/log/changes.ts';
import { leafHash } from '../protocol/log/hash.ts';
import type { EpochLeaf } from '../protocol/log/leaf-text.ts';
import { EMPTY_HISTORY, type HistoryChain, type HistoryEntry } from '../protocol/log/history.ts';
import { equalOctets, formatB64u, formatHex, parseB64u } from '../protocol/wire.ts';
import { readGrowth, readWholeHistory, type HistoryReader } from './bucket-history.ts';
import type { Bucket, Directory } from './directory.ts';
import { readEpochLeaf } from './epoch-leaf.ts';
import { findSightings } from './sightings.ts';
import { formatMonitorState, parseMonitorState, type MonitorState, type MonitorStore } from './monitor-state.ts';

/** A record its watcher made. */
export interface OwnRecord {
  /** Thumbprint of the temporary key, b64u. */
  readonly holder: string;
  /** SHA-256 of the sealed octets, hex, of the record that should be there; absent where it need not be there any more. */
  readonly digest?: string;
  /** Seconds since 1970: from then on it need not be there. */
  readonly expires?: number;
  /** The epoch it was withdrawn in: it must never come back. */
  readonly withdrawn?: number;
  /** Id of the OPRF key its name is under (a registration's `key`): once that is retired, it need not be there (§10). */
  readonly key?: string | undefined;
}

export interface WatchedName {
  /** Blinded name, b64u. */
  readonly name: string;
  /** All records its watcher ever made under it. */
  readonly own: readonly OwnRecord[];
}

/**
 * `stranger`: by a key that is not the watcher's. `returned`: his own, after he had withdrawn it. `altered`: under his key,
 * but not the record he made. `missing`: his own is gone, and he neither withdrew it nor let it expire.
 */
export interface Sighting {
  readonly kind: 'stranger' | 'returned' | 'altered' | 'missing';
  /** b64u. */
  readonly holder: string;
  /** The epoch it came in, as far as that was read. */
  readonly from?: number;
  /** The epoch it left in; absent while it is there. */
  readonly to?: number;
}

/** A change under a name, as the history of its bucket has it. */
export interface NameChange {
  readonly epoch: number;
  readonly kind: 'written' | 'removed';
  /** b64u. */
  readonly holder: string;
}

export interface MonitorReport {
  readonly directory: string;
  readonly name: string;
  /** `unchecked`: could not be checked, nothing is known. `failed`: a check failed, the directory contradicts itself. */
  readonly outcome: 'clean' | 'alarm' | 'unchecked' | 'failed';
  readonly code?: Code;
  /** The epoch it was checked in. */
  readonly epoch?: number;
  readonly sightings: readonly Sighting[];
  /** What changed since the name was looked at last, oldest first; everything the first time. Absent where it was not checked. */
  readonly changes?: readonly NameChange[];
  /** The name is under a key that is being retired, until then (seconds): register again before. */
  readonly keyUntil?: number;
  /** The name is under a key that was retired: nobody can look it up any more. */
  readonly retired?: true;
}

export interface MonitorParts {
  readonly directory: Directory;
  readonly store: MonitorStore;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** For one bucket, its history and what it takes to follow it back. */
const BUCKET_MILLISECONDS = 30_000;
const PARALLEL = 8;
const ATTEMPTS = 3;

/** Refusals by which a directory contradicts what it signed; everything else only kept us from checking. */
const FAILURES: ReadonlySet<Code> = new Set([
  'bucket-invalid',
  'bundle-invalid',
  'checkpoint-invalid',
  'config-invalid',
  'consistency-invalid',
  'epoch-invalid',
  'inclusion-invalid',
  'log-forked',
  'map-invalid',
]);

/** Checks every name once; reports come as buckets are done, one for each name. */
export async function* monitor(parts: MonitorParts, watched: readonly WatchedName[]): AsyncGenerator<MonitorReport> {
  const { directory, clock } = parts;
  const reportAll = (names: readonly WatchedName[], error: unknown): MonitorReport[] => {
    if (!(error instanceof WhereaboutsError)) throw error;
    const outcome = FAILURES.has(error.code) ? 'failed' : 'unchecked';
    return names.map(({ name }) => ({ directory: directory.domain, name, outcome, code: error.code, sightings: [] }));
  };
  let depth: number;
  try {
    depth = (await directory.head(clock() + BUCKET_MILLISECONDS, { fresh: true })).leaf.depth;
  } catch (error) {
    yield* reportAll(watched, error);
    return;
  }
  const queue = [...Map.groupBy(watched, ({ name }) => bucketNumber(parseB64u(name, 32), depth)).values()];
  while (queue.length > 0) {
    const reports = queue
      .splice(0, PARALLEL)
      .map((names) => checkGroup(parts, names, ATTEMPTS).catch((error: unknown) => reportAll(names, error)));
    for (const report of (await Promise.all(reports)).flat()) yield report;
  }
}

/** Names that were in one bucket; where the depth changed meanwhile they may not be any more. */
async function checkGroup(
  parts: MonitorParts,
  names: readonly WatchedName[],
  attempts: number,
): Promise<MonitorReport[]> {
  const { directory, clock } = parts;
  const until = clock() + BUCKET_MILLISECONDS;
  const { leaf, config } = await directory.head(until);
  try {
    const groups = Map.groupBy(names, ({ name }) => bucketNumber(parseB64u(name, 32), leaf.depth));
    const reports: MonitorReport[] = [];
    for (const group of groups.values())
      reports.push(...(await checkBucket(parts, group, { ...leaf, keys: config.keys }, until)));
    return reports;
  } catch (error) {
    const passing: readonly Code[] = ['depth-changed', 'config-changed', 'checkpoint-stale'];
    if (attempts <= 1 || !(error instanceof WhereaboutsError) || !passing.includes(error.code)) throw error;
    await directory.head(until, { fresh: true });
    return checkGroup(parts, names, attempts - 1);
  }
}

async function checkBucket(
  { directory, store, clock }: MonitorParts,
  names: readonly WatchedName[],
  { depth, config, keys }: Pick<EpochLeaf, 'depth' | 'config'> & { readonly keys: readonly ConfigKey[] },
  until: number,
): Promise<MonitorReport[]> {
  const [first] = names;
  if (first === undefined) return [];
  const bucket = await directory.readBucket({ name: parseB64u(first.name, 32), depth, config }, until);
  const { origin } = bucket.checkpoint;
  const states = new Map<string, MonitorState>();
  for (const { name } of names) {
    const text = await store.find(origin, name);
    if (text !== undefined) states.set(name, parseMonitorState(text));
  }
  const { entries, since, whole } = await directory.read(until, (source) => {
    const readDepth = async (epoch: number) => (await readEpochLeaf(source, bucket.checkpoint, epoch)).depth;
    return readChanges({ ...source, readDepth }, bucket, names, states);
  });
  const reports: MonitorReport[] = [];
  for (const watched of names) {
    const name = parseB64u(watched.name, 32);
    const state = states.get(watched.name);
    const changes = entries.filter((entry) => equalOctets(entry.name, name));
    const fresh = changes.filter(({ epoch }) => epoch > (state?.epoch ?? -1));
    const present = verifyPresent(bucket, name, whole ? changes : fresh, whole ? undefined : state);
    // The bucket is of the configuration these keys stand in, else it would not have been believed.
    const sightings = findSightings(watched, { changes: fresh, bucket, name, keys, now: clock() / 1000 });
    reports.push({
      directory: directory.domain,
      name: watched.name,
      outcome: sightings.length === 0 ? 'clean' : 'alarm',
      epoch: bucket.leaf.epoch,
      sightings,
      changes: fresh.map((change) => ({
        epoch: change.epoch,
        kind: isRemoval(change) ? 'removed' : 'written',
        holder: formatB64u(change.holder),
      })),
      ...keyOf(watched, keys),
    });
    const place = { depth: bucket.leaf.depth, bucket: bucket.bucket };
    const chain = { ...chainOf(bucket), ...place, since: since ?? state?.chain.since ?? 0 };
    const next = { chain, epoch: bucket.leaf.epoch, present };
    await store.save(origin, watched.name, formatMonitorState(next));
  }
  return reports;
}

/** Whether the key of a name is on its way out, or gone. */
function keyOf({ own }: WatchedName, keys: readonly ConfigKey[]): Pick<MonitorReport, 'keyUntil' | 'retired'> {
  const id = own.find(({ key }) => key !== undefined)?.key;
  if (id === undefined) return {};
  const listed = keys.find((key) => key.id === id);
  if (listed === undefined) return { retired: true };
  return listed.until === undefined ? {} : { keyUntil: listed.until };
}

const chainOf = ({ bucketLeaf }: Bucket): HistoryChain => ({
  length: bucketLeaf?.historyLength ?? 0,
  head: bucketLeaf?.historyHead ?? EMPTY_HISTORY.head,
});

/** The changes since every name was looked at last; the whole history where one is new, or the depth is another. */
async function readChanges(
  reader: HistoryReader,
  bucket: Bucket,
  names: readonly WatchedName[],
  states: ReadonlyMap<string, MonitorState>,
): Promise<{ entries: readonly HistoryEntry[]; since?: number | undefined; whole: boolean }> {
  const known = [...states.values()].map(({ chain }) => chain).filter(({ length }) => length > 0);
  const here = { depth: bucket.leaf.depth, bucket: bucket.bucket };
  const isHere = names.every(({ name }) => states.get(name)?.chain.depth === here.depth);
  if (bucket.bucketLeaf === undefined) {
    // §6.1, §6.2: a bucket that was used once says so for ever, at every depth.
    if (known.length > 0)
      throw new WhereaboutsError('bucket-invalid', 'a bucket that was used before is shown as never used');
    return { entries: [], whole: true };
  }
  const place = { ...here, leaf: leafHash(formatBucketLeaf(bucket.bucketLeaf)) };
  if (isHere && known.length === names.length) {
    try {
      const entries = await readGrowth(reader, known, place, chainOf(bucket));
      return { entries, since: entries.at(-1)?.epoch, whole: false };
    } catch (error) {
      if (!(error instanceof WhereaboutsError) || error.code !== 'bucket-invalid') throw error;
      // Either rewound, or the depth went to and fro and the chain began anew: the whole history tells which.
    }
  }
  const { entriesRoot } = bucket.bucketLeaf;
  const { changes, since } = await readWholeHistory(reader, known, place, { ...chainOf(bucket), entriesRoot });
  return { entries: changes, since, whole: true };
}

/** The records under a name have to be those its history says: none without an entry, none hidden. */
function verifyPresent(
  bucket: Bucket,
  name: Uint8Array,
  changes: readonly HistoryEntry[],
  state: MonitorState | undefined,
): ReadonlyMap<string, string> {
  const expected = new Map(state?.present);
  for (const { holder, ...change } of changes) {
    if (isRemoval({ holder, ...change })) expected.delete(formatHex(holder));
    else expected.set(formatHex(holder), formatHex(change.new));
  }
  const present = new Map(
    bucket.index
      .filter((entry) => equalOctets(entry.name, name))
      .map((entry) => [formatHex(entry.holder), formatHex(leafHash(formatEntry(entry)))]),
  );
  const same = present.size === expected.size && [...present].every(([holder, leaf]) => expected.get(holder) === leaf);
  if (!same) throw new WhereaboutsError('bucket-invalid', 'the bucket holds other records than its history says');
  return present;
}
