// What all suites share, made once: the bundled program, which commands run; the page; one real PostgreSQL, in which each suite makes
// its own database; an empty PGlite, which each suite copies; and the module Workers bundle, which wrangler makes for wrangler.toml only.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { openEmbedded } from '../../src/platform/node/embedded.ts';
import { startPostgres } from './postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
    /** A file: what PGlite holds when nothing is in it but the schema. */
    emptyPglite: string;
  }
}

export default async function (project: TestProject) {
  await import('../../src/platform/workers/write-sodium.ts');
  // In a process of its own: what is built in a test's environment is not what people get.
  const env = { ...process.env, NODE_ENV: 'production' };
  for (const build of ['bin/build.ts', 'web/build.ts'])
    execFileSync(process.execPath, [path.join(import.meta.dirname, '../..', build), '--stale'], { env });
  const folder = mkdtempSync(path.join(tmpdir(), 'whereabouts-shared-'));
  const [postgres, pglite] = await Promise.all([startPostgres(), openEmbedded(path.join(folder, 'empty'))]);
  const empty = path.join(folder, 'empty.tar');
  writeFileSync(empty, await (await pglite.dump()).bytes());
  await pglite.close();
  project.provide('postgresUrl', postgres.url);
  project.provide('emptyPglite', empty);
  return async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
