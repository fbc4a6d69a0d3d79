// Facts that decide between the rows of recovery-table.ts: some cost the reading of a file.

import { assert } from '../../base/assert.js'
import type { RecoveryFact } from './recovery-table.js'

/** Facts that are established when they are asked for, each once. */
export function established(
  facts: Partial<Record<RecoveryFact, () => boolean>>,
): (fact: RecoveryFact) => boolean {
  const known = new Map<RecoveryFact, boolean>()
  return (fact) => {
    const before = known.get(fact)
    if (before !== undefined) return before
    const establish = facts[fact]
    assert(establish !== undefined, 'a row asks for facts of its subject only')
    const isSo = establish()
    known.set(fact, isSo)
    return isSo
  }
}
