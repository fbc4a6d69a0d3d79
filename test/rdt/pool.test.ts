import { describe, expect, it } from 'vitest'
import { makeItem, World } from '../../harness/rdt/world.js'
import { BlockSet } from '../../src/base/blockset.js'
import { FRAME_BYTES_MAX } from '../../src/base/limits.js'
import { BUNDLE_BYTES_MAX, BUNDLES_FREE_MAX, SMALL_BUNDLE_BYTES_MAX } from '../../src/rdt/limits.js'
import { BundlePool, FrameBuffer, FramePool } from '../../src/rdt/pool.js'

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

describe('a frame', () => {
  it('gives its memory back once, and not again where that is lent to another', () => {
    const pool = new FramePool(1)
    const first = pool.take(FRAME_BYTES_MAX)!
    const { buffer } = first.bytes
    expect([pool.room, pool.take(1)]).toEqual([0, undefined])
    expect([first.release(), first.release(), pool.room]).toEqual([true, false, 1])
    expect(first.bytes.length).toBe(0)
    const second = pool.take(FRAME_BYTES_MAX)!
    expect(second.bytes.buffer).toBe(buffer)
    expect([first.release(), pool.room]).toEqual([false, 0])
  })

  it('is counted with who pulls until it is released', () => {
    const loans = { count: 0 }
    const frame = new FramePool().take(FRAME_BYTES_MAX)!
    frame.lend(loans)
    expect(loans.count).toBe(1)
    frame.release()
    frame.release()
    expect(loans.count).toBe(0)
  })

  it('gives back what came of another thread, all of it, whatever part the frame took', () => {
    const pool = new FramePool()
    const frame = pool.take(FRAME_BYTES_MAX)!
    const back = structuredClone(frame.bytes.buffer, { transfer: [frame.bytes.buffer as ArrayBuffer] })
    frame.adopt(back)
    frame.holdFrame(frame.bytes.subarray(0, 10))
    frame.release()
    expect(pool.take(FRAME_BYTES_MAX)!.bytes.buffer).toBe(back)
  })

  it('whose memory is lost with a thread leaves its place to another', () => {
    const pool = new FramePool(1)
    const frame = pool.take(FRAME_BYTES_MAX)!
    const { buffer } = frame.bytes
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
    frame.adopt(buffer)
    expect(frame.bytes.length).toBe(0)
    frame.release()
    expect(pool.take(FRAME_BYTES_MAX)!.bytes.length).toBe(FRAME_BYTES_MAX)
  })

  it('is lent by no pool of which as many are handed up as may be, though there is room', () => {
    const pool = new FramePool(4, 4, 2)
    const frames = [1, 2, 3].map(() => pool.take(FRAME_BYTES_MAX)!)
    const loans = { count: 0 }
    frames[0]!.lend(loans)
    expect(pool.room).toBe(1)
    frames[1]!.lend(loans)
    expect([pool.room, pool.take(FRAME_BYTES_MAX)]).toEqual([0, undefined])
    // One that was under way is handed up all the same.
    frames[2]!.lend(loans)
    expect(pool.room).toBe(-1)
    for (const frame of frames) frame.release()
    expect([pool.room, loans.count]).toEqual([2, 0])
  })

  it('without a pool is forgotten', () => {
    expect(new FrameBuffer(Uint8Array.of(1)).release()).toBe(false)
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
      for (const { ref } of wanted) puller.endpoint.pull(session, ref, BlockSet.full(1), { priority: 'bulk' })
    }
    puller.drain()
    world.run(500)
    return puller.kept.length
  }
  const items = Array.from({ length: 300 }, () => makeItem(100))

  it('are an equal part of 1,024', () => {
    expect(heldAmong(3)).toBe(256)
  })

  it('are 8 at least, however many others pull', () => {
    expect(heldAmong(150)).toBe(8)
  })
})
