// The operator's own part of the served description (§8): a JSON file merged into it.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { parseJsonObject, type Json } from '../../protocol/json.ts';
import { readNamed } from './paths.ts';

/** Reads the file, if one is configured; throws `config-invalid`. */
export function readExtra(file: string | undefined): { [member: string]: Json } {
  if (file === undefined) return {};
  const text = readNamed(file, 'the description to merge');
  try {
    return parseJsonObject(text);
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', `the description to merge is not a JSON object: ${file}`, { cause });
  }
}
