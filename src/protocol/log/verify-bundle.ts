// What a client checks of one bucket (§6.6): everything between a reply and "found" or "proven absent". The proof of the
// evaluation comes before, opening the records after it. Knows no network: missing octets are the caller's to fetch.
import { bucketNumber, formatEntry, parseIndex, type Entry } from '../bucket.ts';
import { WhereaboutsError, failAsSync } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { compareOctets, parseB64u } from '../wire.ts';
import { parseBucketLeaf, type BucketLeaf } from './bucket-leaf.ts';
import { parseMapProof, type MapProof } from './bundle.ts';
import { leafHash } from './hash.ts';
import { computeRoot, verifyInclusion } from './merkle-verify.ts';
import { parseTlogProof } from './tlog-proof.ts';
import { verifyNewest, type LogPolicy, type VerifiedEpoch } from './verify-epoch.ts';

export interface BucketRequest {
  /** The blinded name looked for. */
  readonly name: Uint8Array;
  /** The depth asked for, from a verified leaf. */
  readonly depth: number;
  /** SHA-256 of the config text under which the name was evaluated: its keys and no others (§3). */
  readonly config: Uint8Array;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Members of the reply that are checked; the padding is nobody's. */
export interface BucketReply {
  readonly index: string;
  readonly bundle: string;
}

export interface VerifiedBucket extends VerifiedEpoch {
  /** The bucket's number. */
  readonly bucket: number;
  /** Undefined for a bucket never used. */
  readonly bucketLeaf: BucketLeaf | undefined;
  /** All of the bucket's entries, in order: what its sealed records are told apart by. */
  readonly index: readonly Entry[];
  /** Those under the name asked for; none means proven absent. */
  readonly entries: readonly Entry[];
}

/**
 * Checks a reply in the order of §6.6, growth since the last checkpoint left to `verifyGrowth`. Throws `bundle-invalid`,
 * what `verifyNewest` throws, `config-changed`, `depth-changed`, `map-invalid` or `bucket-invalid`.
 */
export async function verifyBundle(
  reply: BucketReply,
  request: BucketRequest,
  policy: LogPolicy,
): Promise<VerifiedBucket> {
  const proof = parseTlogProof(reply.bundle);
  if (proof.extra === undefined) throw new WhereaboutsError('bundle-invalid', 'no map proof');
  const mapProof = parseMapProof(proof.extra);
  const verified = await verifyNewest(proof, mapProof.logLeaf, policy, request.now);
  if (compareOctets(verified.leaf.config, request.config) !== 0)
    throw new WhereaboutsError('config-changed', 'the configuration is not the one asked under');
  if (verified.leaf.depth !== request.depth || request.depth > LIMITS.maxDepth)
    throw new WhereaboutsError('depth-changed', 'the depth is not the one asked for');
  const bucket = bucketNumber(request.name, request.depth);
  verifyMapProof(mapProof, bucket, verified.leaf);
  const { bucketLeaf, index } = verifyBucket(mapProof.leafData, reply.index, bucket, request.depth);
  const entries = index.filter(({ name }) => compareOctets(name, request.name) === 0);
  return { ...verified, bucket, bucketLeaf, index, entries };
}

/** Checks the path from a bucket's leaf data to the map root; throws `map-invalid`. */
export function verifyMapProof(
  proof: MapProof,
  bucket: number,
  leaf: { readonly depth: number; readonly mapRoot: Uint8Array },
): void {
  if (proof.depth !== leaf.depth) throw new WhereaboutsError('map-invalid', 'a map of another depth');
  failAsSync('map-invalid', 'the map path does not lead to the root', () => {
    const input = { leaf: leafHash(proof.leafData), index: bucket, size: 2 ** proof.depth };
    verifyInclusion({ ...input, proof: proof.path, root: leaf.mapRoot });
  });
}

/** Checks a bucket's entries against its leaf data, itself verified to be in the map; throws `bucket-invalid`. */
function verifyBucket(
  leafData: Uint8Array,
  octets: string,
  bucket: number,
  depth: number,
): { bucketLeaf: BucketLeaf | undefined; index: Entry[] } {
  const fail = (message: string) => new WhereaboutsError('bucket-invalid', message);
  const bucketLeaf = parseBucketLeaf(leafData);
  if (bucketLeaf !== undefined) {
    if (bucketLeaf.depth !== depth) throw fail('leaf data of another depth');
    if (bucketLeaf.index !== bucket) throw fail('leaf data of another bucket');
  }
  // Strictly ascending by name and holder, or refused.
  const index = failAsSync('bucket-invalid', 'the index is not that of a bucket', () => parseIndex(parseB64u(octets)));
  if (index.length !== (bucketLeaf?.count ?? 0)) throw fail('another number of entries');
  if (index.some(({ name }) => bucketNumber(name, depth) !== bucket)) throw fail('an entry of another bucket');
  const root = computeRoot(index.map((entry) => leafHash(formatEntry(entry))));
  if (bucketLeaf !== undefined && compareOctets(root, bucketLeaf.entriesRoot) !== 0)
    throw fail('the entries are not those of the leaf data');
  return { bucketLeaf, index };
}

export interface Receipt extends BucketReply {
  /** SHA-256 of the sealed record. */
  readonly digest: Uint8Array;
  readonly epoch: number;
}

/**
 * Checks that a deposit is in the epoch its receipt names (§5.2), as of `request.now`: the present, or when the receipt
 * came. Throws as `verifyBundle`, or `bucket-invalid` where the record is not there.
 */
export async function verifyReceipt(
  receipt: Receipt,
  request: BucketRequest & { readonly holder: Uint8Array },
  policy: LogPolicy,
): Promise<VerifiedBucket> {
  const verified = await verifyBundle(receipt, request, policy);
  if (verified.leaf.epoch !== receipt.epoch) throw new WhereaboutsError('epoch-invalid', 'a receipt for another epoch');
  const entry = verified.entries.find(({ holder }) => compareOctets(holder, request.holder) === 0);
  if (entry === undefined || compareOctets(entry.digest, receipt.digest) !== 0)
    throw new WhereaboutsError('bucket-invalid', 'the record of the receipt is not in its bucket');
  return verified;
}
