// Every octet of every reply that a client, a monitor or an auditor verifies, changed in two ways: it is refused, or what is
// verified is the same. Where an octet may change unnoticed is named: padding, and what is not needed of a note or a tile.
import { isDeepStrictEqual } from 'node:util';
import { sha256 } from '@noble/hashes/sha2.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { Auditor } from '../../src/client/auditor.ts';
import { readEpochLeaf } from '../../src/client/epoch-leaf.ts';
import { createLogReader } from '../../src/client/log-reader.ts';
import { logPolicy } from '../../src/client/log-pin.ts';
import { createMemoryMonitorStore } from '../../src/client/monitor-state.ts';
import { monitor } from '../../src/client/monitor.ts';
import { splitSealed, type Entry } from '../../src/protocol/bucket.ts';
import { WhereaboutsError } from '../../src/protocol/errors.ts';
import {
  openCheckpoint,
  verifyQuorum,
  type LogPolicy,
  type VerifiedEpoch,
} from '../../src/protocol/log/verify-epoch.ts';
import { HISTORY_ENTRY_OCTETS } from '../../src/protocol/log/history.ts';
import { equalOctets, formatHex } from '../../src/protocol/wire.ts';
import { DIRECTORY } from './log-world.ts';
import { openRecord, type Recorded } from './recorded.ts';

let on: Recorded;
let policy: LogPolicy;
/** Of the newest epoch. */
let config: Uint8Array;
let root: Uint8Array;

beforeAll(async () => {
  on = await openRecord();
  policy = logPolicy(DIRECTORY, on.pin, undefined);
  ({ root } = await openCheckpoint(on.honest.note, policy));
  config = (await readHead()).leaf.config;
  // Everything is on record before anything is changed.
  const bucket = await (await on.open()).readBucket({ name: on.name, depth: 5, config }, on.until());
  await (await on.open()).readSealed(bucket, on.until());
  await Promise.all([readHead(on.early), watch(), audit(), readCheckpoint(), readLeaf()]);
});

type Span = readonly [from: number, to: number];

interface Target {
  /** Which reply, by method and path. */
  readonly key: string;
  /** What comes of the reply once it is verified. */
  readonly read: () => Promise<unknown>;
  /** Where it may be changed unnoticed. */
  readonly free?: (text: string) => readonly Span[];
}

/** From where to where `pattern` matches a text of one character an octet. */
const spans = (text: string, pattern: RegExp): Span[] =>
  [...text.matchAll(pattern)].map(({ index, 0: match }) => [index, index + match.length]);
