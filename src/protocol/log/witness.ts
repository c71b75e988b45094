// What a witness decides (c2sp.org/tlog-witness, add-checkpoint): a request and what it cosigned last → a status. Stores and
// signs nothing: the server keeps `state` durably, by compare-and-swap on the old one, and only then cosigns.
import { WhereaboutsError, failAsSync } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { compareOctets, parseUtf8 } from '../wire.ts';
import { parseAnyCheckpoint, type Checkpoint } from './checkpoint.ts';
import { EMPTY_ROOT } from './hash.ts';
import { parseDecimal, parseField, parseHash } from './lines.ts';
import { verifyConsistency } from './merkle-verify.ts';
import { openNote, parseNote } from './note.ts';
import type { NoteKey } from './vkey.ts';

/** The latest checkpoint cosigned for one origin, with its note to hold against a fork. */
export interface WitnessState {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note?: string;
}

export interface AddCheckpoint {
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  readonly note: string;
  /** Not verified yet; `origin` finds keys and state. */
  readonly checkpoint: Checkpoint;
}

export type WitnessVerdict =
  /** Store `state`, then cosign `text`. */
  | { readonly status: 200; readonly state: WitnessState; readonly text: string }
  /** `size` is the reply's body, as text/x.tlog.size. */
  | { readonly status: 409; readonly size: number; readonly forked: boolean }
  | { readonly status: 400 | 403 | 404 | 422 };

/** The body of a request; throws `request-invalid`, which is status 400. */
export const parseAddCheckpoint = (body: Uint8Array): AddCheckpoint =>
  failAsSync('request-invalid', 'not a checkpoint to add', () => {
    const text = parseUtf8(body);
    const split = text.indexOf('\n\n');
    if (split === -1) throw new WhereaboutsError('request-invalid', 'no checkpoint');
    const [first, ...hashes] = text.slice(0, split).split('\n');
    if (hashes.length > LIMITS.proofHashes) throw new WhereaboutsError('request-invalid', 'too many hashes');
    const note = text.slice(split + 2);
    return {
      old: parseDecimal(parseField(first, 'old')),
      proof: hashes.map(parseHash),
      note,
      checkpoint: parseAnyCheckpoint(parseNote(note).text),
    };
  });

/** The body for a witness that was at `old`. */
export function formatAddCheckpoint(old: number, proof: readonly string[], note: string): string {
  return [`old ${old}`, ...proof, '', note].join('\n');
}

/**
 * Judges a request in the order of the specification. `keys`: those trusted for its origin, undefined for an unknown one;
 * `state`: what was cosigned last, undefined for nothing.
 */
export async function judgeAddCheckpoint(
  { old, proof, note, checkpoint }: AddCheckpoint,
  keys: readonly NoteKey[] | undefined,
  state: WitnessState = { size: 0, root: EMPTY_ROOT },
): Promise<WitnessVerdict> {
  if (keys === undefined) return { status: 404 };
  const text = await openNote(note, keys).then(
    (opened) => opened.text,
    () => undefined,
  );
  if (text === undefined) return { status: 403 };
  const { size, root } = checkpoint;
  if (old > size) return { status: 400 };
  // The state may be ahead (another instance, a retry) or behind what the log believes: its own size tells it which.
  if (old !== state.size) return { status: 409, size: state.size, forked: false };
  if (size === state.size && compareOctets(root, state.root) !== 0)
    return { status: 409, size: state.size, forked: true };
  try {
    verifyWitnessed({ old, size, oldRoot: state.root, root, proof });
  } catch {
    return { status: 422 };
  }
  return { status: 200, state: { size, root, note }, text };
}

/** A proof from nothing is empty. */
function verifyWitnessed(input: Parameters<typeof verifyConsistency>[0]): void {
  if (input.old > 0) return verifyConsistency(input);
  if (input.proof.length > 0) throw new WhereaboutsError('consistency-invalid', 'nothing follows from nothing');
}
