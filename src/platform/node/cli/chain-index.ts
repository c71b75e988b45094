// `whereabouts chain set-index`: which definitions one has records of, and where they are (§9.4); in public, or for who knows one of
// one's own identifiers. Keeps every entry but the one it sets: the link it adds takes the place of the whole index.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { openSealed } from '../../../client/chain-index.ts';
import {
  isIndexUri,
  parseIndexRecord,
  type ChainIndex,
  type IndexRecord,
} from '../../../protocol/chain/index-entries.ts';
import { openEntry, sealEntry, type IndexEntry } from '../../../protocol/chain/sealed-index.ts';
import type { ChainState } from '../../../protocol/chain/state.ts';
import { failAsSync, WhereaboutsError } from '../../../protocol/errors.ts';
import { parseIdentifier } from '../../../protocol/identifier.ts';
import { systemRandom } from '../clock.ts';
import { findPolicy, openClient, type Setup } from './asking.ts';
import { append, change, report } from './chain-append.ts';
import type { ChainOptions } from './chain-asking.ts';
import { findSealed } from './chain-names.ts';
import { collect } from './lists.ts';
import type { Terminal } from './program.ts';

interface IndexOptions extends ChainOptions {
  readonly file?: string;
  readonly hash?: string;
  readonly onlyFor?: string[];
  readonly region?: string;
  readonly remove?: true;
}

const EXAMPLE = `set-index https://schema.example/profile https://bob.example/profile.json --file profile.json
  $ whereabouts chain set-index https://schema.example/card https://bob.example/card.json --file card.json --only-for "+44 20 7946 0555"
  $ whereabouts chain set-index https://schema.example/profile --remove`;

export function setIndexCommand(terminal: Terminal): Command {
  return change('set-index', 'say where a record of yours is', EXAMPLE)
    .argument('<definition>', 'URI of what the record is: https, did, ipfs or urn')
    .argument('[ref]', 'URI of the record')
    .option('--file <record>', 'a copy of the record here: its hash goes into the index, and it nowhere')
    .option('--hash <hash>', 'SHA-256 of the record instead, 43 characters')
    .option('--only-for <id>', 'seal it for who knows this, which you registered from here; again for more', collect)
    .option('--region <region>', 'region of a national phone number, such as GB')
    .option('--remove', 'take the entry away; of a sealed one say --only-for')
    .action(async (definition: string, ref: string | undefined, options: IndexOptions) => {
      if (!isIndexUri(definition))
        throw new WhereaboutsError('config-invalid', 'a definition is a URI: https, did, ipfs or urn');
      const record = options.remove === true ? undefined : await readRecord(ref, options);
      if (options.remove === true && ref !== undefined)
        throw new WhereaboutsError('config-invalid', 'what is removed needs no place');
      const { found } = await append(terminal, options, async ({ directory, setup }) => {
        const seals = await findSeals(setup, options, directory);
        return async (state) => ({
          type: 'set-index',
          ...(seals.length === 0
            ? setPublic(state, definition, record)
            : await setSealed(state, definition, record, seals)),
        });
      });
      report(terminal, found, options, record === undefined ? `Removed: ${definition}` : `Listed: ${definition}`);
    });
}

async function readRecord(ref: string | undefined, { file, hash }: IndexOptions): Promise<IndexRecord> {
  if (ref === undefined) throw new WhereaboutsError('config-invalid', 'say where the record is, or --remove');
  if ((file === undefined) === (hash === undefined))
    throw new WhereaboutsError('config-invalid', 'say what the record is: --file or --hash');
  const record = { ref, hash: file === undefined ? hash : await hashFile(file) };
  return failAsSync('config-invalid', 'a place is a URI, and a hash has 43 characters', () => parseIndexRecord(record));
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', `cannot read the record: ${file}`, { cause });
  }
  return hash.digest('base64url');
}

async function findSeals(setup: Setup, { onlyFor = [], region }: IndexOptions, directory: string) {
  const ids = onlyFor.map((text) => parseIdentifier(text, region));
  const found = await Promise.all(ids.map((id) => findSealed(setup, id, directory)));
  // While the directory changes its key an identifier has two names, and readers may ask under either.
  return found.flat().map(({ seal }) => seal);
}

function setPublic({ index }: ChainState, definition: string, record: IndexRecord | undefined): ChainIndex {
  const others = Object.entries(index.index).filter(([one]) => one !== definition);
  if (record === undefined && others.length === Object.keys(index.index).length) throw absent();
  const entries = record === undefined ? others : [...others, [definition, record] as const];
  return { index: Object.fromEntries(entries), sealed: index.sealed };
}

async function setSealed(
  { id, index }: ChainState,
  definition: string,
  record: IndexRecord | undefined,
  seals: readonly Uint8Array[],
): Promise<ChainIndex> {
  const isSame = await Promise.all(
    index.sealed.map(async (entry) => {
      const opened = await Promise.all(seals.map((seal) => openEntry(entry, id, seal)));
      return opened.some((one) => one?.definition === definition);
    }),
  );
  const others = index.sealed.filter((_, at) => isSame[at] !== true);
  if (record === undefined && others.length === index.sealed.length) throw absent();
  const added = record === undefined ? [] : [await sealEntry({ definition, ...record }, id, seals, systemRandom)];
  return { index: index.index, sealed: [...others, ...added] };
}

const absent = () => new WhereaboutsError('record-unknown', 'the index has no such entry');

interface KnowingOptions extends ChainOptions {
  readonly from?: string;
  readonly region?: string;
}

/** Sealed entries for who knows an identifier: with what was kept of one's own registration, else the directory evaluates it. */
export async function readSealed(
  terminal: Terminal,
  setup: Setup,
  options: KnowingOptions,
  asked: { readonly directory: string; readonly state: ChainState; readonly identifier: string },
): Promise<readonly IndexEntry[]> {
  const { directory, state, identifier } = asked;
  const id = parseIdentifier(identifier, options.region);
  const own = await findSealed(setup, id, directory).catch((error: unknown) => {
    if (error instanceof WhereaboutsError && error.code === 'record-unknown') return [];
    throw error;
  });
  const opened = await openSealed(
    state,
    own.map(({ seal }) => seal),
  );
  if (opened.length > 0) return opened;
  const policy = findPolicy(setup, options, options.from ?? directory);
  if (policy === undefined)
    throw new WhereaboutsError('config-invalid', 'there is no policy to ask under: give one with --policy');
  const { client } = await openClient(terminal, setup, options, policy);
  return client.readIndex(directory, state, id);
}
