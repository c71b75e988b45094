// What one directory says about a round of identifiers: evaluate, read buckets, open and judge records. One finding each.
// Whatever could not be completed is unknown, never absent (§6.6). What several directories say together: protocol/answer.ts.
import type { NameReading } from '../protocol/account-evidence.ts';
import { bucketNumber } from '../protocol/bucket.ts';
import { failedChecks, passedChecks, type Check } from '../protocol/checks.ts';
import { formatConfigText } from '../protocol/config-text.ts';
import { WhereaboutsError, type Code } from '../protocol/errors.ts';
import type { Identifier } from '../protocol/identifier.ts';
import { judgeRecords, supersede, type JudgedRecord, type TrustPolicy } from '../protocol/judgement.ts';
import type { BlindedName } from '../protocol/name.ts';
import type { Jwks } from '../protocol/token/jws.ts';
import { equalOctets, formatB64u } from '../protocol/wire.ts';
import type { ClientContext } from './context.ts';
import type { Blinding } from './blinding.ts';
import type { Bucket, Directory } from './directory.ts';
import { createEvaluator, type EvaluatedNames } from './evaluate.ts';

/** What one directory had to say about one identifier. With `code` the question was not completed. */
export interface Finding {
  readonly records: readonly JudgedRecord[];
  /** Of every answer that was verified; the oldest of them. */
  readonly proof?: Proof;
  readonly code?: Code;
  /** Those of the name under each key, in turn. */
  readonly checks: readonly Check[];
  /** What the identifier is called there, under each key: none where it could not be evaluated. */
  readonly names?: readonly BlindedName[];
  /** What of the bucket says so, where it was to be kept. */
  readonly read?: Pick<NameReading, 'index' | 'bundle' | 'sealed'>;
  /** What proves the finding to others, by the text of the configuration: of a round of one, where it was to be kept. */
  readonly proven?: { readonly config: string; readonly readings: readonly NameReading[] };
}

/** How a look-up reads and whom it believes: fixed before anything is asked, so that no answer decides what is fetched. */
export interface Reading {
  /** The moment (milliseconds) at which nothing more is waited for. */
  readonly until: number;
  /** Read the sealed records of a bucket even where the name is not in it, so that not even a hit shows (§6.5). */
  readonly cover: boolean;
  /** Keep what proves the finding to others. */
  readonly keep?: boolean;
  readonly trust: TrustPolicy;
  readonly keys: (issuer: string) => Jwks | undefined;
  /** The identifiers asked about, blinded once for all directories. */
  readonly blinding: Blinding;
}

/** What the newest bundle of a name said about itself: which epoch, and who cosigned it. */
export interface Proof {
  readonly epoch: number;
  /** Milliseconds since 1970. */
  readonly asOf: number;
  readonly witnesses: number;
}

/** A name to look for, and where its finding goes. */
interface Wanted {
  readonly id: Identifier;
  readonly name: BlindedName;
  readonly settle: (finding: Finding) => void;
  readonly fail: (reason: unknown) => void;
}

/** Names of one bucket, under the configuration they were evaluated with. */
interface Group {
  readonly depth: number;
  readonly config: Uint8Array;
  readonly wanted: readonly Wanted[];
  readonly attempt: number;
}

/** Bucket reads under way at once in one directory. */
const PARALLEL = 8;
/** How often a bucket is read when it changes under our hands. */
const ATTEMPTS = 3;

/** What one directory says about each identifier, in their order. Trouble with the directory is in the finding. */
export function lookUp(
  context: ClientContext,
  directory: Directory,
  ids: readonly Identifier[],
  reading: Reading,
): Promise<Finding>[] {
  const first = askOnce(context, directory, ids, reading, false);
  let again: Promise<Finding>[] | undefined;
  return first.map(async (asked, place) => {
    const finding = await asked;
    if (finding.code !== 'config-changed') return finding;
    // §3: names under other keys than the answering epoch's would be truly absent. Once more, under the keys there are now.
    again ??= askOnce(context, directory, ids, reading, true);
    return (await again[place]) ?? finding;
  });
}

