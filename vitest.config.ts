// `npm test`. What takes minutes is in vitest.long.config.ts.

import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { SlowFirst } from './test/slow-first.js'

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
    ...common,
    include: ['test/**/*.test.ts'],
    exclude: [LONG],
    // Each worker runs file after file in one process, and loads the code once. Vitest ends a process before a file of another
    // project, so that there is one for all of them.
    isolate: false,
    // Two more than there are cores: many files wait for processes most of the time.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: SlowFirst },
    // What child processes run is not counted: the end-to-end tests start the program as it is built.
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
  },
})
