// What a witness decides: foreign requests, and each rule of add-checkpoint on a log of our own.
import { describe, expect, test } from 'vitest';
import { formatCheckpoint } from '../../../src/protocol/log/checkpoint.ts';
import { findEvidence } from '../../../src/protocol/log/evidence.ts';
import { EMPTY_ROOT, leafHash, sha256 } from '../../../src/protocol/log/hash.ts';
import { makeConsistency, memoryTree, treeRoot } from '../../../src/protocol/log/merkle.ts';
import { formatNote, openNote, signNote } from '../../../src/protocol/log/note.ts';
import { KEY_TYPES, createVkey } from '../../../src/protocol/log/vkey.ts';
import {
  formatAddCheckpoint,
  judgeAddCheckpoint,
  parseAddCheckpoint,
  type WitnessState,
} from '../../../src/protocol/log/witness.ts';
import { formatBase64, utf8 } from '../../../src/protocol/wire.ts';
import { base64, codeOf, foreignTest, hex } from './support.ts';
import { importSigner } from './signers.ts';

interface Requests {
  sigsum_log: { origin: string; ed25519_pub_hex: string };
  cases: {
    n: number;
    state_before: { size: number; root: string | null };
    request_body: string;
    status: number;
    assert: string;
  }[];
}
foreignTest<Requests>('witness-add-checkpoint.json', 'foreign requests', async ({ sigsum_log: log, cases }) => {
  const key = createVkey(log.origin, KEY_TYPES.ed25519, hex(log.ed25519_pub_hex));
  const witness = await importSigner('example.com/witness', sha256(utf8('witness')), KEY_TYPES.cosignature);
  for (const { n, state_before: before, request_body, status, assert } of cases) {
    const request = parseAddCheckpoint(utf8(request_body));
    const state = before.root === null ? undefined : { size: before.size, root: base64(before.root) };
    const verdict = await judgeAddCheckpoint(
      request,
      request.checkpoint.origin === log.origin ? [key] : undefined,
      state,
    );
    expect(verdict.status, `case ${n}`).toBe(status);
    if (verdict.status === 200) {
      const line = await signNote(verdict.text, witness, 1_790_000_000);
      expect(assert).toBe(`body contains "${line.split(' ').slice(0, 2).join(' ')}"`);
      expect((await openNote(formatNote(verdict.text, [line]), [witness.key])).verified.length).toBe(1);
      expect(verdict.state).toMatchObject({ size: request.checkpoint.size, root: request.checkpoint.root });
    }
    if (verdict.status === 409) expect(assert).toBe(`body == ${JSON.stringify(`${verdict.size}\n`)}`);
  }
  expect(cases.length).toBe(5);
});

describe('add-checkpoint', async () => {
  const origin = 'log.example/whereabouts';
  const leaves = Array.from({ length: 9 }, (_, i) => leafHash(Uint8Array.of(i)));
  const tree = memoryTree(leaves);
  const signer = await importSigner(origin, sha256(utf8('log')));
  const stranger = await importSigner(origin, sha256(utf8('stranger')));
  const noteOf = async (size: number, root = treeRoot(size, tree), by = signer) => {
    const text = formatCheckpoint({ origin, size, root });
    return formatNote(text, [await signNote(text, by)]);
  };
  const proof = (old: number, size: number) => makeConsistency(old, size, tree).map(formatBase64);
  const at = (size: number): WitnessState => ({ size, root: treeRoot(size, tree) });
  const judge = async (body: string, state?: WitnessState, keys = [signer.key]) =>
    judgeAddCheckpoint(parseAddCheckpoint(utf8(body)), keys, state);

  test('grows from nothing, by proofs, and by itself', async () => {
    let state: WitnessState | undefined;
    for (const size of [0, 1, 1, 3, 4, 9]) {
      const old = state?.size ?? 0;
      const verdict = await judge(
        formatAddCheckpoint(old, old === 0 ? [] : proof(old, size), await noteOf(size)),
        state,
      );
      expect(verdict.status).toBe(200);
      if (verdict.status === 200) state = verdict.state;
      expect(state?.size).toBe(size);
    }
  });
  test('403: signed by nobody it trusts', async () => {
    expect(await judge(formatAddCheckpoint(0, [], await noteOf(3, undefined, stranger)))).toEqual({ status: 403 });
    expect(await judge(formatAddCheckpoint(0, [], await noteOf(3)), undefined, [])).toEqual({ status: 403 });
  });
  test('400: old is larger than the checkpoint', async () => {
    expect(await judge(formatAddCheckpoint(4, [], await noteOf(3)), at(4))).toEqual({ status: 400 });
  });
  test('409 with its own size, whether it is ahead or behind', async () => {
    for (const known of [0, 2, 9])
      expect(await judge(formatAddCheckpoint(3, proof(3, 9), await noteOf(9)), at(known))).toEqual({
        status: 409,
        size: known,
        forked: false,
      });
  });
  test('409: another root of the same size, which is evidence', async () => {
    const fork = await noteOf(4, leaves[0]);
    const known = { ...at(4), note: await noteOf(4) };
    expect(await judge(formatAddCheckpoint(4, [], fork), known)).toEqual({ status: 409, size: 4, forked: true });
    expect(await findEvidence(known.note, fork, signer.key)).toMatchObject({ kind: 'two-notes' });
  });
  test('422: a proof that does not hold', async () => {
    const note = await noteOf(9);
    const wrong = [[], proof(3, 9).slice(1), proof(4, 9), [...proof(3, 9), ...proof(3, 9)], proof(3, 8)];
    for (const hashes of wrong)
      expect(await judge(formatAddCheckpoint(3, hashes, note), at(3))).toEqual({ status: 422 });
    expect(await judge(formatAddCheckpoint(0, proof(3, 9), note))).toEqual({ status: 422 });
    expect(await judge(formatAddCheckpoint(9, proof(3, 9), note), at(9))).toEqual({ status: 422 });
    const other = { size: 3, root: EMPTY_ROOT };
    expect(await judge(formatAddCheckpoint(3, proof(3, 9), note), other)).toEqual({ status: 422 });
    expect(await judge(formatAddCheckpoint(0, [], await noteOf(0, leaves[0])))).toMatchObject({
      status: 409,
      forked: true,
    });
  });
  test('a body that is none', async () => {
    const good = formatAddCheckpoint(3, proof(3, 9), await noteOf(9));
    const wrong = [
      '',
      good.replace('old 3', 'old 03'),
      good.replace('old 3', 'new 3'),
      good.replace('old 3\n', ''),
      good.replace('=\n', '\n'),
      good.replace('\n9\n', '\n09\n'),
      good.replaceAll('\n', '\r\n'),
      good.slice(0, -1),
      formatAddCheckpoint(
        3,
        Array.from({ length: 64 }, () => proof(3, 9)[0] ?? ''),
        await noteOf(9),
      ),
    ];
    for (const body of wrong) expect(await codeOf(() => parseAddCheckpoint(utf8(body))), body).toBe('request-invalid');
    expect(await codeOf(() => parseAddCheckpoint(Uint8Array.of(0xff)))).toBe('request-invalid');
    expect(parseAddCheckpoint(utf8(good)).old).toBe(3);
  });
});
