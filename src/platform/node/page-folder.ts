// The built page as it lies in a folder (web/build.ts). Read when asked for, so that who serves no page holds none in memory.
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { findListed, LIST, parsePageList } from '../../server/page-list.ts';
import type { PageFiles } from '../../server/page.ts';
import { PACKAGE } from './package-folder.ts';

const BUILT = path.join(PACKAGE, 'dist-web');

/** The page that was built, undefined where none was. */
export function findPage(folder = BUILT): PageFiles | undefined {
  const file = path.join(folder, LIST);
  if (!existsSync(file)) return undefined;
  const list = parsePageList(readFileSync(file, 'utf8'));
  return { find: async (name) => findListed(list, name, (listed) => readFile(path.join(folder, listed))) };
}
