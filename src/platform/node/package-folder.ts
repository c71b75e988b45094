// Where this package lies, whether it runs from its sources, from its modules or as the bundled program.
import { existsSync } from 'node:fs';
import path from 'node:path';

function find(folder: string): string {
  return existsSync(path.join(folder, 'package.json')) ? folder : find(path.dirname(folder));
}

/** The folder of package.json, drizzle and dist-web. */
export const PACKAGE = find(import.meta.dirname);
