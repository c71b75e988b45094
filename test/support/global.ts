// Bundles the program once, which commands then run. Starts one real PostgreSQL for the whole run; each suite makes its own database in it. Writes the module Workers bundle: wrangler
// does that for wrangler.toml only, and several suites bundle at once.
import type { TestProject } from 'vitest/node';
import { buildProgram, isProgramFresh } from '../../bin/build.ts';
import { startPostgres } from './postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

export default async function (project: TestProject) {
  await import('../../src/platform/workers/write-sodium.ts');
  if (!isProgramFresh()) await buildProgram();
  const postgres = await startPostgres();
  project.provide('postgresUrl', postgres.url);
  return () => postgres.stop();
}
