// Builds the page into dist-web: bundled by Vite, compressed beforehand, and listed for who serves it. `--stale`: only where something it is made of is newer
// than what was built, so that `npm start` on a fresh checkout has a page and later starts lose no time.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { isFresh } from '../bin/newest.js';
import { LIST } from '../src/server/page-list.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const OUT = path.join(ROOT, 'dist-web');

/** Everything the page is bundled from, but for packages, which change with the lock file. */
const SOURCES = [
  'web',
  'src/index.ts',
  'src/client',
  'src/protocol',
  'src/evidence',
  'src/platform/sodium.ts',
  'package-lock.json',
];

const isPageFresh = (): boolean =>
  isFresh(
    path.join(OUT, LIST),
    SOURCES.map((name) => path.join(ROOT, name)),
  );

/** Builds the page; `folder` is dist-web unless given. */
export async function buildPage(folder = OUT): Promise<void> {
  await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: folder,
      rolldownOptions: { input: ['index.html', 'reference.html'].map((name) => path.join(import.meta.dirname, name)) },
      emptyOutDir: true,
      target: 'es2024',
      // Small files stay files: the page's policy allows no script or style in the document, and no data: but for images.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 2_000,
    },
  });
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:html|js|css|svg)$/.test(name),
  );
  const listed = names.map((name) => compress(folder, name.split(path.sep).join('/')));
  // Last: what has no list was not built to its end.
  writeFileSync(path.join(folder, LIST), JSON.stringify(Object.fromEntries(listed)));
}

/** Beside a file what is worth sending instead; what the list has of it. */
function compress(folder: string, name: string): [path: string, listed: object] {
  const octets = readFileSync(path.join(folder, name));
  const codings: Record<string, string> = { identity: name };
  const keep = (coding: string, ending: string, made: Buffer): void => {
    if (made.length >= octets.length) return;
    codings[coding] = `${name}${ending}`;
    writeFileSync(path.join(folder, `${name}${ending}`), made);
  };
  keep('br', '.br', brotliCompressSync(octets, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
  keep('gzip', '.gz', gzipSync(octets, { level: 9 }));
  return [name, { sha256: createHash('sha256').update(octets).digest('hex'), codings }];
}

if (import.meta.main && !(process.argv.includes('--stale') && isPageFresh())) await buildPage();
