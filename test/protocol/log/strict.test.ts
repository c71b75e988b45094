// Checks that no vector turns over: each alone makes the difference here, with everything around it right.
import { describe, expect, test } from 'vitest';
import { bucketNumber } from '../../../src/protocol/bucket.ts';
import { formatBucketLeaf, parseBucketLeaf } from '../../../src/protocol/log/bucket-leaf.ts';
import { formatBundle } from '../../../src/protocol/log/bundle.ts';
import { formatChange, parseChanges } from '../../../src/protocol/log/changes.ts';
import { formatCheckpoint, parseCheckpoint } from '../../../src/protocol/log/checkpoint.ts';
import { sequenceChanges, sequenceDepth } from '../../../src/protocol/log/epoch.ts';
import { verifyEvidence } from '../../../src/protocol/log/evidence.ts';
import { ZEROS, leafHash, nodeHash, sha256 } from '../../../src/protocol/log/hash.ts';
import { EMPTY_HISTORY, depthEntry, extendHistory, verifyHistory } from '../../../src/protocol/log/history.ts';
import { formatEpochLeaf, parseEpochLeaf } from '../../../src/protocol/log/leaf-text.ts';
import { parseField } from '../../../src/protocol/log/lines.ts';
import { emptyRoot, mapPath } from '../../../src/protocol/log/map.ts';
import { makeConsistency, makeInclusion, memoryTree, treeRoot } from '../../../src/protocol/log/merkle.ts';
import { verifyConsistency, verifyInclusion } from '../../../src/protocol/log/merkle-verify.ts';
import { cosignatureTime, formatNote, openNote, parseNote, signNote } from '../../../src/protocol/log/note.ts';
import { formatTile } from '../../../src/protocol/log/tile.ts';
import { parseTlogProof } from '../../../src/protocol/log/tlog-proof.ts';
import { verifyBundle } from '../../../src/protocol/log/verify-bundle.ts';
import { KEY_TYPES, createVkey } from '../../../src/protocol/log/vkey.ts';
import { utf8 } from '../../../src/protocol/wire.ts';
import { codeOf } from './support.ts';
import { importSigner } from './signers.ts';

const hash = (text: string): Uint8Array => sha256(utf8(text));

test('bucket leaf data', async () => {
  const leaf = { depth: 4, index: 1, count: 0, entriesRoot: ZEROS, historyLength: 1, historyHead: ZEROS };
  const good = formatBucketLeaf(leaf);
  const at = (offset: number, octet: number) => good.map((old, i) => (i === offset ? octet : old));
  expect(parseBucketLeaf(good)).toEqual(leaf);
  expect(parseBucketLeaf(new Uint8Array(0))).toBeUndefined();
  const wrong = [
    new Uint8Array([...good, 0]),
    good.subarray(1),
    at(0, 0),
    ...[25, 26, 27, 36, 37, 38, 39].map((offset) => at(offset, 1)),
    at(79, 0),
    at(72, 0xff),
  ];
  for (const octets of wrong) expect(await codeOf(() => parseBucketLeaf(octets))).toBe('bucket-invalid');
});

test('a line that is not there has no field', async () => {
  expect(parseField('old 7', 'old')).toBe('7');
  for (const line of [undefined, '', 'old', 'older 7', ' old 7'])
    expect(await codeOf(() => parseField(line, 'old'))).toBe('request-invalid');
});

test('a change list cut within a change', async () => {
  const octets = formatChange({ name: hash('n'), holder: hash('h'), new: ZEROS });
  expect(parseChanges(octets).length).toBe(1);
  for (const wrong of [octets.subarray(1), new Uint8Array([...octets, 0])])
    expect(await codeOf(() => parseChanges(wrong))).toBe('changes-invalid');
});

