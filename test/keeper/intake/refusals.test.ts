import { describe, expect, test } from 'vitest'
import { Refusals } from '../../../src/keeper/intake/refusals.js'
import { REFUSED_PATHS_MAX } from '../../../src/keeper/limits.js'
import { THEIRS, theirFile } from '../share-on-disk.js'

describe('refused paths', () => {
  test('are remembered up to their limit, then the oldest is forgotten', () => {
    const refusals = new Refusals()
    const file = theirFile('', '')
    const refuse = (index: number) =>
      refusals.add({ ...file, path: `p${index}` }, new Set([THEIRS]), 'no', index)
    const has = (index: number) => refusals.has({ ...file, path: `p${index}` })
    for (let index = 0; index < REFUSED_PATHS_MAX; index++) refuse(index)
    expect([has(0), has(REFUSED_PATHS_MAX - 1)]).toEqual([true, true])
    refuse(REFUSED_PATHS_MAX)
    expect([has(0), has(1), has(REFUSED_PATHS_MAX)]).toEqual([false, true, true])
    expect(refuse(1)).toBe(false)
    refuse(REFUSED_PATHS_MAX + 1)
    expect([has(1), has(2)]).toEqual([true, false])
  })
})
