// Checks what a directory signed, and that its log only grew since the last checkpoint seen (§6.6). What fails with a valid
// signature of the log is kept as evidence. Which reply is checked how is the caller's: it brings the verifier.
import { WhereaboutsError, failAs, type Code } from '../protocol/errors.ts';
import { parseCheckpoint } from '../protocol/log/checkpoint.ts';
import { findSignedNote } from '../protocol/log/evidence.ts';
import { consistencyNodes, makeConsistency } from '../protocol/log/merkle.ts';
import { parseNote } from '../protocol/log/note.ts';
import { formatTilePath, tileReader, tilesOfNodes } from '../protocol/log/tile.ts';
import type { LogPolicy, SignedCheckpoint, VerifiedEpoch } from '../protocol/log/verify-epoch.ts';
import { verifyGrowth, type Seen } from '../protocol/log/verify-growth.ts';
import { formatVkey } from '../protocol/log/vkey.ts';
import type { Checkpoints } from './checkpoints.ts';

type ReadTile = (path: string) => Promise<Uint8Array>;

/** What checking needs of the world. */
export interface LogParts {
  readonly checkpoints: Checkpoints;
  /** Octets of a tile by its path below the log's prefix: from one place after the other, before a proof counts as refused. */
  readonly tiles: readonly ReadTile[];
  /** The reply is the directory's own. One put together from files that others hold accuses nobody by not fitting together. */
  readonly isOwn: boolean;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export interface SignedReply {
  /** A tlog-proof. */
  readonly bundle: string;
  /** Everything to be kept with it, should it be evidence. */
  readonly whole?: string;
}

/** What a check added to what was verified: the size of the log when it was last seen, undefined for the first time. */
export type Grown<T> = T & { readonly seen: number | undefined };

/** An honest directory signs nothing that fails these; the others it may meet at work, or they are the clock's or a witness's. */
const EVIDENT: ReadonlySet<Code> = new Set([
  'bucket-invalid',
  'bundle-invalid',
  'epoch-invalid',
  'inclusion-invalid',
  'map-invalid',
]);

/**
 * Verifies a reply, then the growth of its log. `older` for a receipt: it may be of a checkpoint before the last one seen,
 * which then has to contain it.
 */
export async function checkSigned<T extends VerifiedEpoch>(
  parts: LogParts,
  policy: LogPolicy,
  reply: SignedReply,
  verify: () => Promise<T>,
  options: { readonly older?: boolean } = {},
): Promise<Grown<T>> {
  const verified = await verify().catch(async (error: unknown) => {
    if (parts.isOwn && error instanceof WhereaboutsError && EVIDENT.has(error.code))
      await accuseReply(parts, policy, reply, error.code);
    throw error;
  });
  const seen = await remember(parts, policy, verified.checkpoint, options.older === true);
  return { ...verified, seen };
}

async function accuseReply(parts: LogParts, policy: LogPolicy, reply: SignedReply, code: Code): Promise<void> {
  const note = await findSignedNote(reply.bundle, policy.log);
  if (note === undefined) return;
  const seen = await parts.checkpoints.find(policy.origin);
  const notes = seen === undefined || seen === note ? [note] : [seen, note];
  await accuse(parts, policy, { code, notes, reply: reply.whole ?? reply.bundle });
}

async function accuse(
  { checkpoints, clock }: LogParts,
  { origin, log }: LogPolicy,
  what: { readonly code: Code; readonly notes: readonly string[]; readonly reply?: string },
): Promise<void> {
  await checkpoints.accuse({ origin, log: formatVkey(log), savedAt: Math.floor(clock() / 1000), ...what });
}

/** Checks growth and keeps the checkpoint, if it is the larger one; gives the size seen before. */
async function remember(
  parts: LogParts,
  policy: LogPolicy,
  checkpoint: SignedCheckpoint,
  older: boolean,
): Promise<number | undefined> {
  for (;;) {
    const before = await parts.checkpoints.find(policy.origin);
    const seen = before === undefined ? undefined : readNote(before);
    if (seen !== undefined) await grow(parts, policy, seen, checkpoint, older);
    if (seen !== undefined && seen.size >= checkpoint.size) return seen.size;
    // Another reply came in between: what was checked against the old checkpoint says nothing about the new one.
    if (await parts.checkpoints.save(policy.origin, checkpoint.note, before)) return seen?.size;
  }
}

/** A note this client verified before it kept it. */
const readNote = (note: string): Seen & { note: string } => ({ note, ...parseCheckpoint(parseNote(note).text) });

async function grow(
  parts: LogParts,
  policy: LogPolicy,
  seen: Seen & { readonly note: string },
  checkpoint: SignedCheckpoint,
  older: boolean,
): Promise<void> {
  const [from, to] = older && checkpoint.size < seen.size ? [checkpoint, seen] : [seen, checkpoint];
  const places = to.size > from.size && from.size > 0 ? parts.tiles : [];
  const prove = (readTile: ReadTile) => readConsistency({ readTile }, from.size, to.size);
  let refused: WhereaboutsError | undefined;
  for (const readTile of places.slice(0, -1))
    try {
      return verifyGrowth(from, to, await prove(readTile));
    } catch (error) {
      if (!(error instanceof WhereaboutsError)) throw error;
      refused = error;
    }
  const last = places.at(-1);
  const proof = await (last === undefined ? Promise.resolve([]) : prove(last)).catch((error: unknown) => {
    throw refused ?? error;
  });
  try {
    verifyGrowth(from, to, proof);
  } catch (error) {
    if (error instanceof WhereaboutsError && error.code !== 'checkpoint-stale')
      await accuse(parts, policy, { code: error.code, notes: [seen.note, checkpoint.note] });
    throw error;
  }
}

/** A consistency proof made from the log's own tiles: it proves nothing until it was checked. */
export async function readConsistency(
  { readTile }: { readonly readTile: ReadTile },
  old: number,
  size: number,
): Promise<Uint8Array[]> {
  const paths = tilesOfNodes(consistencyNodes(old, size), size).map(formatTilePath);
  const tiles = new Map(await Promise.all(paths.map(async (path) => [path, await readTile(path)] as const)));
  return failAs('consistency-invalid', 'the log gives no proof that it only grew', () =>
    makeConsistency(
      old,
      size,
      tileReader(size, (path) => tiles.get(path)),
    ),
  );
}