test('log leaf text', async () => {
  const leaf = {
    origin: 'o',
    epoch: 0,
    time: 0,
    depth: 32,
    mapRoot: ZEROS,
    changes: 0,
    changesRoot: ZEROS,
    config: ZEROS,
  };
  const good = new TextDecoder().decode(formatEpochLeaf(leaf));
  expect(parseEpochLeaf(utf8(good))).toEqual(leaf);
  const wrong = [
    good.replace('epoch/v1', 'epoch/v2'),
    good.replace('\no\n', '\n\n'),
    good.replace('changes 0 ', 'changes 0  '),
    good.replace(/changes 0 (\S+)/, 'changes 0 $1 x'),
    good.replace(/changes 0 \S+/, 'changes 0'),
    good.replace('depth 32', 'depth 33'),
    good.replace('epoch 0', 'epoch 00'),
    good.replace('time 0', 'time 9007199254740992'),
    good.slice(0, -1),
    `${good.slice(0, -1)}x`,
    `${good}\n`,
    `\ufeff${good}`,
  ];
  for (const text of wrong) expect(await codeOf(() => parseEpochLeaf(utf8(text))), text).toBe('epoch-invalid');
});

test('a checkpoint without origin', async () => {
  const text = formatCheckpoint({ origin: '', size: 1, root: ZEROS });
  expect(await codeOf(() => parseCheckpoint(text))).toBe('checkpoint-invalid');
});

test('a proof that is nothing but its head', async () => {
  expect(await codeOf(() => parseTlogProof('c2sp.org/tlog-proof@v1\nindex 5\n'))).toBe('bundle-invalid');
});

test('histories: the length counts as much as the head, and time does not go back', async () => {
  const [late, early] = [depthEntry(5, hash('late')), depthEntry(3, hash('early'))];
  const verify = (entries: (typeof late)[], length: number) => {
    const { head } = entries.reduce(extendHistory, EMPTY_HISTORY);
    return codeOf(() => verifyHistory(EMPTY_HISTORY, entries, { length, head }));
  };
  expect(await verify([early, late], 2)).toBe('accepted');
  expect(await verify([early, late], 3)).toBe('bucket-invalid');
  expect(await verify([late, early], 2)).toBe('bucket-invalid');
  const other = { length: 2, head: hash('other') };
  expect(await codeOf(() => verifyHistory(EMPTY_HISTORY, [early, late], other))).toBe('bucket-invalid');
});

describe('what can only be asked for by mistake', () => {
  const tree = memoryTree([hash('a'), hash('b'), hash('c')]);
  const nothing = { get: () => undefined };
  const epoch = { origin: 'o', config: ZEROS, now: 1 };
  const previous = (depth: number) => ({ epoch: 0, time: 0, depth, mapRoot: ZEROS });
  test.each<[string, () => unknown]>([
    ['a leaf before the first', () => makeInclusion(-1, 3, tree)],
    ['a leaf after the last', () => makeInclusion(3, 3, tree)],
    ['growth from nothing', () => makeConsistency(0, 3, tree)],
    ['growth backwards', () => makeConsistency(4, 3, tree)],
    ['a node that is not there', () => tree(1, 1)],
    ['a hash cut on the left', () => nodeHash(ZEROS.subarray(1), ZEROS)],
    ['a hash cut on the right', () => nodeHash(ZEROS, ZEROS.subarray(1))],
    ['a bucket before the first', () => mapPath(4, -1, nothing)],
    ['a bucket after the last', () => mapPath(4, 16, nothing)],
    ['half a bucket', () => mapPath(4, 0.5, nothing)],
    ['a map of 33 levels', () => emptyRoot(33)],
    ['hashes of entries', () => formatTile({ level: 'entries', index: 0n, width: 1 }, tree)],
    ['a depth below 0', () => sequenceDepth({ ...epoch, previous: previous(0), depth: -1, buckets: new Map() })],
    ['a depth above 32', () => sequenceDepth({ ...epoch, previous: previous(32), depth: 33, buckets: new Map() })],
  ])('%s', (_, work) => {
    expect(work).toThrow(RangeError);
  });

  test('a heartbeat reads nothing', () => {
    const fail = () => {
      throw new Error('nothing to read');
    };
    const input = { ...epoch, depth: 4, changes: [], bucket: fail, nodes: { get: fail } };
    expect(sequenceChanges({ ...input, previous: previous(4) }).leaf.mapRoot).toEqual(ZEROS);
    expect(sequenceChanges({ ...input, previous: undefined }).leaf.mapRoot).toEqual(emptyRoot(4));
  });
});

