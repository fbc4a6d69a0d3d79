import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DIGEST_BYTES, WEAK_SUM_BYTES } from '../../../src/base/limits.js'
import { blockListOf, storedList } from '../../../src/keeper/index/stored-list.js'

describe('the list of a file in the index', () => {
  test('comes out as it went in, with weak sums and without, whatever the number of blocks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.boolean(), (count, hasSums) => {
        const list = new Uint8Array(count * DIGEST_BYTES).fill(5)
        const sums = hasSums ? new Uint8Array(count * WEAK_SUM_BYTES).fill(6) : undefined
        expect(blockListOf(storedList({ list, sums }))).toEqual({ list, sums })
      }),
    )
  })

  test('is the digests alone where an earlier version wrote it', () => {
    const list = new Uint8Array(9 * DIGEST_BYTES)
    expect(blockListOf(list)).toEqual({ list, sums: undefined })
  })
})
