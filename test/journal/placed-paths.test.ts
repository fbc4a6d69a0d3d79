import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PATH_BYTES_MAX } from '../../src/base/limits.js'
import { PLACED_CHUNK_BYTES, PLACED_DEAD_BYTES_MIN } from '../../src/journal/limits.js'
import { PlacedPaths } from '../../src/journal/placed-paths.js'
import { arbitraryPath, digestOf } from '../share/entries.js'

/** As they should be: a path that is set again is the last one. */
class Expected extends Map<string, string> {
  override set(path: string, digest: string): this {
    this.delete(path)
    return super.set(path, digest)
  }
}

const longPath = (index: number, bytes: number) => `${index}/`.padEnd(bytes, 'ü').slice(0, bytes / 2)

describe('paths that were put in place', () => {
  test('are there with their digests, in order, the last time that each was placed', () => {
    const arbitraryStep = fc.oneof(
      { weight: 30, arbitrary: fc.tuple(fc.constant('set'), arbitraryPath, fc.nat(3)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('clear'), arbitraryPath, fc.nat(3)) },
    )
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 150 }), (steps) => {
        const placed = new PlacedPaths()
        const expected = new Expected()
        for (const [kind, path, seed] of steps) {
          expect(placed.has(path)).toBe(expected.has(path))
          const digest = seed === 0 ? '' : digestOf(seed)
          for (const each of [placed, expected]) {
            if (kind === 'set') each.set(path, digest)
            else each.clear()
          }
          expect(placed.has(path)).toBe(expected.has(path))
          expect(placed.size).toBe(expected.size)
        }
        expect([...placed]).toEqual([...expected])
        expect([...placed.keys()]).toEqual([...expected.keys()])
      }),
    )
  })

  test('may be many, and long', () => {
    const placed = new PlacedPaths()
    const expected = new Expected()
    for (let index = 0; index < 2_000; index++)
      for (const path of [`${index}`, longPath(index, PATH_BYTES_MAX - 1), `f/${index % 100}`])
        for (const each of [placed, expected]) each.set(path, digestOf(index % 7))
    expect(2_000 * PATH_BYTES_MAX).toBeGreaterThan(20 * PLACED_CHUNK_BYTES)
    expect([...placed]).toEqual([...expected])
    for (const path of expected.keys()) expect(placed.has(path)).toBe(true)
    expect(placed.has('2000')).toBe(false)
  })

  test('fill a chunk to its last byte', () => {
    // A record has 4 bytes before the path, and 32 of a digest behind it.
    const bytes = 2_048
    const paths = Array.from({ length: (2 * PLACED_CHUNK_BYTES) / bytes }, (_, index) =>
      `${index}`.padEnd(bytes - 36, 'x'),
    )
    for (const lastDigest of ['', digestOf(1)]) {
      const placed = new PlacedPaths()
      for (const path of paths) placed.set(path, digestOf(1))
      placed.set('last', lastDigest)
      expect([...placed.keys()]).toEqual([...paths, 'last'])
    }
  })

  test('that come while they are gone through come too, and those that are placed again come again', () => {
    const placed = new PlacedPaths()
    for (const path of ['a', 'b', 'c']) placed.set(path, '')
    const met: string[] = []
    for (const path of placed.keys()) {
      met.push(path)
      if (met.length === 1) for (const again of ['a', 'b', 'd']) placed.set(again, '')
    }
    expect(met).toEqual(['a', 'c', 'a', 'b', 'd'])
  })

  test('are none when they are forgotten while they are gone through', () => {
    const placed = new PlacedPaths()
    for (const path of ['a', 'b']) placed.set(path, '')
    const met: string[] = []
    for (const path of placed.keys()) {
      met.push(path)
      placed.clear()
    }
    expect(met).toEqual(['a'])
    placed.set('a', digestOf(1))
    expect([...placed]).toEqual([['a', digestOf(1)]])
  })

  test('are all met where those that were placed again and again leave their memory meanwhile', () => {
    const placed = new PlacedPaths()
    const paths = Array.from({ length: 20 }, (_, index) => `file ${index}`)
    for (const path of paths) placed.set(path, '')
    const met = new Set<string>()
    const keys = placed.keys()
    for (let count = 0; count < 10; count++) met.add(keys.next().value!)
    const again = longPath(0, 4_000)
    for (let round = 0; round < 3 * (PLACED_DEAD_BYTES_MIN / 4_000); round++)
      placed.set(again, digestOf(round))
    for (const path of keys) met.add(path)
    expect([...met].sort()).toEqual([...paths, again].sort())
    expect(placed.size).toBe(21)
    expect([...placed.keys()]).toEqual([...paths, again])
  })
})
