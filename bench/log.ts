// What answers that can be checked cost: proofs made and verified, epochs, a whole reply and its size, and how long a deposit
// waits for its receipt (log-receipts.ts).
import { randomBytes } from 'node:crypto';
import { bucketNumber, formatEntry, formatIndex, padLength, type Entry } from '../src/protocol/bucket.ts';
import { LIMITS } from '../src/protocol/limits.ts';
import { formatBundle } from '../src/protocol/log/bundle.ts';
import { compareRecords } from '../src/protocol/log/changes.ts';
import { formatCheckpoint } from '../src/protocol/log/checkpoint.ts';
import { bucketLeafData } from '../src/protocol/log/epoch.ts';
import { leafHash, sha256 } from '../src/protocol/log/hash.ts';
import { formatEpochLeaf } from '../src/protocol/log/leaf-text.ts';
import { mapPath, updateMap } from '../src/protocol/log/map.ts';
import { makeConsistency, makeInclusion, memoryTree, treeRoot } from '../src/protocol/log/merkle.ts';
import { verifyConsistency, verifyInclusion } from '../src/protocol/log/merkle-verify.ts';
import { formatNote, signNote } from '../src/protocol/log/note.ts';
import { verifyBundle, type BucketReply, type BucketRequest } from '../src/protocol/log/verify-bundle.ts';
import type { LogPolicy } from '../src/protocol/log/verify-epoch.ts';
import { KEY_TYPES } from '../src/protocol/log/vkey.ts';
import { formatB64u, utf8 } from '../src/protocol/wire.ts';
import { importSigner } from '../test/protocol/log/signers.ts';
import { benchEpochs } from './log-epochs.ts';
import { benchReceipts } from './log-receipts.ts';
import { compare, print, type Line } from './measure.ts';
import { naiveClimb, naivePath } from './naive-merkle.ts';

const random = (octets: number): Uint8Array => new Uint8Array(randomBytes(octets));

export async function benchLog(): Promise<Record<string, Line[]>> {
  return { ...(await benchProofs()), ...(await benchReply()), ...(await benchEpochs()), ...(await benchReceipts()) };
}

/** A log of a day with an epoch a second. */
const EPOCHS = 86_400;

async function benchProofs(): Promise<Record<string, Line[]>> {
  const leaves = Array.from({ length: EPOCHS }, () => random(32));
  const tree = memoryTree(leaves);
  const [root, old] = [treeRoot(EPOCHS, tree), EPOCHS - 3_601];
  const oldRoot = treeRoot(old, tree);
  const proof = makeInclusion(old, EPOCHS, tree);
  const consistency = makeConsistency(old, EPOCHS, tree);
  const leaf = leaves[old] ?? new Uint8Array(32);
  const results: Record<string, Line[]> = {};
  const tables: [string, Parameters<typeof compare>[0], number][] = [
    [
      'proofs made from stored nodes',
      [
        { name: 'consistency proof', units: 1, run: () => void makeConsistency(old, EPOCHS, tree) },
        { name: 'inclusion proof', units: 1, run: () => void makeInclusion(old, EPOCHS, tree) },
        { name: 'inclusion proof by the RFC’s text, nothing stored', units: 1, run: () => void naivePath(old, leaves) },
      ],
      3,
    ],
    [
      'proofs verified',
      [
        {
          name: 'consistency proof',
          units: 1,
          run: () => verifyConsistency({ old, size: EPOCHS, oldRoot, root, proof: consistency }),
        },
        {
          name: 'inclusion proof',
          units: 1,
          run: () => verifyInclusion({ leaf, index: old, size: EPOCHS, proof, root }),
        },
        {
          name: 'inclusion proof by the RFC’s text on node:crypto',
          units: 1,
          run: () => void Buffer.compare(naiveClimb(leaf, old, EPOCHS, proof), root),
        },
      ],
      7,
    ],
  ];
  for (const [what, subjects, rounds] of tables) {
    const title = `${what}, log of ${EPOCHS} epochs`;
    results[title] = await compare(subjects, { rounds });
    print(title, results[title]);
  }
  return results;
}

const [DEPTH, ENTRIES, NOW] = [20, 64, 1_790_000_000];

