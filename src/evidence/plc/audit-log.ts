// The audit log of a did:plc, replayed: the directory cannot forge an operation, and what it says of CIDs and of what was
// undone is computed here, not believed. It can hold operations back, and the times are its word.
import { z } from 'zod';
import type { Json } from '../../protocol/json.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { refused } from '../refusal.ts';
import { cidOf, dataOf, didOf, parseOperation, verifySigner, type Operation, type PlcData } from './operation.ts';

export interface PlcState {
  readonly did: string;
  /** Undefined once the DID has ended. */
  readonly data: PlcData | undefined;
  /** CID and time of the last operation that stands; the time is the directory's word, in Unix seconds. */
  readonly head: { readonly cid: string; readonly time: number };
  readonly operations: number;
  /** How many of them a recovery undid. */
  readonly nullified: number;
}

const RECOVERY_MILLISECONDS = 72 * 3_600_000;

const log = z
  .array(
    z.strictObject({
      did: z.string(),
      operation: z.unknown(),
      cid: z.string(),
      nullified: z.boolean(),
      createdAt: z.iso.datetime(),
    }),
  )
  .min(1)
  .max(LIMITS.importLinks);

/** An operation that stands, and the rank its key had among those that could sign it. */
interface Standing {
  readonly operation: Operation;
  readonly cid: string;
  readonly time: number;
  readonly rank: number;
}

/** Replays `GET /<did>/log/audit`; throws `import-invalid` with a reason. `did`: whose log it must be. */
export function replayPlc(value: Json, did: string): PlcState {
  const read = log.safeParse(value);
  if (!read.success) throw refused('syntax', read.error);
  const standing: Standing[] = [];
  const undone = new Set<string>();
  let last = 0;
  for (const entry of read.data) {
    const [operation, time] = [parseOperation(entry.operation), Date.parse(entry.createdAt)];
    if (entry.did !== did) throw refused('owner-other');
    if (time < last) throw refused('time-disordered');
    last = time;
    const cid = cidOf(operation);
    if (cid !== entry.cid) throw refused('id-other');
    const { rank, keep } = place(standing, { operation, time }, did);
    for (const { cid: gone } of standing.splice(keep)) undone.add(gone);
    standing.push({ operation, cid, time, rank });
  }
  if (read.data.some(({ cid, nullified }) => nullified !== undone.has(cid))) throw refused('nullified-other');
  const head = standing.at(-1);
  if (head === undefined) throw refused('syntax');
  return {
    did,
    data: dataOf(head.operation),
    head: { cid: head.cid, time: Math.floor(head.time / 1000) },
    operations: read.data.length,
    nullified: undone.size,
  };
}

/** Where an operation goes: after how many of those that stand, by a key of which rank. */
function place(
  standing: readonly Standing[],
  { operation, time }: Pick<Standing, 'operation' | 'time'>,
  did: string,
): { rank: number; keep: number } {
  if (operation.prev === null) {
    if (standing.length > 0) throw refused('previous-other');
    if (didOf(operation) !== did) throw refused('genesis-other');
    return { rank: verifySigner(operation, dataOf(operation)?.rotationKeys ?? []), keep: 0 };
  }
  const at = standing.findIndex(({ cid }) => cid === operation.prev);
  const before = standing[at];
  if (before === undefined) throw refused('previous-other');
  const keys = dataOf(before.operation)?.rotationKeys;
  if (keys === undefined) throw refused('tombstoned');
  const disputed = standing[at + 1];
  if (disputed === undefined) return { rank: verifySigner(operation, keys), keep: at + 1 };
  // A recovery: by a key of higher rank than the one that signed what it undoes, within 72 hours, the last instant included.
  if (time - disputed.time > RECOVERY_MILLISECONDS) throw refused('recovery-late');
  const rank = verifySigner(operation, keys);
  if (rank >= disputed.rank) throw refused('recovery-weak');
  return { rank, keep: at + 1 };
}
