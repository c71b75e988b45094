// Where this process publishes files (§6.8), from the configuration.
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Config, Secrets } from '../../server/config.ts';
import type { PublicationStore } from '../../server/publication/store.ts';
import { s3Store } from '../s3-store.ts';
import { folderStore } from './folder-store.ts';
import { findSecretFile } from './secret-file.ts';

/** Undefined where nothing is published; throws `config-invalid`. */
export function openPublicationStore(
  { directory: { publication } }: Config,
  secrets: Secrets,
): PublicationStore | undefined {
  const { to, secretKeyFile } = publication;
  if (to === undefined) return undefined;
  if ('folder' in to) return folderStore(to.folder);
  const secretKey =
    secrets.publicationSecretKey ?? (secretKeyFile === undefined ? undefined : findSecretFile(secretKeyFile)?.trim());
  if (secretKey === undefined || secretKey === '')
    throw new WhereaboutsError('config-invalid', 'WHEREABOUTS_PUBLICATION_SECRET_KEY_FILE holds no key');
  return s3Store({ ...to, secretKey, fetch: (request) => fetch(request) });
}
