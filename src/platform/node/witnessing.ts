// Witness and auditor on Node: their apps, the folders an auditor keeps its replays in, and the schedule it follows logs by.
import path from 'node:path';
import { createHash } from 'node:crypto';
import { witnessApp } from '../../server/routes/witness.ts';
import { auditorContext, witnessContext, type Parts } from '../../server/roles.ts';
import { followLogs } from '../../server/witness/follow.ts';
import { openAuditFolder, type AuditFolder } from './audit-folder.ts';
import type { Running } from './running.ts';
import type { Fetch } from './serve.ts';

/** A directory makes an epoch every ten minutes at least, and asks for each by itself: this is for when it was not heard. */
const FOLLOW = 60_000;

/** Folder of what an auditor keeps of one log: by a hash, since an origin is no file name. */
export const auditFolder = (data: string, origin: string): string =>
  path.join(data, 'audit', createHash('sha256').update(origin).digest('hex').slice(0, 32));

/** Folder where `whereabouts evidence` looks. */
const seenFolder = (data: string): string => path.join(data, 'seen');

/** Opens the folder for one log. */
export const openAudit = (data: string, origin: string): Promise<AuditFolder> =>
  openAuditFolder(auditFolder(data, origin), seenFolder(data));

export const openWitness = (parts: Parts): Fetch => witnessApp(witnessContext(parts)).fetch;

export async function openAuditor(parts: Omit<Parts, 'database'>, running: Running): Promise<Fetch> {
  const { data } = parts.config;
  const ctx = await auditorContext(parts, async (origin) => {
    const folder = await openAudit(data, origin);
    running.onClose(() => folder.close());
    return folder;
  });
  running.onClose(async () => {
    for (const auditor of ctx.auditors.values()) await auditor.close();
  });
  running.every(FOLLOW, 'audit-failed', (signal) => followLogs(ctx.auditors, ctx.log, signal));
  return witnessApp(ctx).fetch;
}
