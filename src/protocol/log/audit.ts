// An auditor's replay (§6.7): the state before, a log leaf and its change list → the state after, or a refusal. What a
// change does to buckets and map is audit-replay.ts. Fetches, stores and signs nothing.
import { WhereaboutsError } from '../errors.ts';
import { compareOctets } from '../wire.ts';
import { rehash, replayChanges, replayMerge, replaySplit, type AuditBucket } from './audit-replay.ts';
import { changeLeaves, parseChanges, type Change } from './changes.ts';
import { leafHash } from './hash.ts';
import { parseEpochLeaf, type EpochLeaf } from './leaf-text.ts';
import { computeRoot, edgeRoot, growEdge, type Edge } from './merkle-verify.ts';

/** Where the replay stands. The maps are the auditor's own and change only in `advanceAudit`. */
export interface AuditState {
  readonly origin: string;
  /** The last epoch replayed; undefined before epoch 0. */
  readonly last: EpochLeaf | undefined;
  /** Right edge of the log of all leaves replayed. */
  readonly log: Edge;
  readonly buckets: Map<number, AuditBucket>;
  /** Hashes of map nodes, by level; those of unused parts are left out. */
  readonly nodes: Map<number, Uint8Array>[];
}

/** What one epoch does to a state: what to store, in one transaction. */
export interface AuditStep {
  readonly last: EpochLeaf;
  readonly log: Edge;
  /** The bucket numbers before are of another depth: `buckets` are all there are. */
  readonly isNewDepth: boolean;
  readonly buckets: ReadonlyMap<number, AuditBucket>;
  readonly nodes: readonly ReadonlyMap<number, Uint8Array>[];
}

export const beginAudit = (origin: string): AuditState => ({
  origin,
  last: undefined,
  log: [],
  buckets: new Map(),
  nodes: [],
});

/** A state of what was stored of it; map nodes are computed again. */
export function resumeAudit(stored: Pick<AuditState, 'origin' | 'last' | 'log' | 'buckets'>): AuditState {
  const state = { ...stored, nodes: [] };
  if (stored.last === undefined) return state;
  const { nodes } = rehash(stored.last.depth, stored.buckets, []);
  return { ...state, nodes: nodes.map((level) => new Map(level)) };
}

/**
 * Replays one epoch: what it does to `state`, which stays as it is. Throws `epoch-invalid` where leaf and order do not
 * fit, `changes-invalid` where the list does not fit leaf or records, `map-invalid` where the map is another one.
 */
export function auditEpoch(state: AuditState, logLeaf: Uint8Array, changeList: Uint8Array): AuditStep {
  const leaf = parseEpochLeaf(logLeaf);
  const last = state.last;
  const fail = (message: string) => new WhereaboutsError('epoch-invalid', message);
  if (leaf.origin !== state.origin) throw fail('an epoch of another log');
  if (leaf.epoch !== (last === undefined ? 0 : last.epoch + 1)) throw fail('an epoch out of turn');
  if (last !== undefined && leaf.time <= last.time) throw fail('time does not grow');
  const changes = parseChanges(changeList);
  if (changes.length !== leaf.changes) throw new WhereaboutsError('changes-invalid', 'another number of changes');
  if (compareOctets(computeRoot(changeLeaves(changes)), leaf.changesRoot) !== 0)
    throw new WhereaboutsError('changes-invalid', 'another list of changes');
  const deeper = last === undefined ? 0 : leaf.depth - last.depth;
  const isNewDepth = deeper !== 0;
  if (Math.abs(deeper) > 1) throw fail('the depth changes by more than one');
  if (isNewDepth && changes.length > 0) throw fail('the depth changes beside something else');
  const buckets = replay(state.buckets, leaf, deeper, changes);
  const { root, nodes } = rehash(leaf.depth, buckets, isNewDepth ? [] : state.nodes);
  if (compareOctets(root, leaf.mapRoot) !== 0) throw new WhereaboutsError('map-invalid', 'another map');
  return { last: leaf, log: growEdge(state.log, leafHash(logLeaf)), isNewDepth, buckets, nodes };
}

function replay(
  before: ReadonlyMap<number, AuditBucket>,
  leaf: EpochLeaf,
  deeper: number,
  changes: readonly Change[],
): Map<number, AuditBucket> {
  if (deeper > 0) return replaySplit(before, leaf);
  if (deeper < 0) return replayMerge(before, leaf);
  return replayChanges(before, leaf, changes);
}

/** The state after a step; `state` itself is used up. */
export function advanceAudit(state: AuditState, step: AuditStep): AuditState {
  if (step.isNewDepth) {
    state.buckets.clear();
    state.nodes.length = 0;
  }
  for (const [index, bucket] of step.buckets) state.buckets.set(index, bucket);
  for (const [level, changed] of step.nodes.entries()) {
    const nodes = (state.nodes[level] ??= new Map<number, Uint8Array>());
    for (const [index, hash] of changed) nodes.set(index, hash);
  }
  return { ...state, last: step.last, log: step.log };
}

/** Checks that a checkpoint is of exactly the epochs replayed: what an auditor cosigns. Throws `inclusion-invalid`. */
export function verifyAudited(
  state: AuditState,
  checkpoint: { readonly size: number; readonly root: Uint8Array },
): void {
  const size = state.last === undefined ? 0 : state.last.epoch + 1;
  if (checkpoint.size !== size || compareOctets(checkpoint.root, edgeRoot(state.log)) !== 0)
    throw new WhereaboutsError('inclusion-invalid', 'a checkpoint of other epochs than were replayed');
}
