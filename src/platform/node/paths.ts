// Where this platform keeps data and configuration, and what is told when that place cannot be used.
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import envPaths from 'env-paths';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { parseJsonObject } from '../../protocol/json.ts';
import type { Environment, FileValues, Places } from '../../server/config.ts';

export interface Folders extends Places {
  readonly config: string;
}

/** The platform's usual places (XDG on Linux). */
export function findFolders(): Folders {
  const { data, config } = envPaths('whereabouts', { suffix: '' });
  return { data, config, keys: path.join(config, 'keys.json'), policy: path.join(config, 'policy.json') };
}

/** Makes sure that `folder` is there and can be written to. */
export function openFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', `cannot write to the folder ${folder}`, { cause });
  }
  return folder;
}

/** Reads a file the configuration names; `what` says what it is for. */
export function readNamed(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', `cannot read ${what}: ${file}`, { cause });
  }
}

/** Values of the configuration file: `given`, else WHEREABOUTS_CONFIG, else the usual place, where it may be absent. */
export function readFileValues(env: Environment, folders: Folders, given?: string): FileValues {
  const named = given ?? env['WHEREABOUTS_CONFIG'];
  const file = named ?? path.join(folders.config, 'whereabouts.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (named === undefined && isAbsent(cause)) return {};
    throw new WhereaboutsError('config-invalid', `cannot read the configuration file ${file}`, { cause });
  }
  try {
    return parseJsonObject(text);
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', `the configuration file is not a JSON object: ${file}`, { cause });
  }
}

/** Whether an error of node:fs says that there is no such file. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
