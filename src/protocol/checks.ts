// The checks an answer went through, as values one can show (§6.6, in its order): which held, which failed, which were not
// reached. Says what was checked; checking is in log/ and client/.
import type { Code } from './errors.ts';
import type { VerifiedBucket } from './log/verify-bundle.ts';

/** In the order of §6.6. */
export const CHECKS = [
  'evaluation',
  'bundle',
  'checkpoint',
  'witnesses',
  'inclusion',
  'epoch',
  'time',
  'configuration',
  'depth',
  'map',
  'bucket',
  'name',
  'growth',
  'records',
] as const;

export type CheckName = (typeof CHECKS)[number];

export interface Check {
  readonly name: CheckName;
  readonly outcome: 'held' | 'failed' | 'not-reached';
  /** What it was about, in numbers and names that stand in public anyway. */
  readonly facts?: Readonly<Record<string, number | string>>;
  readonly code?: Code;
}

/** The check a code is the failure of; no other code is that of a check. */
const FAILED: Partial<Record<Code, CheckName>> = {
  'bucket-invalid': 'bucket',
  'bundle-invalid': 'bundle',
  'checkpoint-invalid': 'checkpoint',
  'checkpoint-stale': 'growth',
  'config-changed': 'configuration',
  'config-invalid': 'configuration',
  'consistency-invalid': 'growth',
  'depth-changed': 'depth',
  'epoch-invalid': 'epoch',
  'epoch-stale': 'time',
  'evaluation-invalid': 'evaluation',
  'inclusion-invalid': 'inclusion',
  'log-forked': 'growth',
  'map-invalid': 'map',
  'record-invalid': 'records',
  'witnesses-missing': 'witnesses',
};

/** The checks of an answer that passed them all; `seen`: size of its log when it was seen before, `records`: how many count. */
export function passedChecks(
  { leaf, checkpoint, witnesses, bucket, index, entries }: VerifiedBucket,
  { seen, records }: { readonly seen: number | undefined; readonly records: number },
): Check[] {
  const facts: Partial<Record<CheckName, Check['facts']>> = {
    checkpoint: { origin: checkpoint.origin, size: checkpoint.size },
    witnesses: { count: witnesses.length, ...(witnesses.length === 0 ? {} : { names: witnesses.join(', ') }) },
    epoch: { epoch: leaf.epoch },
    depth: { depth: leaf.depth },
    map: { bucket },
    bucket: { entries: index.length },
    name: { entries: entries.length },
    growth: seen === undefined ? {} : { seen },
    records: { records },
  };
  return CHECKS.map((name) => {
    const own = facts[name];
    return { name, outcome: 'held', ...(own === undefined ? {} : { facts: own }) };
  });
}

/** The checks of an answer that was refused: those before the one that failed held. Before `evaluated`, only the newest epoch was read. */
export function failedChecks(code: Code, { evaluated }: { readonly evaluated: boolean }): Check[] {
  const failed = FAILED[code];
  const at = failed === undefined ? -1 : CHECKS.indexOf(failed);
  return CHECKS.map((name, place) => {
    if (place === at) return { name, outcome: 'failed', code };
    const held = place < at && (evaluated || name !== 'evaluation');
    // Growth is checked before a reply is used at all, the name after it.
    return { name, outcome: held && !(failed === 'growth' && name === 'name') ? 'held' : 'not-reached' };
  });
}
