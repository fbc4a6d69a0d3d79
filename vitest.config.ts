// `npm test`. What takes minutes is in vitest.long.config.ts.

import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { SlowFirst } from './test/slow-first.js'

/** Files that start peers. */
const WITH_PEERS = ['test/e2e/**/*.test.ts', 'test/hostile/**/*.test.ts']

export const LONG = 'test/**/*.long.test.ts'

export const common = {
  globalSetup: ['harness/shared-identity.ts'],
  setupFiles: ['test/own-home.ts'],
  // They end what would never end: a machine may be ten times as slow as another, or busy.
  testTimeout: 180_000,
  hookTimeout: 180_000,
}

export default defineConfig({
  test: {
    // One more than there are cores, and two at least: half of the files wait for processes most of the time.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: SlowFirst },
    // What child processes run is not counted: the end-to-end tests start the program as it is built.
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
    projects: [
      // One process runs file after file and loads the code once: no file leaves anything behind in it.
      { test: { ...common, name: 'peers', include: WITH_PEERS, exclude: [LONG], isolate: false } },
      {
        test: {
          ...common,
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: [...WITH_PEERS, LONG],
          isolate: false,
        },
      },
    ],
  },
})