/** A witness's line may become one of a key nobody knows: the other is enough. */
const witnessLines = (text: string): Span[] => spans(text, /(?<=\n|\\n)[^ ]+ w[12]\.example [\w+/]+=*/g);
const padding = (text: string): Span[] => spans(text, /(?<="pad":")0*/g);
const inReply = (text: string): Span[] => [...witnessLines(text), ...padding(text)];

/** Without the note itself and the names of those who cosigned: how many are asked for was checked. */
const essence = ({ leaf, checkpoint: { origin, size, root } }: VerifiedEpoch) => ({ leaf, origin, size, root });

const bucketPath = (depth = 5): string => `/v1/buckets/${depth}/${(on.name[0] ?? 0) >> (8 - depth)}`;

async function readBucket() {
  const found = await (await on.open()).readBucket({ name: on.name, depth: 5, config }, on.until());
  const { index, entries, bucketLeaf, bucket } = found;
  return { ...essence(found), index, entries, bucketLeaf, bucket };
}

async function readHead(seen?: string) {
  const head = await (await on.open(seen)).head(on.until());
  return { ...essence(head), config: head.config };
}

async function watch() {
  const { holder, digest } = on.mine;
  const parts = { directory: await on.open(), store: createMemoryMonitorStore(), clock: on.world.clock };
  for await (const report of monitor(parts, [{ name: on.mine.name, own: [{ holder, digest }] }])) {
    if (report.code !== undefined) throw new WhereaboutsError(report.code, report.outcome);
    return report;
  }
  throw new Error('no report');
}

async function audit() {
  let checkpoint: string | undefined;
  const auditor = new Auditor({
    reader: createLogReader({ fetch: on.fetch, clock: on.world.clock }, async () => `https://${DIRECTORY}`),
    policy: async () => policy,
    clock: on.world.clock,
    store: {
      findCheckpoint: async () => checkpoint,
      saveCheckpoint: async (note) => void (checkpoint = note),
      findSnapshot: async () => undefined,
      saveSnapshot: async () => undefined,
      accuse: async () => undefined,
    },
  });
  const { size, root } = await auditor.follow();
  return { size, root };
}

async function readCheckpoint() {
  const reader = createLogReader({ fetch: on.fetch, clock: on.world.clock }, async () => `https://${DIRECTORY}`);
  const { origin, size, root, ...signed } = await openCheckpoint(await reader.readCheckpoint(), policy);
  verifyQuorum({ origin, size, root, ...signed }, policy, Math.floor(on.world.clock() / 1000));
  return { origin, size, root };
}

const readLeaf = async () =>
  (await on.open()).read(on.until(), (source) => readEpochLeaf(source, { size: 6, root }, 2));

/** Not by way of HTTP, for speed: most of it is zeros, and each has to stay one. */
function readSealed(entries: readonly Entry[], octets: Uint8Array): string[] {
  const records = splitSealed(entries, octets);
  for (const [i, record] of records.entries())
    if (!equalOctets(sha256(record), entries[i]?.digest ?? record)) throw new WhereaboutsError('record-invalid');
  return records.map(formatHex);
}

const body = { sealed: '', deposit: '', attestations: [] };

const TARGETS: Readonly<Record<string, () => Target>> = {
  'bucket reply': () => ({ key: `GET ${bucketPath()}`, read: readBucket, free: inReply }),
  'newest epoch (tlog-proof)': () => ({ key: 'GET /v1/epoch', read: () => readHead(), free: witnessLines }),
  config: () => ({
    key: [...on.replies.keys()].find((key) => key.startsWith('GET /v1/config/')) ?? '',
    read: () => readHead(),
  }),
  receipt: () => ({
    key: `PUT /v1/records/${on.other.name}`,
    read: async () => {
      const { holder, digest } = on.other;
      return (await on.open()).deposit(on.other.name, body, { holder, digest }, on.until());
    },
    free: witnessLines,
  }),
  'receipt for a withdrawal': () => ({
    key: `POST /v1/records/${on.other.name}/withdrawal`,
    read: async () => (await on.open()).withdraw(on.other.name, '', on.other.holder, on.until()),
    free: witnessLines,
  }),
  'history of the bucket': () => ({ key: `GET ${bucketPath(5)}/history?from=0`, read: watch }),
  'history before the depth changed': () => ({
    key: `GET ${bucketPath(4)}/history?from=0`,
    read: watch,
    // What seems to be of a later time with this depth is not used: that of the time before is asked for. The epoch of each
    // entry may say so; there are two where both names fell in one bucket.
    free: (text) =>
      Array.from({ length: text.length / HISTORY_ENTRY_OCTETS }, (_, entry) => {
        const from = entry * HISTORY_ENTRY_OCTETS;
        return [from, from + 8] as const;
      }),
  }),
  'note (checkpoint)': () => ({ key: 'GET /log/checkpoint', read: readCheckpoint, free: witnessLines }),
  'change list': () => ({ key: 'GET /v1/epochs/2/changes', read: audit }),
  'tile of hashes': () => ({
    key: 'GET /log/tile/0/000.p/6',
    read: () => readHead(on.early),
    // The two leaves that were seen before make up one node, which is known.
    free: () => [[0, 64]],
  }),
  'tile of entries': () => ({
    key: 'GET /log/tile/entries/000.p/6',
    read: readLeaf,
    // Of the other epochs' leaves nothing is taken; their lengths lead to this one.
    free: (text) =>
      [...text.matchAll(/whereabouts\/epoch[^]*?config .*\n/g)].flatMap(({ index, 0: leaf }, epoch) =>
        epoch === 2 ? [] : [[index, index + leaf.length] as const],
      ),
  }),
};

/** Two others for an octet: a bit turned over, and one that could stand there as well. */
function substitutes(octet: number, at: number): [flipped: number, other: number] {
  const flipped = octet ^ (1 << (at % 8));
  const character = String.fromCharCode(octet);
  const other = /[0-8a-yA-Y]/.test(character) ? octet + 1 : octet === 0 ? 0xff : octet - 1;
  return [flipped, other === flipped ? octet ^ 0xff : other];
}

/** Refusals that a changed reply may meet: those of §6.6, and those of a reply, text or record that is not one. */
const REFUSALS: ReadonlySet<string> = new Set([
  'bucket-invalid',
  'bundle-invalid',
  'changes-invalid',
  'checkpoint-invalid',
  'config-changed',
  'config-invalid',
  'consistency-invalid',
  'depth-changed',
  'epoch-invalid',
  'epoch-stale',
  'inclusion-invalid',
  'map-invalid',
  'peer-unreachable',
  'record-invalid',
  'witnesses-missing',
]);

interface Tally {
  tried: number;
  same: number;
  readonly refused: Record<string, number>;
}

/** Reads every octet's substitutes, and judges what came of each; vitest's own comparisons would take most of the time. */
async function tryAll(octets: Uint8Array, read: (changed: Uint8Array) => Promise<unknown>, free: readonly Span[]) {
  const tally: Tally = { tried: 0, same: 0, refused: {} };
  const want = await read(octets);
  for (const [at, octet] of octets.entries())
    for (const other of substitutes(octet, at)) {
      const changed = Uint8Array.from(octets);
      changed[at] = other;
      tally.tried++;
      try {
        if (!isDeepStrictEqual(await read(changed), want)) throw new Error(`octet ${at} as ${other}: another result`);
        if (!free.some(([from, to]) => from <= at && at < to)) throw new Error(`octet ${at} as ${other}: unnoticed`);
        tally.same++;
      } catch (error) {
        if (!(error instanceof WhereaboutsError)) throw error;
        if (!REFUSALS.has(error.code)) throw new Error(`octet ${at} as ${other}: ${error.code}`, { cause: error });
        tally.refused[error.code] = (tally.refused[error.code] ?? 0) + 1;
      }
    }
  return tally;
}

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

describe('replies with one octet changed', () => {
  test.each(Object.entries(TARGETS))('%s', async (title, target) => {
    const { key, read, free = () => [] } = target();
    const octets = on.replies.get(key) ?? new Uint8Array();
    expect(octets.length, `${key} is on record`).toBeGreaterThan(0);
    const spared = free(Buffer.from(octets).toString('latin1'));
    const tally = await tryAll(octets, async (changed) => (on.change(key, changed), read()), spared);
    on.restore();
    process.stdout.write(`${title}: ${octets.length} octets, ${JSON.stringify(tally)}\n`);
    expect(tally.tried).toBe(2 * octets.length);
    expect(tally.same + sum(tally.refused)).toBe(tally.tried);
    expect(sum(tally.refused)).toBeGreaterThan(0);
    // Both outcomes are there where both can be.
    if (spared.length > 0) expect(tally.same).toBeGreaterThan(0);
    else expect(tally.same).toBe(0);
  });

  test('sealed records', async () => {
    const octets = on.replies.get(`GET ${bucketPath()}/sealed`) ?? new Uint8Array();
    const { index } = await readBucket();
    const tally = await tryAll(octets, async (changed) => readSealed(index, changed), []);
    process.stdout.write(`sealed records: ${octets.length} octets, ${JSON.stringify(tally)}\n`);
    expect(octets.length).toBe(16_384);
    expect(tally).toEqual({ tried: 32_768, same: 0, refused: { 'record-invalid': 32_768 } });
  });
});