function askOnce(
  context: ClientContext,
  directory: Directory,
  ids: readonly Identifier[],
  reading: Reading,
  fresh: boolean,
): Promise<Finding>[] {
  const evaluator = createEvaluator(context);
  // §3: with two keys in use a record may lie under either name.
  const asked = evaluator
    .names(directory, ids, { until: reading.until, fresh, blinding: reading.blinding })
    .then(async (keys) => {
      const { leaf } = await directory.head(reading.until);
      return keys.map((evaluated) => {
        const { names, config } = evaluated;
        const findings = readNames(context, directory, { ids, names, config, depth: leaf.depth }, reading);
        return { evaluated, findings };
      });
    });
  return ids.map(async (_, place) => {
    try {
      const found: Finding[] = [];
      const called: BlindedName[] = [];
      const kept: NameReading[] = [];
      let config = '';
      for (const { evaluated, findings } of await asked) {
        const finding = (await findings[place]) ?? { records: [], code: 'internal-error', checks: [] };
        found.push(finding);
        called.push(...evaluated.names.slice(place, place + 1));
        kept.push(...keepReading(evaluated, finding));
        config = formatConfigText(evaluated.keys);
      }
      const proven = kept.length === found.length ? { proven: { config, readings: kept } } : {};
      return { ...joinFindings(found), names: called, ...proven };
    } catch (error) {
      if (error instanceof WhereaboutsError)
        return { records: [], code: error.code, checks: failedChecks(error.code, { evaluated: false }) };
      throw error;
    }
  });
}

/** The evaluation of one identifier and what was read for it: of a batch of many it would show the others. */
function keepReading({ keyId, batches }: EvaluatedNames, { read }: Finding): NameReading[] {
  const [batch, ...more] = batches;
  const [blind, ...others] = batch?.state.blinds ?? [];
  const [evaluated] = batch?.answer.evaluated ?? [];
  if (read === undefined || batch === undefined || more.length > 0 || others.length > 0) return [];
  if (blind === undefined || evaluated === undefined) return [];
  const { proof } = batch.answer;
  return [
    { key: keyId, blind: formatB64u(blind), evaluated: formatB64u(evaluated), proof: formatB64u(proof), ...read },
  ];
}

/** What is filed under all names of one identifier. It is as old as the oldest answer, and as well witnessed as the worst. */
function joinFindings(found: readonly Finding[]): Finding {
  const code = found.find((finding) => finding.code !== undefined)?.code;
  const proofs = found.flatMap(({ proof }) => proof ?? []).toSorted((a, b) => a.epoch - b.epoch);
  const [oldest] = proofs;
  const witnesses = Math.min(...proofs.map((proof) => proof.witnesses));
  return {
    records: supersede(found.flatMap(({ records }) => records)),
    checks: found.flatMap(({ checks }) => checks),
    ...(oldest === undefined ? {} : { proof: { ...oldest, witnesses } }),
    ...(code === undefined ? {} : { code }),
  };
}

/**
 * Reads and judges what is filed under names, one read per distinct bucket. Findings come as promises, so that the first
 * need not wait for the last; reading goes on without anybody awaiting them.
 */
function readNames(
  context: ClientContext,
  directory: Directory,
  asked: { ids: readonly Identifier[]; names: readonly BlindedName[]; config: Uint8Array; depth: number },
  reading: Reading,
): Promise<Finding>[] {
  const wanted: Wanted[] = [];
  const findings = asked.names.map(async (name, place) => {
    const { promise, resolve: settle, reject: fail } = Promise.withResolvers<Finding>();
    const id = asked.ids[place];
    if (id === undefined) throw new WhereaboutsError('internal-error', 'a name of no identifier');
    wanted.push({ id, name, settle, fail });
    return promise;
  });
  const queue = groupByBucket({ ...asked, wanted, attempt: 1 });
  const work = async (): Promise<void> => {
    for (let group = queue.shift(); group !== undefined; group = queue.shift())
      queue.push(...(await readGroup(context, directory, group, reading)));
  };
  for (let worker = 0; worker < PARALLEL; worker++) void work();
  // Each is awaited by whoever wants it; that nobody does is no fault.
  for (const finding of findings) finding.catch(() => undefined);
  return findings;
}

