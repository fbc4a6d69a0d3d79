import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jainIndex, quantile, rateBetween } from '../../bench/throughput-series.js'

describe('the throughput series of a flow', () => {
  const series = [
    { atMs: 1_000, value: 0 },
    { atMs: 2_000, value: 1_000 },
    { atMs: 4_000, value: 9_000 },
  ]

  it('has the rate between two of its points', () => {
    expect(rateBetween(series, 1_000, 2_000)).toBe(1_000)
    expect(rateBetween(series, 2_000, 4_000)).toBe(4_000)
  })

  it('is even between points, and stands still before the first and after the last', () => {
    expect(rateBetween(series, 2_500, 3_500)).toBe(4_000)
    expect(rateBetween(series, 0, 1_000)).toBe(0)
    expect(rateBetween(series, 4_000, 9_000)).toBe(0)
  })
})

describe('Jain’s index', () => {
  it('is one where all have the same and 1/n where one has all', () => {
    expect(jainIndex([5, 5, 5])).toBe(1)
    expect(jainIndex([7, 0, 0, 0])).toBe(0.25)
  })

  it('lies between the two for any rates', () => {
    const rates = fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(rates, (some) => {
        expect(jainIndex(some)).toBeLessThanOrEqual(1 + 1e-9)
        expect(jainIndex(some)).toBeGreaterThanOrEqual(1 / some.length - 1e-9)
      }),
    )
  })
})

describe('a quantile', () => {
  it('is one of the values', () => {
    expect([0, 0.5, 0.95, 1].map((part) => quantile([4, 1, 3, 2], part))).toEqual([1, 3, 4, 4])
    expect(quantile([], 0.5)).toBeNaN()
  })
})
