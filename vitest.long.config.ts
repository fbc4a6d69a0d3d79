// `npm run test:long`: tests that take minutes (`*.long.test.ts`), and those of `npm test` that run with more seeds,
// steps or time where there is time (test/length.ts).

import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { common, LONG } from './vitest.config.js'

export default defineConfig({
  test: {
    ...common,
    include: [
      LONG,
      'test/fuzz/*.test.ts',
      'test/rdt/sharing.test.ts',
      'test/sim/peers.test.ts',
      'test/sim/simulate.test.ts',
    ],
    env: { LEFT_TEST_LONG: '1' },
    maxWorkers: Math.max(2, availableParallelism()),
    // Ends what would never end, and nothing else.
    testTimeout: 20 * 60_000,
  },
})
