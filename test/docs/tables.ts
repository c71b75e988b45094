// Reads the tables of a markdown page by their header. Knows nothing of what stands in them.
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export const readPage = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');

const cells = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The rows of the one table with exactly these column heads; throws where there is none or more than one. */
export function readTable(page: string, ...heads: readonly string[]): string[][] {
  const lines = page.split('\n');
  const places = lines.flatMap((line, at) =>
    line.startsWith('|') && cells(line).join('|') === heads.join('|') ? [at] : [],
  );
  const [at] = places;
  if (at === undefined || places.length > 1) throw new Error(`${places.length} tables with ${heads.join(', ')}`);
  const end = lines.findIndex((line, index) => index > at && !line.startsWith('|'));
  return lines.slice(at + 2, end === -1 ? undefined : end).map(cells);
}

/** The text of a cell that is one piece of code. */
export function codeIn(cell: string | undefined): string {
  const code = /^`([^`]+)`$/.exec(cell ?? '')?.[1];
  if (code === undefined) throw new Error(`a cell that is not code: ${cell ?? 'none'}`);
  return code;
}
