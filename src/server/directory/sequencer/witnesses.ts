// The directory's side of c2sp.org/tlog-witness: asks witnesses to cosign a checkpoint, side by side, a second each. What
// comes back is verified here: a witness may be slow, gone or lying, and neither holds up nor spoils the others.
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { parseDecimal } from '../../../protocol/log/lines.ts';
import { openNote } from '../../../protocol/log/note.ts';
import { KEY_TYPES, type NoteKey } from '../../../protocol/log/vkey.ts';
import { formatAddCheckpoint } from '../../../protocol/log/witness.ts';
import type { Clock } from '../../context.ts';
import { within } from './waiting.ts';

/** A witness as it is reached: its key, and one add-checkpoint exchange. */
export interface WitnessPeer {
  readonly key: NoteKey;
  /** Rejects when nothing came. */
  send(body: string): Promise<{ readonly status: number; readonly body: string }>;
}

/** A signed checkpoint, and proofs that it follows from smaller ones. */
export interface WitnessedCheckpoint {
  readonly size: number;
  readonly note: string;
  /** Consistency proof from the log of `old` entries, 0 < old < size, in base64. */
  prove(old: number): Promise<readonly string[]>;
}

export interface Opinion {
  /** Name of the witness's key. */
  readonly witness: string;
  /**
   * `ahead`: it has cosigned a larger log; `forked`: one of the same size that is another; `refused`: any other no;
   * `invalid`: what came is no cosignature of its; `unreachable`: nothing came in time.
   */
  readonly verdict: 'cosigned' | 'ahead' | 'forked' | 'refused' | 'invalid' | 'unreachable';
  /** Size of the log it knows, when it said so. */
  readonly size?: number;
  /** Its verified signature line. */
  readonly line?: string;
}

/**
 * The witnesses of a log. Every one is asked at once and given a second, whatever the others do; never rejects. Each
 * remembers at most where it left its witness: asking again is harmless, and a wrong memory costs one exchange.
 */
export interface Witnesses {
  readonly keys: readonly NoteKey[];
  ask(checkpoint: WitnessedCheckpoint): Promise<readonly Opinion[]>;
}

const WITNESS_MILLISECONDS = 1_000;
/** One exchange to learn where it is, one to bring it on, one more where another instance was in between. */
const EXCHANGES = 3;

/** `left`: where each was left, by the name of its key. */
export function createWitnesses(
  peers: readonly WitnessPeer[],
  clock: Clock,
  left: Map<string, number> = new Map(),
): Witnesses {
  const ask = async (peer: WitnessPeer, checkpoint: WitnessedCheckpoint): Promise<Opinion> => {
    const { key } = peer;
    const witness = key.name;
    try {
      const opinion = await within(WITNESS_MILLISECONDS, askOne(peer, checkpoint, left.get(witness) ?? 0, clock));
      if (opinion === undefined) return { witness, verdict: 'unreachable' };
      if (opinion.verdict === 'cosigned') left.set(witness, checkpoint.size);
      else if (opinion.size !== undefined) left.set(witness, opinion.size);
      return { witness, ...opinion };
    } catch {
      return { witness, verdict: 'unreachable' };
    }
  };
  return {
    keys: peers.map(({ key }) => key),
    ask: (checkpoint) => Promise.all(peers.map((peer) => ask(peer, checkpoint))),
  };
}

type OneOpinion = Omit<Opinion, 'witness'>;

async function askOne(
  peer: WitnessPeer,
  checkpoint: WitnessedCheckpoint,
  guess: number,
  clock: Clock,
): Promise<OneOpinion> {
  const { size, note } = checkpoint;
  let old = Math.min(guess, size);
  for (let exchange = 0; exchange < EXCHANGES; exchange++) {
    const proof = old === 0 || old === size ? [] : await checkpoint.prove(old);
    const reply = await peer.send(formatAddCheckpoint(old, proof, note));
    if (reply.status === 200) return judgeReply(reply.body, peer.key, note, clock);
    if (reply.status !== 409) return { verdict: 'refused' };
    const known = parseSize(reply.body);
    if (known === undefined) return { verdict: 'invalid' };
    if (known > size) return { verdict: 'ahead', size: known };
    // It was told the size it knows, which is ours, and still says no: it knows another root.
    if (known === old) return { verdict: known === size ? 'forked' : 'refused', size: known };
    old = known;
  }
  return { verdict: 'refused' };
}

function parseSize(body: string): number | undefined {
  try {
    return parseDecimal(body.endsWith('\n') ? body.slice(0, -1) : body);
  } catch {
    return undefined;
  }
}

/** A broken line of a known key spoils a note for everybody (signed-note): nothing unverified gets into ours. */
async function judgeReply(body: string, key: NoteKey, note: string, clock: Clock): Promise<OneOpinion> {
  const own = body.split('\n').filter((line) => line.startsWith(`— ${key.name} `));
  const now = Math.floor(clock() / 1000);
  for (const line of own.slice(0, LIMITS.noteSignatures)) {
    try {
      const { verified } = await openNote(`${note}${line}\n`, [key]);
      const [signature] = verified;
      const time = signature?.time ?? 0;
      const isTimely = time >= now - LIMITS.cosignatureAgeSeconds && time <= now + LIMITS.cosignatureAheadSeconds;
      if (signature !== undefined && key.type === KEY_TYPES.cosignature && isTimely)
        return { verdict: 'cosigned', line: signature.line };
    } catch (error) {
      if (!(error instanceof WhereaboutsError)) throw error;
    }
  }
  return { verdict: 'invalid' };
}
