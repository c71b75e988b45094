// The change list of an epoch (§6.2): name ‖ holder ‖ new, 96 octets each, strictly ascending, one per record changed.
// Says what changed, not who may change it.
import { WhereaboutsError } from '../errors.ts';
import { compareOctets, concat } from '../wire.ts';
import { HASH_OCTETS, ZEROS, leafHash } from './hash.ts';

export interface Change {
  readonly name: Uint8Array;
  readonly holder: Uint8Array;
  /** leaf(entry), or 32 zero octets for a removal. */
  readonly new: Uint8Array;
}

export const CHANGE_OCTETS = 3 * HASH_OCTETS;

export const isRemoval = (change: Change): boolean => compareOctets(change.new, ZEROS) === 0;

export const formatChange = (change: Change): Uint8Array => concat(change.name, change.holder, change.new);

export const formatChanges = (changes: readonly Change[]): Uint8Array => concat(...changes.map(formatChange));

/** Ascending by name ‖ holder: the order of a change list, of a bucket's index and of its history within an epoch. */
export const compareRecords = (
  a: { readonly name: Uint8Array; readonly holder: Uint8Array },
  b: { readonly name: Uint8Array; readonly holder: Uint8Array },
): number => compareOctets(a.name, b.name) || compareOctets(a.holder, b.holder);

/** A change list, in order and without a record twice; throws `changes-invalid`. */
export function parseChanges(octets: Uint8Array): Change[] {
  if (octets.length % CHANGE_OCTETS !== 0) throw new WhereaboutsError('changes-invalid', 'the list is cut off');
  const changes = Array.from({ length: octets.length / CHANGE_OCTETS }, (_, i): Change => {
    const at = (part: number) => octets.subarray(i * CHANGE_OCTETS + part * HASH_OCTETS).subarray(0, HASH_OCTETS);
    return { name: at(0), holder: at(1), new: at(2) };
  });
  verifyOrder(changes);
  return changes;
}

/** Checks that changes are strictly ascending; throws `changes-invalid`. */
export function verifyOrder(changes: readonly Change[]): void {
  changes.reduce<Change | undefined>((before, change) => {
    if (before !== undefined && compareRecords(before, change) >= 0)
      throw new WhereaboutsError('changes-invalid', 'the list is not in order, or names a record twice');
    return change;
  }, undefined);
}

/** Leaf hashes of the tree whose root is `changesRoot`. */
export const changeLeaves = (changes: readonly Change[]): Uint8Array[] =>
  changes.map((change) => leafHash(formatChange(change)));
