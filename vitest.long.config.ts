// `npm run test:long`: tests that take minutes (`*.long.test.ts`), and those of `npm test` that run with more seeds,
// steps or time where there is time (test/length.ts).

import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { common, LONG } from './vitest.config.js'

/** They judge how soon a peer answers, or run as many peers as a machine bears. */
const ALONE = ['test/hostile/*.long.test.ts', 'test/scripts/*.long.test.ts']

const long = {
  ...common,
  env: { LEFT_TEST_LONG: '1' },
  // Ends what would never end, and nothing else.
  testTimeout: 20 * 60_000,
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...long,
          name: 'seeds',
          include: [
            LONG,
            'test/cli/visit/listing-lines.test.ts',
            'test/e2e/*.test.ts',
            'test/e2e/scenarios/*.test.ts',
            'test/fuzz/*.test.ts',
            'test/hostile/hostile.test.ts',
            'test/io/confinement.test.ts',
            'test/journal/journal.test.ts',
            'test/peering/peering.test.ts',
            'test/rdt/sharing.test.ts',
            'test/rdt/window/jitter.test.ts',
            'test/share/{ignore-rules,page-cuts,walk}.test.ts',
            'test/sim/{away,crowd,disk-errors,peers,simulate,told-moves}.test.ts',
          ],
          exclude: ALONE,
          maxWorkers: Math.max(2, availableParallelism()),
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { ...long, name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
