import { describe, expect, it } from 'vitest'
import { makeItem, World } from '../../harness/rdt/world.js'
import { BlockSet } from '../../src/base/blockset.js'
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

describe('the frames that a session may hold', () => {
  /** Frames that came of one session and were not released, while so many others pull and nothing comes for them. */
  function heldAmong(othersCount: number): number {
    const world = new World(1, { delayMs: 1 })
    const puller = world.node('10.0.0.1:1')
    puller.releases = false
    for (let index = 0; index <= othersCount; index++) {
      const server = world.node(`10.0.1.${index}:1`)
      // One of them answers at once.
      server.loadMs = index === 0 ? 0 : 600_000
      for (const item of items) server.hold(item)
      puller.connect(server)
    }
    world.run(500)
    const opened = puller.events.flatMap((event) => (event.type === 'opened' ? [event] : []))
    expect(opened).toHaveLength(othersCount + 1)
    for (const { session, address } of opened) {
      const wanted = address === '10.0.1.0:1' ? items : items.slice(0, 1)
      for (const { ref } of wanted)
        puller.endpoint.pull(session, ref, BlockSet.full(1), { priority: 'bulk' }, world.nowMs)
    }
    puller.drain()
    world.run(500)
    return puller.kept.length
  }
  const items = Array.from({ length: 200 }, () => makeItem(100))

  it('are an equal part of 512', () => {
    expect(heldAmong(3)).toBe(128)
  })

  it('are 8 at least, however many others pull', () => {
    expect(heldAmong(100)).toBe(8)
  })
})