function groupByBucket({ depth, config, wanted, attempt }: Group): Group[] {
  const groups = Map.groupBy(wanted, ({ name }) => bucketNumber(name.name, depth));
  return Array.from(groups.values(), (members) => ({ depth, config, wanted: members, attempt }));
}

/** Settles every name of one bucket, or gives the groups they fall into at the depth the directory now has. */
async function readGroup(
  context: ClientContext,
  directory: Directory,
  group: Group,
  reading: Reading,
): Promise<Group[]> {
  const { depth, config, wanted, attempt } = group;
  const [one] = wanted;
  if (one === undefined) return [];
  try {
    const bucket = await directory.readBucket({ name: one.name.name, depth, config }, reading.until);
    const { leaf, witnesses } = bucket;
    const proof: Proof = { epoch: leaf.epoch, asOf: leaf.time, witnesses: witnesses.length };
    const hit = wanted.some(({ name }) => bucket.index.some((entry) => equalOctets(entry.name, name.name)));
    const sealed = hit || reading.cover ? await directory.readSealed(bucket, reading.until) : [];
    for (const each of wanted) {
      const finding = await openRecords(context, directory.domain, each, { bucket, sealed, reading });
      const checks = passedChecks(bucket, { seen: bucket.seen, records: finding.records.length });
      each.settle({ ...finding, proof, checks });
    }
    return [];
  } catch (error) {
    try {
      if (isPassing(error) && attempt < ATTEMPTS) {
        const next = await newDepth(directory, group, error, reading.until);
        return groupByBucket({ depth: next, config, wanted, attempt: attempt + 1 });
      }
      settleAll(wanted, error);
    } catch (later) {
      settleAll(wanted, later);
    }
    return [];
  }
}

/** Trouble with the directory is a finding; anything else is a fault of ours. */
function settleAll(wanted: readonly Wanted[], error: unknown): void {
  for (const { settle, fail } of wanted) {
    if (error instanceof WhereaboutsError)
      settle({ records: [], code: error.code, checks: failedChecks(error.code, { evaluated: true }) });
    else fail(error);
  }
}

/** The depth to go on at: taken from a verified epoch only (§6.1), whatever a refusal says. */
async function newDepth(
  directory: Directory,
  { depth }: Group,
  error: WhereaboutsError,
  until: number,
): Promise<number> {
  if (error.code !== 'depth-changed') return depth;
  const known = await directory.head(until);
  if (known.leaf.depth !== depth) return known.leaf.depth;
  return (await directory.head(until, { fresh: true })).leaf.depth;
}

/**
 * What a directory at work may answer: its depth changed, a deposit came between the index and the sealed records, or an
 * answer was overtaken by one of a later epoch.
 */
function isPassing(error: unknown): error is WhereaboutsError {
  const codes: readonly Code[] = ['depth-changed', 'record-invalid', 'checkpoint-stale'];
  return error instanceof WhereaboutsError && codes.includes(error.code);
}

/** The records under one name that hold; where they leave the question open, so does the finding. */
async function openRecords(
  { clock, sandbox }: ClientContext,
  aud: string,
  { id, name }: Wanted,
  { bucket, sealed, reading }: { bucket: Bucket; sealed: readonly Uint8Array[]; reading: Reading },
): Promise<Omit<Finding, 'checks'>> {
  const now = Math.floor(clock() / 1000);
  const { trust, keys } = reading;
  const filed = bucket.index.flatMap((entry, place) => {
    const octets = sealed[place];
    return octets === undefined || !equalOctets(entry.name, name.name) ? [] : [{ entry, sealed: octets }];
  });
  const { records, complete } = await judgeRecords(filed, { id, name, aud, now, trust, keys, sandbox });
  const { index, bundle } = bucket.reply;
  const read = { index, bundle, sealed: filed.map((one) => formatB64u(one.sealed)) };
  return {
    records,
    ...(complete ? {} : { code: 'provider-unknown' as const }),
    ...(reading.keep === true ? { read } : {}),
  };
}
