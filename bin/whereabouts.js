#!/usr/bin/env node
// Starts the command line under a Node that can run it. Plain JavaScript: an old Node must get this far.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants, homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isProgramFresh, PROGRAM, ROOT } from './newest.js';

const isRecent = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
};

/** The Node this package brings along as a development dependency. */
function findNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    return [path.join(path.dirname(manifest), 'bin', name), path.join(ROOT, 'node_modules', '.bin', name)].find(
      (file) => existsSync(file),
    );
  } catch {
    return undefined;
  }
}

/** The bundled program, which starts in a third of the time, but never older than the sources of a checkout. */
const findEntry = () => (isProgramFresh() ? PROGRAM : path.join(ROOT, 'src', 'cli.ts'));

/** Compiled modules are kept, in a folder of the user's own: commands start in half the time. */
function keepCompiled() {
  const cache =
    process.env.XDG_CACHE_HOME || path.join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
  if (process.env.NODE_COMPILE_CACHE === undefined)
    module.enableCompileCache?.(path.join(cache, 'whereabouts', 'compiled'));
}

if (isRecent()) {
  keepCompiled();
  await import(pathToFileURL(findEntry()).href);
} else {
  const node = process.env.WHEREABOUTS_RESTARTED === undefined ? findNode() : undefined;
  if (node === undefined) {
    process.stderr.write(`whereabouts needs Node 22.18 or newer; this is ${process.versions.node}\n`);
    process.exit(2);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, WHEREABOUTS_RESTARTED: '1' },
  });
  // A terminal signals both of us; a supervisor only the parent.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', () => {
    process.stderr.write('whereabouts needs Node 22.18 or newer, and the one found could not be started\n');
    process.exit(2);
  });
  child.once('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
