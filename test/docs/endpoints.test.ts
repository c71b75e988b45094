// docs/protocol.md §13 lists every endpoint the apps serve, role by role, and no other.
import { expect, test } from 'vitest';
import { formatRoute, ROLES, served } from '../support/apis.ts';
import { codeIn, readPage, readTable } from './tables.ts';

const page = readPage('docs/protocol.md');

function documented(wanted: string): string[] {
  return readTable(page, 'method', 'path', 'role', 'clause')
    .filter(([, , role]) => role === wanted)
    .map(([method, path]) => formatRoute(method, codeIn(path)))
    .toSorted();
}

test.each(ROLES)('endpoints of the %s (§13)', (role) => {
  expect(documented(role)).toEqual(served(role));
});
