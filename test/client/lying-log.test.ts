// A directory that breaks one rule at a time, with its own valid signature: who notices, and with which code. The client is
// Alice, who demands two witnesses; the monitor Bob's, which ran before the lie; auditor and witness are the pure protocol
// code over what the directory publishes. A witness cosigns what it accepts, and nothing else.
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryMonitorStore, type MonitorStore } from '../../src/client/monitor-state.ts';
import { monitor, type OwnRecord } from '../../src/client/monitor.ts';
import type { Registration } from '../../src/client/registration.ts';
import { withdraw } from '../../src/client/withdraw.ts';
import { formatEntry, type Entry } from '../../src/protocol/bucket.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { advanceAudit, auditEpoch, beginAudit, verifyAudited } from '../../src/protocol/log/audit.ts';
import { formatBucketLeaf, parseBucketLeaf, type BucketLeaf } from '../../src/protocol/log/bucket-leaf.ts';
import { compareRecords } from '../../src/protocol/log/changes.ts';
import { parseCheckpoint } from '../../src/protocol/log/checkpoint.ts';
import { verifyEvidence } from '../../src/protocol/log/evidence.ts';
import { leafHash } from '../../src/protocol/log/hash.ts';
import { makeConsistency, memoryTree, treeHash } from '../../src/protocol/log/merkle.ts';
import { parseNote } from '../../src/protocol/log/note.ts';
import { judgeAddCheckpoint, type WitnessState } from '../../src/protocol/log/witness.ts';
import { generateKeyPair } from '../../src/protocol/oprf.ts';
import { parseB64u } from '../../src/protocol/wire.ts';
import { keyOf, type Forged, type MemoryDirectory, type Stored } from '../support/memory-directory.ts';
import {
  BOB,
  BOBCHAT,
  DIRECTORY,
  EVECHAT,
  codeOf,
  openLogWorld,
  random,
  type Asker,
  type LogWorld,
} from './log-world.ts';

let world: LogWorld;
let alice: Asker;
let bob: Asker;
let eve: Asker;
let mine: Registration & { kept: NonNullable<Registration['kept']> };
let store: MonitorStore;
let seen: WitnessState;
const table: string[][] = [['lie', 'client', 'monitor', 'auditor', 'witness']];

beforeEach(async () => {
  world = await openLogWorld();
  const pin = { log: world.signer.key, witnesses: world.witnesses.map(({ key }) => ({ key })), quorum: 2 };
  [alice, bob, eve] = [await world.open(pin), await world.open(), await world.open()];
  mine = await world.register(bob, BOBCHAT);
  store = createMemoryMonitorStore();
  seen = stateOf(world.honest);
  expect(await watch()).toBe('clean');
  expect(await ask()).toBe('found');
  world.advance(1);
});

afterAll(() => {
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
});

const stateOf = ({ note }: MemoryDirectory): WitnessState => ({ ...parseCheckpoint(parseNote(note).text), note });

async function ask(): Promise<string> {
  const { outcome, directories, routes } = await alice.client.where(BOB);
  return directories[0]?.code ?? (routes.some(({ provider }) => provider.domain === EVECHAT) ? 'hijacked' : outcome);
}

async function watch(change: Partial<OwnRecord> = {}): Promise<string> {
  const { name, holder, digest } = mine;
  const directory = bob.context.directory(DIRECTORY);
  const watched = [{ name, own: [{ holder, digest, ...change }] }];
  for await (const { outcome, code, sightings } of monitor({ directory, store, clock: world.clock }, watched))
    return outcome === 'alarm' ? sightings.map(({ kind }) => kind).join(' ') : (code ?? outcome);
  return 'no report';
}

/** Replays everything from epoch 0, and compares with the checkpoint that is shown. */
async function audit(directory: MemoryDirectory): Promise<string> {
  let state = beginAudit(directory.origin);
  return codeOf(
    (async () => {
      for (const [epoch, leaf] of directory.logLeaves.entries())
        state = advanceAudit(state, auditEpoch(state, leaf, directory.changeLists[epoch] ?? new Uint8Array()));
      verifyAudited(state, stateOf(directory));
    })(),
  );
}

/** What a witness that cosigned the honest log last does with this one; without its consent the cosignatures are gone. */
async function witness(directory: MemoryDirectory): Promise<string> {
  const note = directory.note;
  const checkpoint = { ...parseCheckpoint(parseNote(note).text), extensions: [] };
  const leaves = directory.logLeaves.map(leafHash);
  const grown = checkpoint.size > seen.size;
  const proof = grown ? makeConsistency(seen.size, checkpoint.size, memoryTree(leaves)) : [];
  const old = Math.min(seen.size, checkpoint.size);
  const verdict = await judgeAddCheckpoint({ old, proof, note, checkpoint }, [world.signer.key], seen);
  if (verdict.status === 200) return 'accepts';
  // What it cosigned when it was the newest stays cosigned.
  if (world.honest.notes.includes(note)) return `refuses ${verdict.status}`;
  const isCosigned = new RegExp(`^— (?:${world.witnesses.map(({ key }) => key.name).join('|')}) .*\n`, 'gm');
  directory.notes[directory.notes.length - 1] = note.replaceAll(isCosigned, '');
  return `refuses ${verdict.status}`;
}

