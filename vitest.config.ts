import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, the longest first: begun before all others, so that no core is idle at the end. */
const LONG = [
  'test/server/directory/storm.',
  'test/conformance/kill.',
  'test/sandbox/',
  'test/docs/quick-starts.',
  'test/server/publication/',
  'test/server/directory/races.',
  'test/cli/',
  'test/server/directory/faults.',
  'test/conformance/',
];

/** Place in that list, its length for all others. */
function rank({ moduleId }: TestSpecification): number {
  const at = LONG.findIndex((part) => moduleId.includes(part));
  return at === -1 ? LONG.length : at;
}

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than a small machine has cores: some of the tests wait most of the time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
});
