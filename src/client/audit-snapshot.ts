// What an auditor keeps of its replay between two runs, in octets. Its own business: no other program reads it, and one that
// is damaged or of another version is thrown away, for everything in it can be replayed.
//
//   L24("whereabouts/audit/v1") ‖ origin u16+… ‖ log leaf u16+… ‖ edges u8 ‖ edges × (leaves u64 ‖ hash 32)
//   ‖ buckets u32 ‖ buckets × (number u32 ‖ leaf hash 32 ‖ history length u64 ‖ head 32 ‖ records u32 ‖ records × 96)
//   ‖ SHA-256 of all before
import { WhereaboutsError, failAsSync } from '../protocol/errors.ts';
import { resumeAudit, type AuditState } from '../protocol/log/audit.ts';
import type { AuditBucket } from '../protocol/log/audit-replay.ts';
import { CHANGE_OCTETS } from '../protocol/log/changes.ts';
import { HASH_OCTETS, label24, sha256 } from '../protocol/log/hash.ts';
import { formatEpochLeaf, parseEpochLeaf } from '../protocol/log/leaf-text.ts';
import { Reader, Writer, equalOctets, parseUtf8, utf8 } from '../protocol/wire.ts';

const LABEL = label24('whereabouts/audit/v1');

/** The octets of a replay that has begun. */
export function formatSnapshot({ origin, last, log, buckets }: AuditState): Uint8Array {
  if (last === undefined) throw new RangeError('nothing was replayed');
  const [name, leaf] = [utf8(origin), formatEpochLeaf(last)];
  const head = new Writer().octets(LABEL).u16(name.length).octets(name).u16(leaf.length).octets(leaf).u8(log.length);
  for (const { hash, leaves } of log) head.u64(leaves).octets(hash);
  const parts = [head.u32(buckets.size).finish()];
  for (const [index, { leafHash, history, records }] of buckets) {
    const bucket = new Writer().u32(index).octets(leafHash).u64(history.length).octets(history.head);
    parts.push(
      bucket
        .u32(records.length / CHANGE_OCTETS)
        .octets(records)
        .finish(),
    );
  }
  return seal(parts);
}

/** Not `concat`: there may be more buckets than a call has room for arguments. */
function seal(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const octets = new Uint8Array(length + HASH_OCTETS);
  let at = 0;
  for (const part of parts) {
    octets.set(part, at);
    at += part.length;
  }
  octets.set(sha256(octets.subarray(0, length)), length);
  return octets;
}

/** The replay as it was; throws `request-invalid` for anything else. */
export const parseSnapshot = (octets: Uint8Array): AuditState =>
  failAsSync('request-invalid', 'not a snapshot of an audit', () => {
    const body = octets.subarray(0, Math.max(0, octets.length - HASH_OCTETS));
    if (!equalOctets(sha256(body), octets.subarray(body.length)) || !equalOctets(body.subarray(0, LABEL.length), LABEL))
      throw new WhereaboutsError('request-invalid', 'damaged, or of another version');
    const reader = new Reader(body.subarray(LABEL.length));
    const origin = parseUtf8(reader.octets(reader.u16()));
    const last = parseEpochLeaf(reader.octets(reader.u16()));
    const log = Array.from({ length: reader.u8() }, () => {
      const leaves = Number(reader.u64());
      return { leaves, hash: reader.octets(HASH_OCTETS) };
    });
    const buckets = new Map<number, AuditBucket>();
    for (let left = reader.u32(); left > 0; left--) {
      const index = reader.u32();
      const leafHash = reader.octets(HASH_OCTETS);
      const length = Number(reader.u64());
      const history = { length, head: reader.octets(HASH_OCTETS) };
      buckets.set(index, { leafHash, history, records: reader.octets(reader.u32() * CHANGE_OCTETS) });
    }
    reader.finish();
    return resumeAudit({ origin, last, log, buckets });
  });
