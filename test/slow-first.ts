// The order of the test files: those that take longest first, so that at the end no worker waits for one of them alone.

import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Longest first, as measured; all others come after them in any order. */
const SLOW = [
  'hostile/hostile',
  'e2e/kills',
  'model/handshake2',
  'explorer/explorer',
  'e2e/quiet',
  'e2e/disk',
  'scenarios/scenarios',
  'e2e/changes',
  'e2e/trust',
  'e2e/peers',
  'rdt/sharing',
  'sim/peers',
  'e2e/files',
  'e2e/large',
  'e2e/loss',
  'e2e/strangers',
  'sim/simulate',
  'swarm/swarm',
  'window/jitter',
  'window/window',
  'e2e/refusals',
]

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((one, other) => rankOf(one) - rankOf(other))
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const index = SLOW.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
  return index === -1 ? SLOW.length : index
}
