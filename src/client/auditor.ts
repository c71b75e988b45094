// An auditor (§6.7) over the wire: replays every epoch of a directory's log, and vouches for a checkpoint only once it has
// recomputed all that stands behind it. What an epoch may do is protocol/log/audit.ts; signing is the caller's.
import { WhereaboutsError, failAs } from '../protocol/errors.ts';
import { advanceAudit, auditEpoch, beginAudit, verifyAudited, type AuditState } from '../protocol/log/audit.ts';
import { parseCheckpoint } from '../protocol/log/checkpoint.ts';
import { leafHash } from '../protocol/log/hash.ts';
import { parseEpochLeaf } from '../protocol/log/leaf-text.ts';
import { edgeRoot, growEdge, verifyConsistency } from '../protocol/log/merkle-verify.ts';
import { parseNote } from '../protocol/log/note.ts';
import { openCheckpoint, type LogPolicy, type SignedCheckpoint } from '../protocol/log/verify-epoch.ts';
import { verifyGrowth } from '../protocol/log/verify-growth.ts';
import { formatVkey } from '../protocol/log/vkey.ts';
import { equalOctets, parseUtf8 } from '../protocol/wire.ts';
import { formatSnapshot, parseSnapshot } from './audit-snapshot.ts';
import type { SavedEvidence } from './checkpoints.ts';
import { readConsistency } from './log-check.ts';
import type { LogReader } from './log-reader.ts';

/** Where an auditor keeps what it did; nobody else writes there. */
export interface AuditStore {
  /** Note of the last checkpoint vouched for; kept when `saveCheckpoint` resolves, whatever dies then. */
  findCheckpoint(): Promise<string | undefined>;
  saveCheckpoint(note: string): Promise<void>;
  /** The replay as it was at some time. It may be old, or lost: then more is replayed. */
  findSnapshot(): Promise<Uint8Array | undefined>;
  saveSnapshot(octets: Uint8Array): Promise<void>;
  /** Keeps what the directory signed and should not have. */
  accuse(evidence: SavedEvidence): Promise<void>;
}

export interface AuditorParts {
  readonly reader: LogReader;
  /** Origin and key of the log. */
  readonly policy: () => Promise<LogPolicy>;
  readonly store: AuditStore;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly onProgress?: ((epochs: number, of: number) => void) | undefined;
}

/** A checkpoint every epoch of which was replayed. */
export interface Audited {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
}

const SNAPSHOT_MILLISECONDS = 30_000;
const PARALLEL = 8;

/** How far behind an auditor may be and still answer somebody who waits: one tile of the log. */
export const EPOCHS_AT_ONCE = 256;

const sizeOf = ({ last }: AuditState): number => (last === undefined ? 0 : last.epoch + 1);

/** The auditor of one log. It has identity over time: the replay's state, changed by one audit at a time. */
export class Auditor {
  readonly #parts: AuditorParts;
  #state: AuditState | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #following: Promise<Audited> | undefined;
  #snapshot: { readonly size: number; readonly at: number } = { size: 0, at: -Infinity };

  constructor(parts: AuditorParts) {
    this.#parts = parts;
  }

  /** The last checkpoint vouched for. */
  async find(): Promise<Audited | undefined> {
    const note = await this.#parts.store.findCheckpoint();
    if (note === undefined) return undefined;
    const { size, root } = parseCheckpoint(parseNote(note).text);
    return { size, root, note };
  }

  /** Replays up to the newest checkpoint the directory shows, or joins who does; `signal` ends it between two tiles. */
  follow(signal?: AbortSignal): Promise<Audited> {
    this.#following ??= this.#follow(signal).finally(() => (this.#following = undefined));
    return this.#following;
  }

