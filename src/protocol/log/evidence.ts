// What convinces anyone who knows a log's key that it told two stories (equivocation), and what does not. Finding it is the
// client's and the witness's; what follows from it is for people to decide.
import { WhereaboutsError, failAsSync } from '../errors.ts';
import { compareOctets } from '../wire.ts';
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { leafHash } from './hash.ts';
import { verifyInclusion } from './merkle-verify.ts';
import { openNote } from './note.ts';
import { parseTlogProof } from './tlog-proof.ts';
import { KEY_TYPES, type NoteKey } from './vkey.ts';

/** A leaf, and the proof that it stands in the log whose checkpoint the note signs. */
export interface ProvenLeaf {
  readonly note: string;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Two roots of one size, or two leaves under one index. */
export type Evidence =
  | { readonly kind: 'two-notes'; readonly a: string; readonly b: string }
  | { readonly kind: 'two-leaves'; readonly index: number; readonly a: ProvenLeaf; readonly b: ProvenLeaf };

/** The checkpoint of a note signed by `log`; throws `checkpoint-invalid`. Witnesses' lines prove nothing here. */
async function signedCheckpoint(note: string, log: NoteKey): Promise<Checkpoint> {
  if (log.type !== KEY_TYPES.ed25519) throw new WhereaboutsError('checkpoint-invalid', 'not the key of a log');
  return parseCheckpoint((await openNote(note, [log])).text);
}

/** Checks that `evidence` convicts the owner of the key `log`; throws `evidence-invalid`. */
export async function verifyEvidence(evidence: Evidence, log: NoteKey): Promise<void> {
  const fail = (message: string, cause?: unknown) => new WhereaboutsError('evidence-invalid', message, { cause });
  const [noteA, noteB] = evidence.kind === 'two-notes' ? [evidence.a, evidence.b] : [evidence.a.note, evidence.b.note];
  const [a, b] = await Promise.all([signedCheckpoint(noteA, log), signedCheckpoint(noteB, log)]).catch(
    (cause: unknown) => {
      throw fail('a note the log did not sign', cause);
    },
  );
  if (a.origin !== b.origin) throw fail('notes of two logs');
  if (evidence.kind === 'two-notes') {
    if (a.size !== b.size) throw fail('notes of two sizes');
    if (compareOctets(a.root, b.root) === 0) throw fail('the same root twice');
    return;
  }
  failAsSync('evidence-invalid', 'a leaf that is not proven', () => {
    verifyLeaf(evidence.a, evidence.index, a);
    verifyLeaf(evidence.b, evidence.index, b);
  });
  if (compareOctets(evidence.a.leaf, evidence.b.leaf) === 0) throw fail('the same leaf twice');
}

function verifyLeaf({ leaf, proof }: ProvenLeaf, index: number, { size, root }: Checkpoint): void {
  verifyInclusion({ leaf: leafHash(leaf), index, size, proof, root });
}

/** Evidence in two notes, if there is any. */
export async function findEvidence(a: string, b: string, log: NoteKey): Promise<Evidence | undefined> {
  const evidence: Evidence = { kind: 'two-notes', a, b };
  try {
    await verifyEvidence(evidence, log);
    return evidence;
  } catch (error) {
    if (error instanceof WhereaboutsError && error.code === 'evidence-invalid') return undefined;
    throw error;
  }
}

/**
 * The note in a reply that failed a check, if the log signed it: to be kept with the reply (§6.6), since an honest
 * directory signs nothing that fails.
 */
export async function findSignedNote(bundle: string, log: NoteKey): Promise<string | undefined> {
  try {
    const { checkpoint } = parseTlogProof(bundle);
    await signedCheckpoint(checkpoint, log);
    return checkpoint;
  } catch (error) {
    if (error instanceof WhereaboutsError) return undefined;
    throw error;
  }
}
