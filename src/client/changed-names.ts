// Whose records an epoch changed: its change list, checked against the log's own leaf, so that no directory can keep a change
// from those who wait for it.
import { WhereaboutsError } from '../protocol/errors.ts';
import { changeLeaves, parseChanges } from '../protocol/log/changes.ts';
import { memoryTree, treeRoot } from '../protocol/log/merkle.ts';
import type { Seen } from '../protocol/log/verify-growth.ts';
import { equalOctets, formatB64u } from '../protocol/wire.ts';
import type { Directory } from './directory.ts';
import { readEpochLeaf } from './epoch-leaf.ts';

/** Blinded names, b64u, that epoch changed; `checkpoint` was verified. Throws `changes-invalid` or what reading throws. */
export async function readChangedNames(
  directory: Directory,
  checkpoint: Seen,
  epoch: number,
  until: number,
): Promise<ReadonlySet<string>> {
  const { changes: count, changesRoot } = await readEpochLeaf(directory, checkpoint, epoch, until);
  if (count === 0) return new Set();
  const changes = parseChanges(await directory.readChanges(epoch, count, until));
  if (
    changes.length !== count ||
    !equalOctets(treeRoot(changes.length, memoryTree(changeLeaves(changes))), changesRoot)
  )
    throw new WhereaboutsError('changes-invalid', 'the list is not the one in the log');
  return new Set(changes.map(({ name }) => formatB64u(name)));
}