interface Verdicts {
  readonly client: string;
  readonly monitor: string;
  readonly auditor: string;
  readonly witness: string;
}

/** Shows the lie to everybody. `served`: what Alice and the witness are shown, where it is another log. */
async function expose(
  title: string,
  expected: Verdicts,
  lie: { served?: MemoryDirectory; own?: Partial<OwnRecord> } = {},
): Promise<void> {
  const served = lie.served ?? world.honest;
  const verdicts: Verdicts = {
    witness: await witness(served),
    client: ((alice.served = served), await ask()),
    monitor: await watch(lie.own),
    auditor: (await audit(served)).replace('no failure', 'accepts'),
  };
  table.push([title, verdicts.client, verdicts.monitor, verdicts.auditor, verdicts.witness]);
  expect(verdicts).toEqual(expected);
}

const storedOf = ({ holder }: Registration): Stored => {
  const found = [...world.honest.records.values()].find(({ entry }) => equal(entry.holder, parseB64u(holder, 32)));
  if (found === undefined) throw new Error('no record');
  return found;
};
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** A record of Eve's under Bob's name, made in another world of the same keys: not in this log yet. */
async function hijack(): Promise<Stored> {
  const aside = await world.honest.fork((step) => step);
  eve.served = aside;
  const registration = await world.register(eve, EVECHAT);
  const found = [...aside.records.values()].find(({ entry }) =>
    equal(entry.holder, parseB64u(registration.holder, 32)),
  );
  if (found === undefined) throw new Error('no record');
  return found;
}

/** The bucket of Bob's name with other entries, and a leaf that fits them but for `change`. */
function forge(index: readonly Entry[], change: Partial<BucketLeaf> = {}): ReadonlyMap<number, Forged> {
  const bucket = world.honest.bucketOf(parseB64u(mine.name, 32));
  const leaf = parseBucketLeaf(world.honest.leafData(bucket));
  if (leaf === undefined) throw new Error('a bucket never used');
  const entriesRoot = treeHash(index.map((entry) => leafHash(formatEntry(entry))));
  const leafData = formatBucketLeaf({ ...leaf, count: index.length, entriesRoot, ...change });
  return new Map([[bucket, { index, leafData }]]);
}

