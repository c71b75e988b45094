// `npm run bench [-- name …]`: runs the benchmarks named, or all; prints tables and, last, one JSON line. `--save` keeps the figures in
// docs/performance.json, those of other benchmarks as they were, and draws how cost grows.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchEvaluate } from './evaluate.ts';
import { benchBundle } from './bundle.ts';
import { benchCores } from './cores.ts';
import { benchDeposits } from './deposits.ts';
import { benchDirectories } from './directories.ts';
import { benchDirectory } from './directory.ts';
import { benchLog } from './log.ts';
import { benchLookup } from './lookup.ts';
import { benchScale } from './scale.ts';
import { benchStart } from './start.ts';
import { benchStorm } from './storm.ts';
import { benchPublication } from './publication.ts';
import { benchTree } from './tree.ts';
import { benchWatch } from './watch.ts';
import { benchWhere } from './where.ts';
import type { Line } from './measure.ts';
import { drawPanels } from './plot.ts';

const BENCHES: Readonly<Record<string, () => Promise<Record<string, Line[]>>>> = {
  evaluate: benchEvaluate,
  directory: benchDirectory,
  deposits: benchDeposits,
  lookup: benchLookup,
  directories: benchDirectories,
  cores: benchCores,
  start: benchStart,
  bundle: benchBundle,
  storm: benchStorm,
  scale: benchScale,
  log: benchLog,
  where: benchWhere,
  watch: benchWatch,
  tree: benchTree,
  publication: benchPublication,
};

const FIGURES = 'docs/performance.json';
const save = process.argv.includes('--save');
const wanted = process.argv.slice(2).filter((word) => word !== '--save');
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`no such benchmark; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`);
console.log('Rates are medians over rounds in turn; × is against the last line of each table, in the same run.');
type Results = Record<string, Record<string, Line[]>>;
const results: Results = {};
for (const [name, bench] of Object.entries(BENCHES))
  if (wanted.length === 0 || wanted.includes(name)) results[name] = await bench();
console.log(`\n${JSON.stringify(results)}`);
if (save) keep(results);

function keep(fresh: Results): void {
  const known = existsSync(FIGURES) ? (JSON.parse(readFileSync(FIGURES, 'utf8')) as Results) : {};
  const all = { ...known, ...fresh };
  writeFileSync(FIGURES, `${JSON.stringify(all, undefined, 2)}\n`);
  const growing = (name: string) =>
    Object.values(all[name] ?? {})
      .flat()
      .filter(({ at }) => at !== undefined);
  const panels = [
    {
      title: 'Evaluations with proof, one core',
      across: 'elements in a batch',
      up: 'elements / CPU s',
      lines: growing('evaluate'),
    },
    {
      title: 'Bucket reads while epochs go on',
      across: 'records in the directory',
      up: 'reads / CPU s',
      lines: growing('scale'),
    },
    {
      title: 'Private look-ups of somebody unknown',
      across: 'directories that are asked',
      up: 'look-ups / CPU s',
      lines: growing('directories'),
    },
  ].filter(({ lines }) => lines.length > 0);
  writeFileSync('docs/performance.svg', drawPanels(panels));
}
