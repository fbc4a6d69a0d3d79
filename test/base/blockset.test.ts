import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BlockSet } from '../../src/base/blockset.js'

type Change = { readonly type: 'add' | 'delete'; readonly blockIndex: number }

const change: fc.Arbitrary<Change> = fc.record({
  type: fc.constantFrom('add' as const, 'delete' as const),
  blockIndex: fc.integer({ min: -2, max: 44 }),
})

/** A set of the blocks 0 … blockCount − 1, written as simply as can be. */
class Model {
  readonly members = new Set<number>()
  constructor(readonly blockCount: number) {}

  apply({ type, blockIndex }: Change): boolean {
    if (type === 'delete') return this.members.delete(blockIndex)
    if (blockIndex < 0 || blockIndex >= this.blockCount || this.members.has(blockIndex)) return false
    this.members.add(blockIndex)
    return true
  }

  get sorted(): number[] {
    return [...this.members].sort((left, right) => left - right)
  }
}

describe('a set of blocks', () => {
  test('does what a plain set of the indices within the item does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.array(change, { maxLength: 60 }),
        (blockCount, changes) => {
          const set = new BlockSet(blockCount)
          const model = new Model(blockCount)
          for (const next of changes) {
            const changed = next.type === 'add' ? set.add(next.blockIndex) : set.delete(next.blockIndex)
            expect(changed).toBe(model.apply(next))
          }
          expect([...set]).toEqual(model.sorted)
          expect(set.size).toBe(model.members.size)
          for (let from = 0; from <= blockCount; from++) {
            expect(set.next(from)).toBe(model.sorted.find((index) => index >= from))
            expect(set.has(from)).toBe(model.members.has(from))
          }
        },
      ),
    )
  })

  test('crosses a process boundary as bits and comes back the same', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.array(fc.nat(45), { maxLength: 30 }),
        (blockCount, members) => {
          const set = new BlockSet(blockCount)
          for (const member of members) set.add(member)
          const copy = new BlockSet(blockCount, set.toBytes())
          expect([...copy]).toEqual([...set])
          expect(copy.size).toBe(set.size)
        },
      ),
    )
  })

  test('hands out bits that are its own no more', () => {
    const set = new BlockSet(9)
    const bits = set.toBytes()
    bits.fill(255)
    expect(set.size).toBe(0)
    expect(set.has(3)).toBe(false)
  })

  test.each([0, 1, 7, 8, 9, 16, 17])(
    'full of %i blocks has each of them and nothing beyond',
    (blockCount) => {
      const set = BlockSet.full(blockCount)
      expect([...set]).toEqual(Array.from({ length: blockCount }, (_, index) => index))
      expect(set.next(blockCount)).toBeUndefined()
    },
  )

  test('does not count bits that stand beyond its last block', () => {
    const set = new BlockSet(9, Uint8Array.of(0xff, 0xff))
    expect(set.size).toBe(9)
    expect([...set]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(set.has(9)).toBe(false)
    expect(set.delete(9)).toBe(false)
    expect(set.size).toBe(9)
  })
})
