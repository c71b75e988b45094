// What a client remembers between two runs, in a folder only its owner may read: the last checkpoint of each log, evidence,
// and how far a monitor followed. Several processes may share it.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isNewEvidence, type Checkpoints, type SavedEvidence } from '../../client/checkpoints.ts';
import type { MonitorStore } from '../../client/monitor-state.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { isAbsent } from './paths.ts';
import { addFile } from './replace-file.ts';
import { findSecretFile, replaceSecretFile } from './secret-file.ts';

const nameOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Names in `folder`; none where it is missing. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw new WhereaboutsError('config-invalid', `cannot read ${folder}`, { cause });
  }
}

/**
 * Checkpoints and evidence in `folder`. A note is kept as `<number>.note`, and the next one is linked to the next number:
 * of two processes that replace the same note one finds the number taken.
 */
export function openCheckpoints(folder: string): Checkpoints {
  const notesOf = (origin: string) => path.join(folder, 'logs', nameOf(origin));
  const evidenceFolder = path.join(folder, 'evidence');
  const listEvidence = async (): Promise<SavedEvidence[]> =>
    list(evidenceFolder)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => findSecretFile(path.join(evidenceFolder, name)) ?? [])
      // Written by `accuse` below, and by nobody else: the folder is its owner's.
      .map((text) => JSON.parse(text) as SavedEvidence)
      .toSorted((a, b) => a.savedAt - b.savedAt);
  return {
    find: async (origin) => newest(notesOf(origin)).note,
    save: async (origin, note, before) => {
      const notes = notesOf(origin);
      const last = newest(notes);
      if (last.note !== before || !(await addNote(notes, last.number + 1, note))) return false;
      // Somebody may have been faster by two, and have cleared away the number just taken.
      if (newest(notes).number !== last.number + 1) return false;
      for (const number of numbers(notes)) if (number < last.number) rmSync(fileOf(notes, number), { force: true });
      return true;
    },
    accuse: async (evidence) => {
      if (!isNewEvidence(await listEvidence(), evidence)) return;
      const text = JSON.stringify(evidence);
      await replaceSecretFile(path.join(evidenceFolder, `${nameOf(text)}.json`), text);
    },
    listEvidence,
  };
}

const fileOf = (folder: string, number: number): string => path.join(folder, `${number}.note`);

const numbers = (folder: string): number[] =>
  list(folder).flatMap((name) => (/^\d+\.note$/.test(name) ? [Number.parseInt(name, 10)] : []));

function newest(folder: string): { number: number; note?: string } {
  for (;;) {
    const number = Math.max(0, ...numbers(folder));
    if (number === 0) return { number };
    const note = findSecretFile(fileOf(folder, number));
    // Gone: replaced between listing and reading.
    if (note !== undefined) return { number, note };
  }
}

async function addNote(folder: string, number: number, note: string): Promise<boolean> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return await addFile(fileOf(folder, number), note);
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', `cannot write to ${folder}`, { cause });
  }
}

/** How far a monitor followed each name, one file each. */
export function openMonitorStore(folder: string): MonitorStore {
  const stateOf = (origin: string, name: string) => path.join(folder, 'monitor', `${nameOf(`${origin} ${name}`)}.json`);
  return {
    find: async (origin, name) => findSecretFile(stateOf(origin, name)),
    save: async (origin, name, state) => replaceSecretFile(stateOf(origin, name), state),
  };
}
