// The order of the test files: those that take longest first, so that at the end no worker waits for one of them alone.

import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Longest first, as measured; all others come after them in any order. */
const SLOW = [
  'e2e/page',
  'e2e/disk',
  'sim/peers',
  'rdt/sharing',
  'e2e/trust',
  'e2e/peers',
  'sim/simulate',
  'e2e/tracker',
  'e2e/files',
  'share/explorer/explorer',
  'e2e/trash',
  'e2e/refusals',
  'e2e/ask',
  'swarm/swarm',
  'e2e/changes',
  'e2e/quiet',
  'e2e/large',
  'e2e/breaker',
  'model/handshake2',
  'hostile/hostile',
  'e2e/kills',
  'e2e/deletions',
  'scenarios/scenarios',
  'keeper/intake/many-wants',
  'e2e/conflicts',
  'e2e/faults',
  'e2e/visit',
  'seal/identity',
  'cli/main',
  'share/walk',
  'e2e/moves',
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
