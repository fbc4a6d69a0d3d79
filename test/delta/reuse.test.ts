import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockCount } from '../../src/base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES } from '../../src/base/limits.js'
import { planReuse, type ReusePlan } from '../../src/delta/reuse.js'

/** A digest list of blocks that are told apart by a number. */
function listOf(blocks: readonly number[]): Uint8Array {
  const list = new Uint8Array(blocks.length * DIGEST_BYTES)
  const view = new DataView(list.buffer)
  blocks.forEach((block, index) => {
    // Half of the digests begin alike, so that the search must look at all of a digest.
    view.setUint32(index * DIGEST_BYTES, block % 2)
    view.setUint32(index * DIGEST_BYTES + 28, block)
  })
  return list
}

function planOf(blocks: readonly number[], old: readonly number[] | undefined): ReusePlan {
  return planReuse({
    list: listOf(blocks),
    sizeBytes: blocks.length * BLOCK_BYTES,
    old: old === undefined ? undefined : listOf(old),
    oldSizeBytes: (old?.length ?? 0) * BLOCK_BYTES,
  })
}

describe('reusing blocks of the old version', () => {
  test('without one, everything is needed', () => {
    for (const old of [undefined, []]) {
      const plan = planOf([1, 2, 3], old)
      expect(plan.copies).toEqual([])
      expect([...plan.needed]).toEqual([0, 1, 2])
    }
  })

  test('a change in the middle needs only what changed', () => {
    const plan = planOf([1, 2, 9, 4, 5], [1, 2, 3, 4, 5])
    expect(plan.copies).toEqual([
      { fromIndex: 0, toIndex: 0, count: 2 },
      { fromIndex: 3, toIndex: 3, count: 2 },
    ])
    expect([...plan.needed]).toEqual([2])
  })

  test('blocks that moved are found, in long runs', () => {
    const plan = planOf([9, 1, 2, 3, 7, 7], [7, 1, 2, 3])
    expect(plan.copies).toEqual([
      { fromIndex: 1, toIndex: 1, count: 3 },
      { fromIndex: 0, toIndex: 4, count: 1 },
      { fromIndex: 0, toIndex: 5, count: 1 },
    ])
    expect([...plan.needed]).toEqual([0])
    expect(planOf([9, 9, 9, 1, 2], [2, 1, 2]).copies).toEqual([{ fromIndex: 1, toIndex: 3, count: 2 }])
  })

  test('the same place goes before any other', () => {
    expect(planOf([4, 4, 4], [4, 4, 4]).copies).toEqual([{ fromIndex: 0, toIndex: 0, count: 3 }])
    expect(planOf([4, 5, 4], [4, 1, 4]).copies).toEqual([
      { fromIndex: 0, toIndex: 0, count: 1 },
      { fromIndex: 2, toIndex: 2, count: 1 },
    ])
  })

  test('a digest is not believed where the lengths differ', () => {
    const plan = planReuse({
      list: listOf([1, 2]),
      sizeBytes: BLOCK_BYTES + 10,
      old: listOf([2, 1]),
      oldSizeBytes: BLOCK_BYTES + 10,
    })
    expect([...plan.needed]).toEqual([0, 1])
  })

  test('a short last block is reused at the end', () => {
    const plan = planReuse({
      list: listOf([5, 2]),
      sizeBytes: BLOCK_BYTES + 10,
      old: listOf([1, 2]),
      oldSizeBytes: BLOCK_BYTES + 10,
    })
    expect(plan.copies).toEqual([{ fromIndex: 1, toIndex: 1, count: 1 }])
  })

  test('every block of the new version is copied from an equal one or needed, once', () => {
    const blocks = fc.array(fc.nat(6), { maxLength: 30 })
    fc.assert(
      fc.property(
        blocks,
        blocks,
        fc.nat(BLOCK_BYTES - 1),
        fc.nat(BLOCK_BYTES - 1),
        (next, old, short, oldShort) => {
          const sizeBytes = Math.max(0, next.length * BLOCK_BYTES - short)
          const oldSizeBytes = Math.max(0, old.length * BLOCK_BYTES - oldShort)
          const plan = planReuse({ list: listOf(next), sizeBytes, old: listOf(old), oldSizeBytes })
          const seen = new Set<number>(plan.needed)
          for (const { fromIndex, toIndex, count } of plan.copies) {
            for (let step = 0; step < count; step++) {
              expect(old[fromIndex + step]).toBe(next[toIndex + step])
              expect(seen.has(toIndex + step)).toBe(false)
              seen.add(toIndex + step)
            }
          }
          expect(seen.size).toBe(blockCount(sizeBytes))
          for (const index of plan.needed) {
            const isWholeBlock = (index + 1) * BLOCK_BYTES <= sizeBytes
            const wholeOld = old.slice(0, Math.floor(oldSizeBytes / BLOCK_BYTES))
            if (isWholeBlock && wholeOld.length === old.length) expect(old).not.toContain(next[index])
          }
        },
      ),
    )
  })

  test('a list at an odd place in memory is read alike', () => {
    const shifted = new Uint8Array(1 + 3 * DIGEST_BYTES)
    shifted.set(listOf([1, 2, 3]), 1)
    const plan = planReuse({
      list: shifted.subarray(1),
      sizeBytes: 3 * BLOCK_BYTES,
      old: listOf([1, 2, 3]),
      oldSizeBytes: 3 * BLOCK_BYTES,
    })
    expect(plan.copies).toEqual([{ fromIndex: 0, toIndex: 0, count: 3 }])
  })

  test('a list that does not fit the size is a mistake of ours', () => {
    expect(() =>
      planReuse({ list: listOf([1]), sizeBytes: 2 * BLOCK_BYTES, old: undefined, oldSizeBytes: 0 }),
    ).toThrow()
  })
})