  async #follow(signal?: AbortSignal): Promise<Audited> {
    const note = await this.#parts.reader.readCheckpoint();
    return this.#inTurn(() => this.#audit(note, signal));
  }

  /**
   * Replays up to the checkpoint of `note` if `before` is still the last one vouched for; false, and nothing happens, where
   * it is not. Throws `overloaded` for one that is far ahead: `follow` gets there.
   */
  async vouch(note: string, before: Audited | undefined): Promise<boolean> {
    const { size } = parseCheckpoint(parseNote(note).text);
    if (size - sizeOf(await this.#load()) > EPOCHS_AT_ONCE)
      throw new WhereaboutsError('overloaded', 'still replaying', { extensions: { retryAfter: 60 } });
    return this.#inTurn(async () => {
      if (!isSame(await this.find(), before)) return false;
      await this.#audit(note);
      return true;
    });
  }

  /** Keeps `fork` where it is a checkpoint of this log that contradicts the one vouched for. */
  async accuse(fork: string): Promise<void> {
    await this.#inTurn(async () => {
      const policy = await this.#parts.policy();
      try {
        await this.#checkGrowth(policy, await openCheckpoint(fork, policy));
      } catch (error) {
        // That it fails is what was to be kept.
        if (!(error instanceof WhereaboutsError)) throw error;
      }
    });
  }

  /** Saves the replay; the next run goes on from there. */
  async close(): Promise<void> {
    await this.#inTurn(() => this.#save(true));
  }

  /** One audit after the other, whatever became of the one before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /**
   * `checkpoint-invalid`, `checkpoint-stale`, `log-forked`, `consistency-invalid` for what is wrong with the checkpoint; for
   * an epoch to refuse the codes of `auditEpoch` and its number as `epoch`.
   */
  async #audit(note: string, signal?: AbortSignal): Promise<Audited> {
    const { store } = this.#parts;
    const policy = await this.#parts.policy();
    const checkpoint = await openCheckpoint(note, policy);
    await this.#checkGrowth(policy, checkpoint);
    try {
      while (sizeOf(await this.#load()) < checkpoint.size) {
        signal?.throwIfAborted();
        await this.#replay(policy, checkpoint);
        await this.#save(false);
      }
    } catch (error) {
      // What was replayed before is right all the same, and the next run is to meet the same epoch at once.
      await this.#save(true);
      throw error;
    }
    const state = await this.#load();
    if (sizeOf(state) > checkpoint.size)
      throw new WhereaboutsError('checkpoint-stale', 'more epochs of this log were replayed before');
    verifyAudited(state, checkpoint);
    // Commit point. From here on this size has one root for ever; the replay itself may be lost, and is done again.
    await store.saveCheckpoint(note);
    return { size: checkpoint.size, root: checkpoint.root, note };
  }

  async #checkGrowth(policy: LogPolicy, checkpoint: SignedCheckpoint): Promise<void> {
    const last = await this.find();
    if (last === undefined) return;
    // Under another key it is another log, which contradicts nobody: that is for people to look into.
    await failAs('checkpoint-invalid', 'the checkpoint vouched for last is signed by another key', () =>
      openCheckpoint(last.note, policy),
    );
    const { size } = checkpoint;
    const proof = last.size > 0 && size > last.size ? await readConsistency(this.#parts.reader, last.size, size) : [];
    try {
      verifyGrowth(last, checkpoint, proof);
    } catch (error) {
      // An older checkpoint is no contradiction: it may only have been slow.
      if (error instanceof WhereaboutsError && error.code !== 'checkpoint-stale')
        await this.#accuse(policy, error, [last.note, checkpoint.note]);
      throw error;
    }
  }

  /** Replays the epochs of one tile, at most up to the checkpoint. */
  async #replay(policy: LogPolicy, checkpoint: SignedCheckpoint): Promise<void> {
    const { reader, onProgress } = this.#parts;
    const begun = await this.#load();
    const from = sizeOf(begun);
    const leaves = await reader.readLeaves(from, checkpoint.size);
    const edge = leaves.reduce((before, leaf) => growEdge(before, leafHash(leaf)), begun.log);
    await this.#checkLeaves({ size: from + leaves.length, root: edgeRoot(edge) }, checkpoint);
    // From here on whatever is wrong with an epoch is something the log has signed.
    const lists = new Map<number, Promise<Uint8Array>>();
    const ask = (i: number): void => {
      const leaf = leaves[i];
      if (leaf === undefined) return;
      const list = readList(reader, from + i, leaf);
      // Awaited in its turn; until then its failure is nobody's.
      list.catch(() => undefined);
      lists.set(i, list);
    };
    for (let i = 0; i < PARALLEL; i++) ask(i);
    for (const [i, leaf] of leaves.entries()) {
      const list = await lists.get(i);
      lists.delete(i);
      ask(i + PARALLEL);
      const state = await this.#load();
      try {
        this.#state = advanceAudit(state, auditEpoch(state, leaf, list ?? new Uint8Array(0)));
      } catch (error) {
        if (!(error instanceof WhereaboutsError)) throw error;
        await this.#accuse(policy, error, [checkpoint.note], leaf);
        const { code, message } = error;
        throw new WhereaboutsError(code, message, { cause: error, extensions: { epoch: from + i } });
      }
      onProgress?.(from + i + 1, checkpoint.size);
    }
  }

  /** Checks that the leaves replayed next are those the checkpoint stands for, whoever handed them out. */
  async #checkLeaves(reached: Pick<Audited, 'size' | 'root'>, checkpoint: SignedCheckpoint): Promise<void> {
    const proof =
      reached.size === checkpoint.size ? [] : await readConsistency(this.#parts.reader, reached.size, checkpoint.size);
    try {
      verifyConsistency({ ...checkpoint, old: reached.size, oldRoot: reached.root, proof });
    } catch (cause) {
      throw new WhereaboutsError('inclusion-invalid', 'the epochs served are not those of the checkpoint', { cause });
    }
  }

  async #load(): Promise<AuditState> {
    if (this.#state !== undefined) return this.#state;
    const { origin } = await this.#parts.policy();
    const octets = await this.#parts.store.findSnapshot();
    const found = octets === undefined ? undefined : tryParse(octets);
    const state = found?.origin === origin ? found : beginAudit(origin);
    this.#snapshot = { size: sizeOf(state), at: this.#parts.clock() };
    return (this.#state ??= state);
  }

  async #save(now: boolean): Promise<void> {
    const { clock, store } = this.#parts;
    const state = this.#state;
    const isDue = now || clock() - this.#snapshot.at >= SNAPSHOT_MILLISECONDS;
    if (!isDue || state?.last === undefined || sizeOf(state) === this.#snapshot.size) return;
    this.#snapshot = { size: sizeOf(state), at: clock() };
    await store.saveSnapshot(formatSnapshot(state));
  }

  async #accuse(policy: LogPolicy, error: WhereaboutsError, notes: string[], leaf?: Uint8Array): Promise<void> {
    const { store, clock } = this.#parts;
    const reply = leaf === undefined ? {} : { reply: parseText(leaf) };
    const savedAt = Math.floor(clock() / 1000);
    await store.accuse({
      origin: policy.origin,
      log: formatVkey(policy.log),
      code: error.code,
      savedAt,
      notes,
      ...reply,
    });
  }
}

const isSame = (a: Audited | undefined, b: Audited | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.size === b.size && equalOctets(a.root, b.root);

async function readList(reader: LogReader, epoch: number, leaf: Uint8Array): Promise<Uint8Array> {
  let count: number;
  try {
    count = parseEpochLeaf(leaf).changes;
  } catch {
    // What is wrong with the leaf is told in its turn.
    return new Uint8Array(0);
  }
  return reader.readChanges(epoch, count);
}

function tryParse(octets: Uint8Array): AuditState | undefined {
  try {
    return parseSnapshot(octets);
  } catch (error) {
    if (error instanceof WhereaboutsError) return undefined;
    throw error;
  }
}

function parseText(octets: Uint8Array): string {
  try {
    return parseUtf8(octets);
  } catch {
    return '';
  }
}
