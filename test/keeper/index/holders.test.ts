import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Holders } from '../../../src/keeper/index/holders.js'
import { SAME_CONTENT_SLOTS_MAX } from '../../../src/keeper/index/limits.js'
import { nameOf, parentOf } from '../../../src/share/path.js'

const placeOf = (path: string) => ({ folder: parentOf(path), name: nameOf(path) })
/** Digests that differ in their ends only share a slot; those of 0 share it with those of 1. */
const digestOf = (beginning: number, end: number) =>
  beginning.toString(16).padStart(8, '0') + end.toString(16).padStart(56, '0')

describe('holders', () => {
  test('are found until they are removed, whatever their digests have in common', () => {
    const arbitraryStep = fc.record({
      path: fc.nat(60).map((number) => `folder-${number % 3}/${number}`),
      // A few homes, some at the end of the smallest table; 15 and 31 are neighbours of 0 there.
      beginning: fc.constantFrom(0, 1, 2, 14, 15, 16, 31, 0xffffffff),
      end: fc.nat(2),
      isRemoval: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 200 }), (steps) => {
        const holders = new Holders()
        const expected = new Map<string, string>()
        for (const { path, beginning, end, isRemoval } of steps) {
          const before = expected.get(path)
          if (before !== undefined) holders.remove(before, placeOf(path))
          expected.delete(path)
          if (isRemoval) continue
          const digest = digestOf(beginning, end)
          holders.add(digest, placeOf(path))
          expected.set(path, digest)
        }
        for (const [path, digest] of expected) expect([...holders.candidates(digest)]).toContain(path)
        for (const beginning of [0, 1, 2, 14, 15, 16, 31, 0xffffffff])
          for (const path of holders.candidates(digestOf(beginning, 0)))
            expect(Math.max(1, Number.parseInt(expected.get(path)!.slice(0, 8), 16))).toBe(
              Math.max(1, beginning),
            )
      }),
    )
  })

  test.each([SAME_CONTENT_SLOTS_MAX, SAME_CONTENT_SLOTS_MAX + 1, 1_000])('%d of one content', (count) => {
    const holders = new Holders()
    const digest = digestOf(7, 7)
    const paths = Array.from({ length: count }, (_, number) => `f/${number}`)
    for (const path of paths) holders.add(digest, placeOf(path))
    expect(new Set(holders.candidates(digest))).toEqual(new Set(paths))
    for (const path of paths.slice(1)) holders.remove(digest, placeOf(path))
    expect([...holders.candidates(digest)]).toEqual([paths[0]])
    holders.remove(digest, placeOf(paths[0]!))
    expect([...holders.candidates(digest)]).toEqual([])
    expect(() => holders.remove(digest, placeOf(paths[0]!))).toThrow('left is broken')
  })

  test('grow without losing any', () => {
    const holders = new Holders()
    const count = 3_000
    const digest = (number: number) => digestOf(Math.imul(number, 0x9e3779b1) >>> 0, number)
    for (let number = 0; number < count; number++) holders.add(digest(number), placeOf(`${number}`))
    for (let number = 0; number < count; number += 2) holders.remove(digest(number), placeOf(`${number}`))
    for (let number = 0; number < count; number++)
      expect([...holders.candidates(digest(number))]).toEqual(number % 2 === 0 ? [] : [`${number}`])
  })
})
