// Door: argv → command. Run by bin/whereabouts.js under a Node that is new enough.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './platform/node/cli/program.ts';
import { PACKAGE } from './platform/node/package-folder.ts';

const { version } = JSON.parse(readFileSync(path.join(PACKAGE, 'package.json'), 'utf8')) as {
  readonly version: string;
};

// Loaded only when served: a look-up from the shell needs no database.
await run(
  process.argv.slice(2),
  {
    production: async ({ roles, ...options }) =>
      (await import('./node.ts')).serve({ ...process.env, ...(roles && { WHEREABOUTS_ROLES: roles }) }, options),
    sandbox: async (options) => (await import('./sandbox.ts')).serveSandbox(process.env, options),
  },
  version,
);
