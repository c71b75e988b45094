// What a client checks of a signed epoch, in the order of §6.6: checkpoint, witnesses, inclusion, the log leaf. The bucket
// in the map is verify-bundle.ts. Keeps no state: what was seen before is given to verify-growth.ts.
import { WhereaboutsError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { formatHex } from '../wire.ts';
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import { leafHash } from './hash.ts';
import { parseEpochLeaf, type EpochLeaf } from './leaf-text.ts';
import { verifyInclusion } from './merkle-verify.ts';
import { openNote, type VerifiedSignature } from './note.ts';
import { parseTlogProof, type TlogProof } from './tlog-proof.ts';
import { KEY_TYPES, type NoteKey } from './vkey.ts';

export interface Witness {
  readonly key: NoteKey;
  /** Keys under one operator count once. */
  readonly operator?: string;
}

/** What a client knows of a log before it asks. */
export interface LogPolicy {
  readonly origin: string;
  readonly log: NoteKey;
  readonly witnesses: readonly Witness[];
  /** How many witnesses must have cosigned; 0 asks for none. */
  readonly quorum: number;
}

export interface SignedCheckpoint extends Checkpoint {
  /** The note as it came: evidence, should another one contradict it. */
  readonly note: string;
  /** Every verified cosignature by a witness of the policy, whether it counts or not. */
  readonly cosignatures: readonly VerifiedSignature[];
}

export interface VerifiedEpoch {
  readonly leaf: EpochLeaf;
  readonly checkpoint: SignedCheckpoint;
  /** The witnesses that count, by verifier key name. */
  readonly witnesses: readonly string[];
}

/** Checks origin, form and log signature of a note; throws `checkpoint-invalid`. Who keeps it has evidence. */
export async function openCheckpoint(note: string, policy: LogPolicy): Promise<SignedCheckpoint> {
  const { text, verified } = await openNote(note, [policy.log, ...policy.witnesses.map(({ key }) => key)]);
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== policy.origin) throw new WhereaboutsError('checkpoint-invalid', 'another origin');
  if (policy.log.type !== KEY_TYPES.ed25519 || !verified.some(({ key }) => key === policy.log))
    throw new WhereaboutsError('checkpoint-invalid', 'the log did not sign');
  const cosignatures = verified.filter(({ key }) => key !== policy.log);
  return { ...checkpoint, note, cosignatures };
}

/**
 * The witnesses whose cosignatures count at `now` (seconds): neither too old nor ahead, one per public key, one per
 * operator. Throws `witnesses-missing` below the policy's quorum.
 */
export function verifyQuorum(checkpoint: SignedCheckpoint, policy: LogPolicy, now: number): string[] {
  const counted: string[] = [];
  // A log is no witness of itself.
  const taken = new Set([`key ${formatHex(policy.log.publicKey)}`]);
  for (const { key, time } of checkpoint.cosignatures) {
    const isTimely =
      time !== undefined && time >= now - LIMITS.cosignatureAgeSeconds && time <= now + LIMITS.cosignatureAheadSeconds;
    if (!isTimely) continue;
    // Cosignatures do not name their signer: one key under two names is one witness.
    const operators = policy.witnesses
      .filter((witness) => witness.key === key)
      .flatMap(({ operator }) => operator ?? []);
    const identities = [`key ${formatHex(key.publicKey)}`, ...operators.map((operator) => `operator ${operator}`)];
    if (identities.some((identity) => taken.has(identity))) continue;
    for (const identity of identities) taken.add(identity);
    counted.push(key.name);
  }
  if (counted.length < policy.quorum)
    throw new WhereaboutsError('witnesses-missing', 'too few witnesses cosigned in time');
  return counted;
}

/**
 * Checks that `logLeaf` is the newest epoch of the log the policy names, at `now` in seconds. Throws
 * `checkpoint-invalid`, `witnesses-missing`, `inclusion-invalid`, `epoch-invalid` or `epoch-stale`.
 */
export async function verifyNewest(
  proof: TlogProof,
  logLeaf: Uint8Array,
  policy: LogPolicy,
  now: number,
): Promise<VerifiedEpoch> {
  const checkpoint = await openCheckpoint(proof.checkpoint, policy);
  const witnesses = verifyQuorum(checkpoint, policy, now);
  // An earlier epoch of the same log would be proven as well, and show what is no longer so.
  if (proof.index !== checkpoint.size - 1) throw new WhereaboutsError('inclusion-invalid', 'not the newest epoch');
  verifyInclusion({
    leaf: leafHash(logLeaf),
    index: proof.index,
    size: checkpoint.size,
    proof: proof.hashes,
    root: checkpoint.root,
  });
  const leaf = parseEpochLeaf(logLeaf);
  if (leaf.origin !== policy.origin) throw new WhereaboutsError('epoch-invalid', 'an epoch of another log');
  if (leaf.epoch !== proof.index) throw new WhereaboutsError('epoch-invalid', 'an epoch under another number');
  const isTimely =
    leaf.time >= (now - LIMITS.epochAgeSeconds) * 1000 && leaf.time <= (now + LIMITS.epochAheadSeconds) * 1000;
  // Also with witnesses: they vouch for the size of the log, not for its clock.
  if (!isTimely) throw new WhereaboutsError('epoch-stale', 'an epoch too old or ahead of the clock');
  return { leaf, checkpoint, witnesses };
}

/** Checks the reply of `GET /v1/epoch`, whose `extra` is the log leaf itself; throws as `verifyNewest`, or `bundle-invalid`. */
export function verifyEpoch(text: string, policy: LogPolicy, now: number): Promise<VerifiedEpoch> {
  const proof = parseTlogProof(text);
  if (proof.extra === undefined) throw new WhereaboutsError('bundle-invalid', 'no log leaf');
  return verifyNewest(proof, proof.extra, policy, now);
}