describe('who notices', () => {
  test('another record for one requester', async () => {
    const record = await hijack();
    const other = await world.honest.fork((step) => step);
    await other.publish({ set: [record] });
    await world.honest.publish();
    seen = stateOf(world.honest);
    const verdicts = { client: 'witnesses-missing', monitor: 'clean', auditor: 'accepts', witness: 'refuses 409' };
    await expose('another record for one requester', verdicts, { served: other });
  });

  test('a fork, shown to somebody who saw the other branch', async () => {
    const other = await world.honest.fork((step) => step);
    await world.honest.publish();
    expect(await ask()).toBe('found');
    world.advance(1);
    await other.publish({ set: [await hijack()] });
    // Without asking for witnesses, too: what was seen is enough.
    const lonely = await world.open();
    await lonely.client.where(BOB);
    lonely.served = other;
    expect((await lonely.client.where(BOB)).directories[0]?.code).toBe('log-forked');
    const [evidence] = await lonely.checkpoints.listEvidence();
    const [a = '', b = ''] = evidence?.notes ?? [];
    await verifyEvidence({ kind: 'two-notes', a, b }, world.signer.key);
    seen = stateOf(world.honest);
    alice = lonely;
    const verdicts = { client: 'log-forked', monitor: 'clean', auditor: 'accepts', witness: 'refuses 409' };
    await expose('a fork', verdicts, { served: other });
  });

  test('a log that is rewritten and goes on', async () => {
    const other = await world.honest.fork((step) => ({ ...step, now: step.now + 1 }));
    await world.honest.publish();
    await other.publish();
    await other.publish();
    seen = stateOf(world.honest);
    const lonely = await world.open();
    await lonely.client.where(BOB);
    alice = lonely;
    const verdicts = { client: 'consistency-invalid', monitor: 'clean', auditor: 'accepts', witness: 'refuses 422' };
    await expose('a log rewritten', verdicts, { served: other });
  });

  test('a record left out of a reply', async () => {
    const spoil: Asker['spoil'] = async (url, reply) => {
      if (!/^\/v1\/buckets\/4\/\d+$/.test(url.pathname)) return reply;
      const text = await reply.text();
      return new Response(
        text.replace(/"index":"[^"]*"/, (index) => `"index":""${' '.repeat(index.length - 10)}`),
        {
          headers: { 'content-type': 'application/json' },
        },
      );
    };
    [alice.spoil, bob.spoil] = [spoil, spoil];
    const verdicts = { client: 'bucket-invalid', monitor: 'bucket-invalid', auditor: 'accepts', witness: 'accepts' };
    await expose('hides a record in a reply', verdicts);
    expect((await alice.checkpoints.listEvidence()).map(({ code }) => code)).toEqual(['bucket-invalid']);
  });

  test('a record removed though nobody withdrew it', async () => {
    await world.honest.publish({ remove: [storedOf(mine).entry] });
    const verdicts = { client: 'absent', monitor: 'missing', auditor: 'accepts', witness: 'accepts' };
    await expose('hides a record by removing it', verdicts);
  });

  test('an old state', async () => {
    const old = await world.honest.fork((step) => step);
    await world.honest.publish();
    expect(await ask()).toBe('found');
    seen = stateOf(world.honest);
    const verdicts = { client: 'checkpoint-stale', monitor: 'clean', auditor: 'accepts', witness: 'refuses 409' };
    await expose('an old state, minutes later', verdicts, { served: old });
  });

  test('an old state to somebody who saw nothing newer', async () => {
    world.advance(901);
    const verdicts = { client: 'epoch-stale', monitor: 'epoch-stale', auditor: 'accepts', witness: 'accepts' };
    alice = await world.open();
    await expose('an old state, 15 minutes later', verdicts);
  });

  test('an evaluation under another key', async () => {
    const [listed] = world.honest.oprf;
    if (listed === undefined) throw new Error('no key');
    world.honest.oprf.splice(0, 1, { ...generateKeyPair(nobleGroup, random), publicKey: listed.publicKey });
    const verdicts = { client: 'evaluation-invalid', monitor: 'clean', auditor: 'accepts', witness: 'accepts' };
    await expose('wrong OPRF key', verdicts);
  });

  test('another configuration than the one in the log', async () => {
    const key = generateKeyPair(nobleGroup, random);
    const old = world.honest.configText();
    world.honest.oprf.splice(0, 1, key);
    for (const hash of world.honest.configs.keys()) world.honest.configs.set(hash, world.honest.configText());
    expect(world.honest.configText()).not.toBe(old);
    alice = await world.open();
    bob = await world.open();
    const verdicts = { client: 'config-invalid', monitor: 'config-invalid', auditor: 'accepts', witness: 'accepts' };
    await expose('wrong OPRF key in the configuration', verdicts);
  });

  test('a hijack for one epoch', async () => {
    const record = await hijack();
    await world.honest.publish({ set: [record] });
    expect(await ask()).toBe('hijacked');
    world.advance(1);
    await world.honest.publish({ remove: [record.entry] });
    const verdicts = { client: 'found', monitor: 'stranger', auditor: 'accepts', witness: 'accepts' };
    await expose('a hijack for one epoch', verdicts);
  });

  test('a history rewound', async () => {
    const before = parseBucketLeaf(world.honest.leafData(world.honest.bucketOf(parseB64u(mine.name, 32))));
    const record = await hijack();
    await world.honest.publish({ set: [record] });
    expect(await watch()).toBe('stranger');
    world.advance(1);
    const forged = forge([storedOf(mine).entry], { ...before });
    await world.honest.publish({ remove: [record.entry], forged });
    const verdicts = { client: 'found', monitor: 'bucket-invalid', auditor: 'map-invalid', witness: 'accepts' };
    await expose('a history rewound', verdicts);
  });

  test('a record without an entry in the history', async () => {
    const record = await hijack();
    const { entry } = record;
    world.honest.records.set(keyOf(entry), record);
    await world.honest.publish({ forged: forge([storedOf(mine).entry, entry].toSorted(compareRecords)) });
    const verdicts = {
      client: 'hijacked',
      monitor: 'bucket-invalid',
      auditor: 'map-invalid',
      witness: 'accepts',
    };
    await expose('a record without a history entry', verdicts);
  });

  test('an entry in the wrong bucket', async () => {
    const own = storedOf(mine).entry;
    const name = Uint8Array.from(own.name, (octet, at) => (at === 0 ? octet ^ 0x80 : octet));
    await world.honest.publish({ forged: forge([own, { ...own, name }].toSorted(compareRecords)) });
    const verdicts = {
      client: 'bucket-invalid',
      monitor: 'bucket-invalid',
      auditor: 'map-invalid',
      witness: 'accepts',
    };
    await expose('an entry in the wrong bucket', verdicts);
  });

  test('an entry twice', async () => {
    const own = storedOf(mine).entry;
    await world.honest.publish({ forged: forge([own, own]) });
    const verdicts = {
      client: 'bucket-invalid',
      monitor: 'bucket-invalid',
      auditor: 'map-invalid',
      witness: 'accepts',
    };
    await expose('an entry twice', verdicts);
  });

  test('a deposit replayed after it was withdrawn', async () => {
    const stored = storedOf(mine);
    await withdraw(bob.context, mine);
    expect(await watch({ withdrawn: 2 })).toBe('clean');
    world.advance(1);
    await world.honest.publish({ set: [stored] });
    const verdicts = { client: 'found', monitor: 'returned', auditor: 'accepts', witness: 'accepts' };
    await expose('a deposit replayed after withdrawal', verdicts, { own: { withdrawn: 2 } });
  });
});
