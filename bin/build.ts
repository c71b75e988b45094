// Bundles the command line and its servers into dist/program: reading a thousand modules one by one is most of what a start takes.
// `--stale`: only where a source is newer than what was built.
import { renameSync, rmSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { isProgramFresh, PROGRAM, ROOT } from './newest.js';

const OUT = path.dirname(PROGRAM);

/** Builds the program beside itself and puts it in place. */
async function buildProgram(): Promise<void> {
  const begun = new Date();
  const made = `${OUT}-${process.pid}`;
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    // These two read files of their own beside their modules, or are loaded by few.
    ssr: { noExternal: true, external: ['@electric-sql/pglite', 'openpgp'], target: 'node' },
    build: {
      ssr: true,
      outDir: made,
      emptyOutDir: true,
      target: 'node22',
      minify: false,
      rolldownOptions: {
        // The worker is started from its file, beside whoever starts it.
        input: { cli: 'src/cli.ts', 'evaluation-worker': 'src/platform/node/evaluation-worker.ts' },
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  });
  // A source that was changed meanwhile is newer.
  utimesSync(path.join(made, path.basename(PROGRAM)), begun, begun);
  rmSync(OUT, { recursive: true, force: true });
  renameSync(made, OUT);
}

if (import.meta.main && !(process.argv.includes('--stale') && isProgramFresh())) await buildProgram();