/** A reply with 64 entries and two witnesses, deep in a long log, and what a client needs to check it. */
async function makeReply(): Promise<{ reply: BucketReply; request: BucketRequest; policy: LogPolicy }> {
  const origin = 'directory.example/whereabouts';
  const name = random(32);
  const bucket = bucketNumber(name, DEPTH);
  const index = Array.from({ length: ENTRIES }, (): Entry => {
    const own = random(32);
    own.set(name.subarray(0, 3));
    return { name: own, holder: random(32), digest: random(32), length: 1_084 };
  }).toSorted(compareRecords);
  const records = index.map((entry) => ({ ...entry, leaf: leafHash(formatEntry(entry)) }));
  const leafData = bucketLeafData(DEPTH, bucket, { records, history: { length: 100, head: random(32) } });
  // Siblings all the way up, as in a map that is full.
  const siblings = Array.from({ length: DEPTH }, () => random(32));
  const beside = { get: (level: number): Uint8Array | undefined => siblings[level] };
  const { root: mapRoot } = updateMap(DEPTH, new Map([[bucket, leafHash(leafData)]]), beside);
  const config = sha256(utf8('config'));
  const more = { depth: DEPTH, mapRoot, changes: 1_000, changesRoot: random(32), config };
  const logLeaf = formatEpochLeaf({ origin, epoch: EPOCHS - 1, time: NOW * 1000, ...more });
  const leaves = [...Array.from({ length: EPOCHS - 1 }, () => random(32)), leafHash(logLeaf)];
  const tree = memoryTree(leaves);
  const text = formatCheckpoint({ origin, size: EPOCHS, root: treeRoot(EPOCHS, tree) });
  const log = await importSigner(origin, random(32));
  const witnesses = await Promise.all(
    ['witness1.example/witness', 'witness2.example/witness'].map((name) =>
      importSigner(name, random(32), KEY_TYPES.cosignature),
    ),
  );
  const lines = [await signNote(text, log), ...(await Promise.all(witnesses.map((one) => signNote(text, one, NOW))))];
  const bundle = formatBundle({
    depth: DEPTH,
    logLeaf,
    leafData,
    path: mapPath(DEPTH, bucket, beside),
    epoch: EPOCHS - 1,
    hashes: makeInclusion(EPOCHS - 1, EPOCHS, tree),
    checkpoint: formatNote(text, lines),
  });
  return {
    reply: { index: formatB64u(formatIndex(index)), bundle },
    request: { name, depth: DEPTH, config, now: NOW },
    policy: { origin, log: log.key, witnesses: witnesses.map(({ key }) => ({ key })), quorum: 2 },
  };
}

async function benchReply(): Promise<Record<string, Line[]>> {
  const { reply, request, policy } = await makeReply();
  const bare = utf8(JSON.stringify({ ...reply, pad: '' })).length;
  const octets = bare + padLength(bare, LIMITS.bucketPadOctets);
  const keys = [policy.log, ...policy.witnesses.map(({ key }) => key)];
  const message = new Uint8Array(randomBytes(200));
  const pairs = await Promise.all(
    keys.map(async () => {
      const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
      if (!('publicKey' in pair)) throw new Error('not a key pair');
      return { key: pair.publicKey, signature: await crypto.subtle.sign('Ed25519', pair.privateKey, message) };
    }),
  );
  const lines = await compare([
    {
      name: 'all of §6.6 but the evaluation and growth',
      units: 1,
      run: async () => {
        const { entries } = await verifyBundle(reply, request, policy);
        if (entries.length > 0) throw new Error('not a miss');
      },
    },
    {
      name: 'only three Ed25519 signatures by WebCrypto',
      units: 1,
      run: async () => {
        for (const { key, signature } of pairs) await crypto.subtle.verify('Ed25519', key, signature, message);
      },
    },
  ]);
  const milliseconds = 1_000 / (lines[0]?.perSecond ?? 0);
  const title =
    `a miss among ${ENTRIES} entries, depth ${DEPTH}, 2 witnesses, verified in ${milliseconds.toFixed(2)} ms (aim 3); ` +
    `${octets} octets of JSON, ${bare} before padding (aim 12288)`;
  print(title, lines);
  return { [title]: lines };
}
