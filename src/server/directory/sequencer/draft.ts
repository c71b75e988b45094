// An epoch as it is about to be signed, made purely from the state before it. Believes nothing of itself: self-check.ts does.
import { formatChanges, type Change } from '../../../protocol/log/changes.ts';
import { sequenceChanges, sequenceDepth, type Bucket, type SequencedEpoch } from '../../../protocol/log/epoch.ts';
import type { AuditBucket } from '../../../protocol/log/audit-replay.ts';
import { leafHash } from '../../../protocol/log/hash.ts';
import { appendLeaf, makeConsistency, makeInclusion, treeRoot, type HashedNode } from '../../../protocol/log/merkle.ts';
import { unpack } from '../../store/packing.ts';
import { nodeReader, type Before } from './before.ts';

export interface Draft {
  readonly epoch: SequencedEpoch;
  /** The epoch that began its depth. */
  readonly era: number;
  readonly changeList: Uint8Array;
  /** Root of the log that ends with it, and the nodes its leaf completes. */
  readonly root: Uint8Array;
  readonly logNodes: readonly HashedNode[];
  /** Inclusion proof of its leaf, and that the log only grew. */
  readonly inclusion: readonly Uint8Array[];
  readonly consistency: readonly Uint8Array[];
}

export interface Circumstances {
  readonly origin: string;
  /** SHA-256 of the config text. */
  readonly config: Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** An epoch of changes, or a heartbeat where there are none. */
export function draftChanges(before: Before, circumstances: Circumstances, changes: readonly Change[]): Draft {
  const { depth, nodes, last } = before;
  const bucket = (index: number): Bucket | undefined => {
    const found = before.buckets.get(index);
    return found === undefined ? undefined : unpackBucket(found);
  };
  const stored = { get: (level: number, index: number) => nodes[level]?.get(index) };
  const epoch = sequenceChanges({ ...circumstances, previous: last, depth, changes, bucket, nodes: stored });
  return draft(before, epoch, last?.era ?? 0, formatChanges(changes));
}

/** An epoch that changes the depth by one. */
export function draftDepth(
  before: Before & { readonly last: NonNullable<Before['last']> },
  circumstances: Circumstances,
  depth: number,
): Draft {
  const buckets = new Map([...before.buckets].map(([index, bucket]) => [index, unpackBucket(bucket)]));
  const epoch = sequenceDepth({ ...circumstances, previous: before.last, depth, buckets });
  return draft(before, epoch, epoch.leaf.epoch, new Uint8Array(0));
}

function draft({ size, edge }: Before, epoch: SequencedEpoch, era: number, changeList: Uint8Array): Draft {
  const logNodes = appendLeaf(size, leafHash(epoch.logLeaf), nodeReader(edge));
  const read = nodeReader([...edge, ...logNodes]);
  return {
    epoch,
    era,
    changeList,
    root: treeRoot(size + 1, read),
    logNodes,
    inclusion: makeInclusion(size, size + 1, read),
    consistency: size === 0 ? [] : makeConsistency(size, size + 1, read),
  };
}

const unpackBucket = ({ records, history }: AuditBucket): Bucket => ({
  history,
  records: [...unpack(records, 96)].map((packed) => ({
    name: packed.subarray(0, 32),
    holder: packed.subarray(32, 64),
    leaf: packed.subarray(64),
  })),
});
