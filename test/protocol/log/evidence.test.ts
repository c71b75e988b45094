// What is proof of a split view, and what is not.
import { expect, test } from 'vitest';
import { findEvidence, findSignedNote, verifyEvidence, type Evidence } from '../../../src/protocol/log/evidence.ts';
import { parseVkey } from '../../../src/protocol/log/vkey.ts';
import { utf8 } from '../../../src/protocol/wire.ts';
import { ownVector } from '../../support/vectors.ts';
import { base64, codeOf } from './support.ts';

interface Leaf {
  note: string;
  leaf: string;
  proof: string[];
}
type Case = { title: string; evidence: boolean } & (
  { kind: 'two-notes'; a: string; b: string } | { kind: 'two-leaves'; index: number; a: Leaf; b: Leaf }
);
const vector = ownVector<{ log: string; cases: Case[] }>('map-log/equivocation.json');
const log = parseVkey(vector.log);

const proven = ({ note, leaf, proof }: Leaf) => ({ note, leaf: utf8(leaf), proof: proof.map(base64) });
const evidenceOf = (c: Case): Evidence =>
  c.kind === 'two-notes' ? c : { kind: c.kind, index: c.index, a: proven(c.a), b: proven(c.b) };

test('evidence', async () => {
  for (const c of vector.cases) {
    expect(await codeOf(() => verifyEvidence(evidenceOf(c), log)), c.title).toBe(
      c.evidence ? 'accepted' : 'evidence-invalid',
    );
    if (c.kind === 'two-notes') expect((await findEvidence(c.a, c.b, log)) !== undefined, c.title).toBe(c.evidence);
  }
  expect(vector.cases.filter(({ evidence }) => evidence).length).toBe(3);
  expect(vector.cases.filter(({ evidence }) => !evidence).length).toBe(8);
});

test('a reply whose note the log signed is kept, another is not', async () => {
  const reply = ownVector<{ cases: { title: string; reply: { bundle: string } }[] }>('map-log/lookup-bundle.json');
  const bundleOf = (title: string) => reply.cases.find((c) => c.title === title)?.reply.bundle ?? '';
  expect(await findSignedNote(bundleOf('entries not in order (signed so)'), log)).toMatch(/^directory\.example/);
  expect(await findSignedNote(bundleOf('log signature broken'), log)).toBeUndefined();
  expect(await findSignedNote('', log)).toBeUndefined();
});
