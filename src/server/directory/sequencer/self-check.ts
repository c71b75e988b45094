// The last look before signing: an epoch is checked as the most suspicious of its readers would, by the code of auditors and
// clients, which shares nothing with the code that made it. A signature cannot be taken back.
import { auditEpoch, type AuditState } from '../../../protocol/log/audit.ts';
import { rehash } from '../../../protocol/log/audit-replay.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { UNUSED_LEAF } from '../../../protocol/log/bucket-leaf.ts';
import { leafHash } from '../../../protocol/log/hash.ts';
import {
  computeRoot,
  edgeRoot,
  growEdge,
  verifyConsistency,
  verifyInclusion,
  type Edge,
} from '../../../protocol/log/merkle-verify.ts';
import { compareOctets } from '../../../protocol/wire.ts';
import { unpack } from '../../store/packing.ts';
import type { Before } from './before.ts';
import type { Draft } from './draft.ts';

const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && compareOctets(a, b) === 0;

/** Throws what a reader of the epoch would throw, or `internal-error` where what is to be stored is not what was signed. */
export function verifyDraft(origin: string, before: Before, draft: Draft): void {
  const fail = (message: string) => new WhereaboutsError('internal-error', message);
  const { size, last } = before;
  const { epoch, root } = draft;
  const edge: Edge = before.edge.map(({ level, hash }) => ({ hash, leaves: 2 ** level }));
  if (last !== undefined) verifyBefore(before, edge);

  // As an auditor: leaf, order, time, change list, histories, map.
  const state: AuditState = { origin, last, log: edge, buckets: new Map(before.buckets), nodes: [...before.nodes] };
  const step = auditEpoch(state, epoch.logLeaf, draft.changeList);
  if (step.last.epoch !== size) throw fail('an epoch that is not the next one');

  // What is stored is what was audited: readers' proofs are made of it.
  if (epoch.buckets.length !== step.buckets.size) throw fail('other buckets changed');
  for (const { index, leafData, history } of epoch.buckets) {
    const audited = step.buckets.get(index);
    if (!same(leafHash(leafData), audited?.leafHash) || history.length !== audited?.history.length)
      throw fail('a bucket is not as audited');
  }
  const audited = step.nodes.reduce((sum, level) => sum + level.size, 0);
  if (epoch.buckets.length > 0 && epoch.nodes.length !== audited) throw fail('other nodes of the map changed');
  for (const { level, index, hash } of epoch.nodes)
    if (!same(hash, step.nodes[level]?.get(index))) throw fail('a node of the map is not as audited');

  // As a client and a witness: the leaf stands in the log, and the log only grew.
  const leaf = leafHash(epoch.logLeaf);
  if (!same(root, edgeRoot(growEdge(edge, leaf)))) throw fail('another root of the log');
  verifyInclusion({ leaf, index: size, size: size + 1, proof: draft.inclusion, root });
  if (last !== undefined)
    verifyConsistency({ old: size, size: size + 1, oldRoot: last.root, root, proof: draft.consistency });
}

/** What was read is what was signed last: a damaged database must not become a signed one. */
function verifyBefore({ size, last, depth, touched, buckets, nodes }: Before, edge: Edge): void {
  const fail = (message: string) => new WhereaboutsError('internal-error', message);
  if (last === undefined || last.epoch !== size - 1 || !same(edgeRoot(edge), last.root))
    throw fail('the stored log is not the one that was signed');
  const leaves = new Map(touched.map((index) => [index, buckets.get(index) ?? UNUSED]));
  if (!same(rehash(depth, leaves, nodes).root, last.mapRoot))
    throw fail('the stored map is not the one that was signed');
  for (const { leaf, records } of buckets.values()) {
    const hashes = [...unpack(records, 96)].map((record) => record.subarray(64));
    if (hashes.length !== leaf.count || !same(computeRoot(hashes), leaf.entriesRoot))
      throw fail('the stored entries are not those that were signed');
  }
}

const UNUSED = { leafHash: leafHash(UNUSED_LEAF) };
