// The page's files by the list that was written when they were built (web/build.ts): the path each is shown under, its digest, and
// where it lies in which coding. Only what is listed is ever read: no path a stranger makes up reaches a disk or a store.
import { z } from 'zod';
import { WhereaboutsError } from '../protocol/errors.ts';
import type { Coding, PageFile } from './page.ts';

/** The list's own name, beside `index.html`. It does not list itself, so that it is never shown. */
export const LIST = 'files.json';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

const CODINGS: readonly Coding[] = ['identity', 'br', 'gzip'];

const LISTED = z.strictObject({
  /** Hex, of the content as it is. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The file that holds it in each coding. */
  codings: z.strictObject({ identity: z.string(), br: z.string().optional(), gzip: z.string().optional() }),
});
const FILES = z.record(z.string(), LISTED);

/** By path from the page's root. */
export type PageList = ReadonlyMap<string, z.infer<typeof LISTED>>;

/** Throws `config-invalid` where it is none. */
export function parsePageList(text: string): PageList {
  try {
    return new Map(Object.entries(FILES.parse(JSON.parse(text))));
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', `${LIST} of the built page cannot be read: build it again`, { cause });
  }
}

/** One file of the list; `read` gives the octets of a file by its name. */
export function findListed(
  list: PageList,
  path: string,
  read: (name: string) => Promise<Uint8Array>,
): PageFile | undefined {
  const listed = list.get(path);
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1)];
  if (listed === undefined || type === undefined) return undefined;
  const { sha256, codings } = listed;
  return {
    type,
    tag: sha256.slice(0, 32),
    isImmutable: path.startsWith('assets/'),
    codings: CODINGS.filter((coding) => codings[coding] !== undefined),
    read: (coding) => read(codings[coding] ?? codings.identity),
  };
}