describe('proofs of sizes that are none, and of trees deeper than their size', () => {
  const leaf = hash('leaf');
  const inclusion = { leaf, index: 0, size: 1, proof: [] as Uint8Array[], root: leaf };
  const tree = memoryTree([hash('a'), hash('b'), hash('c')]);
  const growth = {
    old: 2,
    size: 3,
    oldRoot: treeRoot(2, tree),
    root: treeRoot(3, tree),
    proof: makeConsistency(2, 3, tree),
  };
  test('inclusion', async () => {
    const verify = (other: Partial<typeof inclusion>) => codeOf(() => verifyInclusion({ ...inclusion, ...other }));
    expect(await verify({})).toBe('accepted');
    const wrong: Partial<typeof inclusion>[] = [
      { index: -1 },
      { index: 1 },
      { index: 0.5 },
      { index: Number.NaN },
      { size: 1.5 },
      { size: Infinity },
      { size: Number.NaN },
      { size: 2 ** 53 },
      // The log signed a root of two leaves and calls it one.
      { proof: [ZEROS], root: nodeHash(ZEROS, leaf) },
      { proof: [ZEROS], root: nodeHash(leaf, ZEROS) },
      { leaf: leaf.subarray(1), root: leaf.subarray(1) },
      // Half a leaf more than one is not two.
      { size: 1.5, proof: [ZEROS], root: nodeHash(leaf, ZEROS) },
      // The log signed a root of one leaf and calls it two.
      { size: 2 },
    ];
    for (const other of wrong) expect(await verify(other)).toBe('inclusion-invalid');
  });
  test('consistency', async () => {
    const verify = (other: Partial<typeof growth>) => codeOf(() => verifyConsistency({ ...growth, ...other }));
    expect(await verify({})).toBe('accepted');
    const above = (root: Uint8Array) => nodeHash(ZEROS, root);
    const wrong: Partial<typeof growth>[] = [
      { old: -1 },
      { old: 1.5 },
      { old: Number.NaN },
      { size: 3.5 },
      { size: Infinity },
      { old: 0, proof: [] },
      { old: 4 },
      { old: 3, size: 2 },
      { old: 3, size: 4, proof: [] },
      { old: 0, size: 0, oldRoot: ZEROS },
      { oldRoot: above(growth.oldRoot), root: above(growth.root), proof: [...growth.proof, ZEROS] },
      { old: 3, oldRoot: growth.root, size: 4, proof: [] },
      { old: 4, oldRoot: growth.root, proof: [] },
      { old: 3, oldRoot: growth.root.subarray(1), root: growth.root.subarray(1), proof: [] },
      // The log signed the root it had before, and calls it larger.
      { root: growth.oldRoot, proof: [] },
    ];
    for (const other of wrong) expect(await verify(other), JSON.stringify(other)).toBe('consistency-invalid');
    const [a, b, c] = [hash('a'), hash('b'), hash('c')];
    // Three leaves of five, and the same one level higher than five leaves reach.
    const five = memoryTree([a, b, c, hash('d'), hash('e')]);
    const proof = makeConsistency(3, 5, five);
    const good = { old: 3, size: 5, oldRoot: treeRoot(3, five), root: treeRoot(5, five), proof };
    expect(await verify(good)).toBe('accepted');
    const deeper = { oldRoot: above(good.oldRoot), root: above(good.root), proof: [...proof, ZEROS] };
    expect(await verify({ ...good, ...deeper })).toBe('consistency-invalid');
  });
});

