// Builds the page into dist-web: bundled by Vite, and compressed beforehand. `--stale`: only where something it is made of is newer
// than what was built, so that `npm start` on a fresh checkout has a page and later starts lose no time.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { isFresh } from '../bin/newest.js';

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
    path.join(OUT, 'index.html'),
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
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) compress(path.join(folder, name));
}

/** Beside each file what is worth sending instead. */
function compress(file: string): void {
  if (!/\.(?:html|js|css|svg)$/.test(file)) return;
  const octets = readFileSync(file);
  const br = brotliCompressSync(octets, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  const gzip = gzipSync(octets, { level: 9 });
  if (br.length < octets.length) writeFileSync(`${file}.br`, br);
  if (gzip.length < octets.length) writeFileSync(`${file}.gz`, gzip);
}

if (import.meta.main && !(process.argv.includes('--stale') && isPageFresh())) await buildPage();
