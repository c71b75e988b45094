// Whose records an epoch changed: its change list, checked against the log's own leaf, so that no directory can keep a change
// from those who wait for it.
import { WhereaboutsError } from '../protocol/errors.ts';
import { changeLeaves, parseChanges } from '../protocol/log/changes.ts';
import { memoryTree, treeRoot } from '../protocol/log/merkle.ts';
import type { Seen } from '../protocol/log/verify-growth.ts';
import { equalOctets, formatB64u } from '../protocol/wire.ts';
import { readEpochLeaf } from './epoch-leaf.ts';
import type { Source } from './source.ts';

/** Blinded names, b64u, that epoch changed; `checkpoint` was verified. Throws `changes-invalid` or what reading throws. */
export async function readChangedNames(source: Source, checkpoint: Seen, epoch: number): Promise<ReadonlySet<string>> {
  const { changes: count, changesRoot } = await readEpochLeaf(source, checkpoint, epoch);
  if (count === 0) return new Set();
  const changes = parseChanges(await source.readChanges(epoch, count));
  if (
    changes.length !== count ||
    !equalOctets(treeRoot(changes.length, memoryTree(changeLeaves(changes))), changesRoot)
  )
    throw new WhereaboutsError('changes-invalid', 'the list is not the one in the log');
  return new Set(changes.map(({ name }) => formatB64u(name)));
}
