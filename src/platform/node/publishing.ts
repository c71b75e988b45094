// Publishing files from this process (§6.8): where to, by the configuration, and how often.
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { Config, Secrets } from '../../server/config.ts';
import type { DirectoryContext } from '../../server/context.ts';
import { Publication } from '../../server/publication/publish.ts';
import type { PublicationStore } from '../../server/publication/store.ts';
import { sweepFiles } from '../../server/publication/sweep.ts';
import { s3Store } from '../s3-store.ts';
import { folderStore } from './folder-store.ts';
import type { Running } from './running.ts';
import { findSecretFile } from './secret-file.ts';

const SWEEP_MILLISECONDS = 900_000;

/** Publishes on a schedule, where the operator wants it; throws `config-invalid`. */
export function keepPublishing(
  ctx: DirectoryContext,
  { config, secrets, running }: { readonly config: Config; readonly secrets: Secrets; readonly running: Running },
): void {
  const store = openStore(config, secrets);
  if (store === undefined) return;
  const publication = new Publication(store);
  const { interval } = config.directory.publication;
  running.every(interval, 'publication-failed', (signal) => publication.publish(ctx, signal));
  running.every(SWEEP_MILLISECONDS, 'publication-sweep-failed', () => sweepFiles(ctx, store));
}

function openStore({ directory: { publication } }: Config, secrets: Secrets): PublicationStore | undefined {
  const { to, secretKeyFile } = publication;
  if (to === undefined) return undefined;
  if ('folder' in to) return folderStore(to.folder);
  const secretKey =
    secrets.publicationSecretKey ?? (secretKeyFile === undefined ? undefined : findSecretFile(secretKeyFile)?.trim());
  if (secretKey === undefined || secretKey === '')
    throw new WhereaboutsError('config-invalid', 'WHEREABOUTS_PUBLICATION_SECRET_KEY_FILE holds no key');
  return s3Store({ ...to, secretKey, fetch: (request) => fetch(request) });
}