describe('notes with one fault beside a good line', async () => {
  const text = formatCheckpoint({ origin: 'log.example', size: 1, root: ZEROS });
  const signer = await importSigner('log.example', hash('log'));
  const line = await signNote(text, signer);
  test.each([
    ['a plus in a name', '— a+b AAAAAAA=\n'],
    ['a no-break space in a name', '— a\u00a0b AAAAAAA=\n'],
    ['no signature', '— a\n'],
    ['no name', '—\n'],
    ['four octets', '— a AAAAAA==\n'],
    ['padding left out', '— a AAAAAAA\n'],
  ])('%s', async (_, other) => {
    expect(await codeOf(() => openNote(formatNote(text, [line]), [signer.key]))).toBe('accepted');
    expect(await codeOf(() => openNote(formatNote(text, [line, other]), [signer.key]))).toBe('checkpoint-invalid');
  });

  test('a signed control character, or half a surrogate pair, which is signed as another one', async () => {
    for (const control of ['\u0007', '\t', '\r', '\u0000', '\ud800']) {
      const { privateKey } = signer;
      const bad = `${control}${text}`;
      const octets = new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, utf8(bad)));
      const base = Buffer.concat([Buffer.from(signer.key.id, 'hex'), octets]).toString('base64');
      const note = formatNote(bad, [`— log.example ${base}\n`]);
      expect(await codeOf(() => openNote(note, [signer.key]))).toBe('checkpoint-invalid');
      await expect(signNote(bad, signer)).rejects.toThrow(RangeError);
    }
  });

  test('no empty line, no time, no name', async () => {
    expect(await codeOf(() => parseNote(`${line}\n`.slice(0, -1)))).toBe('checkpoint-invalid');
    expect(await codeOf(() => parseNote(line))).toBe('checkpoint-invalid');
    expect(await codeOf(() => parseNote(`x${line}`))).toBe('checkpoint-invalid');
    expect(await codeOf(() => parseNote(`${formatNote(text, [line]).slice(0, -1)}x`))).toBe('checkpoint-invalid');
    expect(await codeOf(() => cosignatureTime(new Uint8Array(72).fill(0xff)))).toBe('checkpoint-invalid');
    for (const name of ['\ud800', 'a\u0001b'])
      expect(await codeOf(() => createVkey(name, KEY_TYPES.treeHead, ZEROS))).toBe('vkey-invalid');
  });

  test('evidence against a log is signed by its log key, of one log, and proven on both sides', async () => {
    const witness = await importSigner('log.example', hash('log'), KEY_TYPES.cosignature);
    const noteOf = async (origin: string, size: number, root: Uint8Array, by = signer, time?: number) => {
      const body = formatCheckpoint({ origin, size, root });
      return formatNote(body, [await signNote(body, by, time)]);
    };
    const judge = (a: string, b: string, key = signer.key) =>
      codeOf(() => verifyEvidence({ kind: 'two-notes', a, b }, key));
    const [x, y] = [hash('x'), hash('y')];
    expect(await judge(await noteOf('o', 1, x), await noteOf('o', 1, y))).toBe('accepted');
    expect(await judge(await noteOf('o', 1, x), await noteOf('p', 1, y))).toBe('evidence-invalid');
    const cosigned = [await noteOf('o', 1, x, witness, 7), await noteOf('o', 1, y, witness, 7)] as const;
    expect(await judge(...cosigned, witness.key)).toBe('evidence-invalid');
    const leaf = async (name: string, root = leafHash(utf8(name))) => ({
      note: await noteOf('o', 1, root),
      leaf: utf8(name),
      proof: [],
    });
    const [a, b, unproven] = [await leaf('a'), await leaf('b'), await leaf('c', x)];
    const leaves = (one: typeof a, other: typeof a) =>
      codeOf(() => verifyEvidence({ kind: 'two-leaves', index: 0, a: one, b: other }, signer.key));
    expect(await leaves(a, b)).toBe('accepted');
    expect(await leaves(unproven, b)).toBe('evidence-invalid');
    expect(await leaves(a, unproven)).toBe('evidence-invalid');
    expect(await leaves(a, a)).toBe('evidence-invalid');
  });

  test('a map one level flatter than its log leaf says (signed so)', async () => {
    // A name whose bucket has the same number in both.
    const name = ZEROS;
    const logLeaf = formatEpochLeaf({
      origin: 'log.example',
      epoch: 0,
      time: 1000,
      depth: 4,
      mapRoot: emptyRoot(3),
      changes: 0,
      changesRoot: ZEROS,
      config: ZEROS,
    });
    const checkpoint = formatCheckpoint({ origin: 'log.example', size: 1, root: leafHash(logLeaf) });
    const bundle = formatBundle({
      depth: 3,
      logLeaf,
      leafData: new Uint8Array(0),
      path: mapPath(3, bucketNumber(name, 3), { get: () => undefined }),
      epoch: 0,
      hashes: [],
      checkpoint: formatNote(checkpoint, [await signNote(checkpoint, signer)]),
    });
    const policy = { origin: 'log.example', log: signer.key, witnesses: [], quorum: 0 };
    const asked = { name, depth: 4, config: ZEROS, now: 1 };
    expect(await codeOf(() => verifyBundle({ index: '', bundle }, asked, policy))).toBe('map-invalid');
  });
});
