// The bundle that comes with every bucket (§6.4): a tlog-proof of the newest epoch, whose `extra` leads on through the map
// to one bucket. Makes and takes apart bundles; verify-bundle.ts checks them.
//
//   0      24     25  26                28                 30
//   | L24  | d u8 | 0 | len(logLeaf) u16 | len(leafData) u16 | logLeaf | leafData | d × 32 |
import { WhereaboutsError, failAsSync } from '../errors.ts';
import { Reader, Writer, compareOctets, concat } from '../wire.ts';
import { HASH_OCTETS, label24 } from './hash.ts';
import { formatTlogProof } from './tlog-proof.ts';

export interface MapProof {
  readonly depth: number;
  /** Text of the epoch's leaf in the log, as it was hashed. */
  readonly logLeaf: Uint8Array;
  /** Leaf data of the bucket in the map, as they were hashed. */
  readonly leafData: Uint8Array;
  /** `depth` hashes from the bucket up. */
  readonly path: readonly Uint8Array[];
}

const LABEL = label24('whereabouts/mapproof/v1');

export const formatMapProof = ({ depth, logLeaf, leafData, path }: MapProof): Uint8Array =>
  new Writer()
    .octets(LABEL)
    .u8(depth)
    .u8(0)
    .u16(logLeaf.length)
    .u16(leafData.length)
    .octets(logLeaf)
    .octets(leafData)
    .octets(concat(...path))
    .finish();

/** The `extra` of a bundle; throws `bundle-invalid`. */
export const parseMapProof = (extra: Uint8Array): MapProof =>
  failAsSync('bundle-invalid', 'not a map proof', () => {
    const reader = new Reader(extra);
    if (compareOctets(reader.octets(LABEL.length), LABEL) !== 0)
      throw new WhereaboutsError('bundle-invalid', 'another kind of extra data');
    const [depth, zero] = [reader.u8(), reader.u8()];
    if (zero !== 0) throw new WhereaboutsError('bundle-invalid', 'an octet that must be zero is not');
    const [logLength, leafLength] = [reader.u16(), reader.u16()];
    const [logLeaf, leafData] = [reader.octets(logLength), reader.octets(leafLength)];
    const path = Array.from({ length: depth }, () => reader.octets(HASH_OCTETS));
    reader.finish();
    return { depth, logLeaf, leafData, path };
  });

/** A bundle's text. `hashes` is the inclusion proof of the newest leaf of the log, `checkpoint` the note of that size. */
export const formatBundle = (
  input: MapProof & { readonly epoch: number; readonly hashes: readonly Uint8Array[]; readonly checkpoint: string },
): string =>
  formatTlogProof({
    extra: formatMapProof(input),
    index: input.epoch,
    hashes: input.hashes,
    checkpoint: input.checkpoint,
  });
