// Every back end of the group there is, for tests that hold for each.
import type { Group } from '../../src/protocol/group.ts';
import { nobleGroup } from '../../src/protocol/group-noble.ts';
import { loadSodiumGroup } from '../../src/platform/sodium.ts';

export const GROUPS: readonly [name: string, group: Group][] = [nobleGroup, await loadSodiumGroup()].map((group) => [
  group.name,
  group,
]);
