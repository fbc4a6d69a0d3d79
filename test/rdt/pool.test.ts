import { describe, expect, it } from 'vitest'
import { BUNDLE_BYTES_MAX, BUNDLES_FREE_MAX, SMALL_BUNDLE_BYTES_MAX } from '../../src/rdt/limits.js'
import { BundlePool } from '../../src/rdt/pool.js'

describe('the pool of bundles', () => {
  it('uses again what came back, and nothing that did not', () => {
    const pool = new BundlePool()
    const first = pool.take(BUNDLE_BYTES_MAX)
    const second = pool.take(SMALL_BUNDLE_BYTES_MAX + 1)
    expect(second.length).toBe(SMALL_BUNDLE_BYTES_MAX + 1)
    expect(second.buffer).not.toBe(first.buffer)
    pool.release(first.subarray(0, 10))
    expect(pool.take(50_000).buffer).toBe(first.buffer)
    expect(pool.take(50_000).buffer).not.toBe(first.buffer)
  })

  it('gives nothing out twice that came back twice', () => {
    const pool = new BundlePool()
    const bundle = pool.take(BUNDLE_BYTES_MAX)
    pool.release(bundle)
    pool.release(bundle)
    expect(pool.take(BUNDLE_BYTES_MAX).buffer).not.toBe(pool.take(BUNDLE_BYTES_MAX).buffer)
  })

  it('keeps a bounded number, and small ones never', () => {
    const pool = new BundlePool()
    const taken = Array.from({ length: BUNDLES_FREE_MAX + 1 }, () => pool.take(BUNDLE_BYTES_MAX))
    for (const bundle of taken) pool.release(bundle)
    const small = pool.take(SMALL_BUNDLE_BYTES_MAX)
    expect(small.buffer.byteLength).toBe(SMALL_BUNDLE_BYTES_MAX)
    pool.release(small)
    const again = new Set(taken.map(() => pool.take(BUNDLE_BYTES_MAX).buffer))
    expect(taken.filter(({ buffer }) => again.has(buffer)).length).toBe(BUNDLES_FREE_MAX)
  })
})
