// `npm run bench [-- name …]`: runs the benchmarks named, or all; prints tables and, last, one JSON line.
import { cpus } from 'node:os';
import { benchEvaluate } from './evaluate.ts';
import { benchDirectory } from './directory.ts';
import { benchLog } from './log.ts';
import { benchPublication } from './publication.ts';
import { benchWatch } from './watch.ts';
import { benchWhere } from './where.ts';
import type { Line } from './measure.ts';

const BENCHES: Readonly<Record<string, () => Promise<Record<string, Line[]>>>> = {
  evaluate: benchEvaluate,
  directory: benchDirectory,
  log: benchLog,
  where: benchWhere,
  watch: benchWatch,
  publication: benchPublication,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`no such benchmark; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`);
console.log('Rates are medians over rounds in turn; × is against the last line of each table, in the same run.');
const results: Record<string, unknown> = {};
for (const [name, bench] of Object.entries(BENCHES))
  if (wanted.length === 0 || wanted.includes(name)) results[name] = await bench();
console.log(`\n${JSON.stringify(results)}`);
