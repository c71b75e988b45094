// The built page as it lies in a folder (web/build.ts): each file with what it was compressed to beside it. Read when asked for,
// so that who serves no page holds none in memory.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Coding, PageFile, PageFiles } from '../../server/page.ts';
import { PACKAGE } from './package-folder.ts';

const BUILT = path.join(PACKAGE, 'dist-web');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const ENDINGS: Readonly<Record<Coding, string>> = { identity: '', br: '.br', gzip: '.gz' };
const CODINGS: readonly Coding[] = ['identity', 'br', 'gzip'];

/** The page that was built, undefined where none was. */
export function findPage(folder = BUILT): PageFiles | undefined {
  if (!existsSync(path.join(folder, 'index.html'))) return undefined;
  const names = new Set(
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.split(path.sep).join('/')),
  );
  const tags = new Map<string, Promise<string>>();
  const read = (name: string, coding: Coding) => readFile(path.join(folder, `${name}${ENDINGS[coding]}`));
  const digest = async (name: string) =>
    createHash('sha256')
      .update(await read(name, 'identity'))
      .digest('hex')
      .slice(0, 32);
  return {
    find: async (name): Promise<PageFile | undefined> => {
      // Only what was listed: no path a stranger makes up reaches the disk.
      const type = TYPES[path.extname(name)];
      if (!names.has(name) || type === undefined) return undefined;
      const tag = tags.get(name) ?? digest(name);
      tags.set(name, tag);
      return {
        type,
        tag: await tag,
        isImmutable: name.startsWith('assets/'),
        codings: CODINGS.filter((coding) => names.has(`${name}${ENDINGS[coding]}`)),
        read: (coding) => read(name, coding),
      };
    },
  };
}
