import { describe, expect, test } from 'vitest'
import { noteOpened, suspicionOf } from '../../../src/keeper/recover/witness.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { SimWitness } from '../../../src/sim/peer/witness.js'

const AUTHOR = 'a'.repeat(16)

function opened(times: number): { index: SimIndex; witness: SimWitness } {
  const index = new SimIndex()
  const witness = new SimWitness()
  for (let time = 0; time < times; time++) noteOpened(witness, index, AUTHOR)
  return { index, witness }
}

describe('a share', () => {
  test('that is opened again and again is under no suspicion', () => {
    for (const times of [0, 1, 3]) {
      const { index, witness } = opened(times)
      expect(suspicionOf(witness, index, AUTHOR)).toBeUndefined()
    }
  })

  test('that was put back by one start is found out', () => {
    const { index, witness } = opened(2)
    const copy = index.copy()
    noteOpened(witness, index, AUTHOR)
    index.putBack(copy)
    expect(suspicionOf(witness, index, AUTHOR)).toContain('put back to an older copy')
  })

  test('whose note is behind, after a kill between the two, is under no suspicion', () => {
    const { index, witness } = opened(2)
    const copy = witness.copy()
    noteOpened(witness, index, AUTHOR)
    witness.putBack(copy)
    expect(suspicionOf(witness, index, AUTHOR)).toBeUndefined()
  })

  test('of which there is no note though it was opened before comes from elsewhere', () => {
    const { index } = opened(1)
    expect(suspicionOf(new SimWitness(), index, AUTHOR)).toContain('another machine')
  })

  test('that is elsewhere too is a clone', () => {
    const { index } = opened(1)
    const witness = { read: () => ({ opened: 1, isAlsoElsewhere: true }), write: () => {} }
    expect(suspicionOf(witness, index, AUTHOR)).toContain('clone')
  })
})
