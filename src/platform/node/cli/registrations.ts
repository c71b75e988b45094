// Registrations this person made from here, one file each, mode 0600: what is needed to change and withdraw them. Filed by blinded
// name; found again by a hash of the identifier under a key that never leaves this folder. No file holds the identifier.
import { createHmac, randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { formatRegistration, parseRegistration, type Registration } from '../../../client/registration.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { parseJson } from '../../../protocol/json.ts';
import { createSecretFile, findSecretFile, replaceSecretFile } from '../secret-file.ts';

const stored = z.strictObject({
  version: z.literal(1),
  /** HMAC of directory and identifier under the folder's key. */
  handle: z.string(),
  directory: z.string(),
  /** As the SDK writes it: with the temporary key, without identifier and routes. */
  registration: z.string(),
  /** Providers and addresses the attestations are for: these may be put in another order without asking anybody. */
  providers: z.array(z.strictObject({ domain: z.string(), address: z.string().exactOptional() })),
  /** Keys of earlier registrations of the same name: the monitor knows them for one's own. */
  former: z.array(z.string()).default([]),
});

type Entry = z.infer<typeof stored>;

export interface Stored {
  readonly registration: Registration;
  readonly providers: readonly StoredProvider[];
  /** Holders of earlier registrations of the same name, b64u. */
  readonly former?: readonly string[];
  /** Equal for registrations of one identifier in one directory: while its key is being changed there are two. */
  readonly handle?: string;
}

export interface StoredProvider {
  readonly domain: string;
  readonly address?: string;
}

export interface Registrations {
  /** Registrations of `id` made from here, in one directory or in all; the newest first. */
  findAll(id: string, directory?: string): Promise<Stored[]>;
  /** All registrations made from here, in one directory or in all. */
  list(directory?: string): Promise<Stored[]>;
  save(id: string, kept: Stored): Promise<void>;
  /** Forgets how to change it; that it was one's own is kept for the monitor, should the name be registered again. */
  remove(registration: Registration): Promise<void>;
}

/** Opens the registrations in `folder`, which is made when the first is saved. */
export function openRegistrations(folder: string): Registrations {
  const fileOf = ({ name }: Registration) => path.join(folder, `${name}.json`);
  const formerFile = ({ name }: Registration) => path.join(folder, `${name}.former`);
  /** Keys of all registrations of this name that were ever made from here, also of those taken back. */
  const findHolders = async (own: Registration): Promise<string[]> => {
    const past = findSecretFile(formerFile(own))?.split('\n') ?? [];
    if (findSecretFile(fileOf(own)) === undefined) return past;
    const { registration, former = [] } = await parseStored(readEntry(fileOf(own)));
    return [...new Set([...past, ...former, registration.holder])];
  };
  return {
    findAll: async (id, directory) => {
      const key = findFolderKey(folder);
      if (key === undefined) return [];
      const ours = readEntries(folder, directory).filter(
        (entry) => entry.handle === handleOf(key, entry.directory, id),
      );
      const found = await Promise.all(ours.map(parseStored));
      return found.toSorted((a, b) => b.registration.epoch - a.registration.epoch);
    },
    list: async (directory) =>
      findFolderKey(folder) === undefined ? [] : await Promise.all(readEntries(folder, directory).map(parseStored)),
    save: async (id, { registration, providers }) => {
      const { directory } = registration;
      const handle = handleOf(openFolderKey(folder), directory, id);
      const text = await formatRegistration(registration);
      const entry = {
        version: 1,
        handle,
        directory,
        registration: text,
        providers,
        former: (await findHolders(registration)).filter((holder) => holder !== registration.holder),
      };
      await replaceSecretFile(fileOf(registration), `${JSON.stringify(entry)}\n`);
    },
    remove: async (registration) => {
      await replaceSecretFile(formerFile(registration), (await findHolders(registration)).join('\n'));
      rmSync(fileOf(registration), { force: true });
    },
  };
}

const handleOf = (key: string, directory: string, id: string): string =>
  createHmac('sha256', key).update(`${directory}\0${id}`).digest('base64url');

const keyFile = (folder: string): string => path.join(folder, 'handle.key');
const findFolderKey = (folder: string): string | undefined => findSecretFile(keyFile(folder));

function openFolderKey(folder: string): string {
  const found = findFolderKey(folder);
  if (found !== undefined) return found;
  const made = randomBytes(32).toString('base64url');
  createSecretFile(keyFile(folder), made);
  return made;
}

function readEntries(folder: string, directory: string | undefined): Entry[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const entries = files.map((name) => readEntry(path.join(folder, name)));
  return entries.filter((entry) => directory === undefined || entry.directory === directory);
}

const parseStored = async ({ registration, providers, former, handle }: Entry): Promise<Stored> => ({
  handle,
  registration: await parseRegistration(registration),
  providers,
  former,
});

function readEntry(file: string): Entry {
  try {
    return stored.parse(parseJson(findSecretFile(file) ?? ''));
  } catch (error) {
    if (error instanceof WhereaboutsError && error.code === 'config-invalid') throw error;
    throw new WhereaboutsError('config-invalid', `${file} is damaged, or not of a form this version knows`);
  }
}
