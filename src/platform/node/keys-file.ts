// The keys file: mode 0600, made by `whereabouts init`, read at start. What is in it: server/keys.ts.
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Group } from '../../protocol/group.ts';
import type { Secrets } from '../../server/config.ts';
import { openKeys, openSecrets, parseStored, storedFile, type Keys, type StoredKeys } from '../../server/keys.ts';
import { createSecretFile, findSecretFile } from './secret-file.ts';

/** Writes new keys to `file`; throws `config-invalid` when it is there. */
export const createKeysFile = (file: string, keys: StoredKeys): void =>
  createSecretFile(file, `${JSON.stringify({ version: 1, ...keys }, null, 2)}\n`);

/** Keys of a deployment: from `file`, else from the environment's secrets. */
export async function loadKeys(group: Group, file: string | undefined, secrets: Secrets): Promise<Keys> {
  if (file === undefined) return openSecrets(group, secrets);
  const text = findSecretFile(file);
  if (text === undefined)
    throw new WhereaboutsError('config-invalid', `there is no keys file ${file}: make one with \`whereabouts init\``);
  return openKeys(group, parseStored(storedFile, text, `the keys file ${file}`));
}
